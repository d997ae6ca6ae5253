import { expect } from 'chai';
import { answer, found, inTurn, notFound, type ScriptedTenant, silent } from '../support/servers';
import { FakeClock } from './clock';
import { byMobile, closeAll, codesOf, failureOf, openTenant, startServer } from './support';

describe('shared calls', () => {
  let server: ScriptedTenant;
  let clock: FakeClock;
  beforeEach(async () => {
    server = await startServer();
    clock = new FakeClock();
  });
  afterEach(closeAll);

  it('equal lookups in flight make one call, and every message gets an object of its own', async () => {
    const tenant = openTenant(server);
    const all = await Promise.all(Array.from({ length: 50 }, () => byMobile(tenant, '13800001111')));
    expect(server.lookups).to.have.length(1);
    expect(all.map(({ lookup }) => lookup.source)).to.deep.equal(['tenant', ...new Array<string>(49).fill('shared')]);
    expect(all.map(({ lookup }) => lookup.attempts)).to.deep.equal([1, ...new Array<number>(49).fill(0)]);
    expect(new Set(all.map(({ user }) => user)).size).to.equal(50);
    expect(new Set(all.map(({ user }) => user.extension)).size).to.equal(50);
    expect(new Set(all.map(({ user }) => JSON.stringify(user))).size).to.equal(1);
    expect(new Set(all.map(({ lookup }) => lookup)).size).to.equal(50);
    expect(tenant.stats()).to.deep.include({ inFlight: 0, queued: 0, lookups: { found: 50, notFound: 0, failed: 0, shared: 49, cached: 0, stale: 0, retried: 0, mismatched: 0 } });
  });

  it('what the first one makes of its user at once is not what the others get', async () => {
    server.onLookup = answer(200, { user_id: 'u1', name: 'as it came' });
    const tenant = openTenant(server);
    tenant.ask({ by: 'mobile', value: '13800001111' }, undefined, (_failure, lookup) => {
      if (lookup) lookup.user['name'] = 'changed';
    });
    expect((await byMobile(tenant, '13800001111')).user['name']).to.equal('as it came');
  });

  it('a failure is shared too, each message with an object and a value of its own', async () => {
    server.onLookup = notFound;
    const tenant = openTenant(server);
    const failures = await Promise.all(['zhangsan', ' ZhangSan '].map((value) => failureOf(tenant.lookup({ by: 'username', value }))));
    expect(server.lookups).to.have.length(1);
    expect(failures.map(({ lookup }) => [lookup?.value, lookup?.source, lookup?.attempts])).to.deep.equal([['zhangsan', 'tenant', 1], ['ZhangSan', 'shared', 0]]);
    expect(failures[0]).to.not.equal(failures[1]);
  });

  const pairs: [string, unknown, unknown, number][] = [
    ['mobile', '138 0000-1111', 13800001111, 1],
    ['mobile', '+86-13800001111', '0086-138.0000.1111', 1],
    ['mobile', '+86-13800001111', '13800001111', 2],
    ['username', 'ZHANG san', ' zhang SAN', 1],
    ['username', 'zhangsan', 'zhang-san', 2],
    ['email', 'a@example.com', 'A@example.com', 2],
    ['id', 'AbC', 'abc', 2],
  ];
  for (const [by, one, other, calls] of pairs) {
    it(`${by} ${String(one)} and ${String(other)}: ${calls === 1 ? 'the same' : 'not the same'}`, async () => {
      const tenant = openTenant(server);
      await Promise.all([tenant.lookup({ by, value: one }), tenant.lookup({ by, value: other })]);
      expect(server.lookups).to.have.length(calls);
    });
  }

  it('the same value by mobile and by username are two calls', async () => {
    const tenant = openTenant(server);
    await Promise.all(['mobile', 'username'].map((by) => tenant.lookup({ by, value: '13800001111' })));
    expect(server.lookups).to.have.length(2);
  });

  it('when the first message\'s deadline passes the others go on, and get the answer', async () => {
    const held = server.hold();
    const tenant = openTenant(server, {}, { clock });
    const first = failureOf(byMobile(tenant, '13800001111'));
    await server.until(() => held.length === 1);
    clock.advance(5000);
    const second = byMobile(tenant, '13800001111');
    clock.advance(5000);
    expect(await first).to.include({ code: 'CIAM.TIMEOUT' });
    expect(tenant.stats().inFlight).to.equal(1);
    clock.advance(2000);
    held[0]?.(found);
    expect((await second).lookup).to.include({ source: 'shared', attempts: 0, durationMs: 7000 });
    expect(tenant.stats()).to.include({ inFlight: 0, queued: 0, circuit: 'closed' });
  });

  it('whoever comes after the first message\'s deadline gets a call of its own', async () => {
    const held = server.hold();
    const tenant = openTenant(server, {}, { clock });
    const first = failureOf(byMobile(tenant, '13800001111'));
    await server.until(() => held.length === 1);
    clock.advance(5000);
    const second = byMobile(tenant, '13800001111');
    clock.advance(5000);
    await first;
    const third = byMobile(tenant, '13800001111');
    await server.until(() => held.length === 2);
    held[1]?.(found);
    expect((await third).lookup).to.include({ source: 'tenant', attempts: 1 });
    held[0]?.(found);
    expect((await second).lookup.source).to.equal('shared');
    expect(tenant.stats().inFlight).to.equal(0);
  });

  it('a call that hangs is not kept alive by ever new messages, even when its first message was cancelled in the queue', async () => {
    server.onLookup = inTurn(silent, silent, found);
    const tenant = openTenant(server, { concurrency: 1 }, { clock });
    const blocker = failureOf(byMobile(tenant, '13800000000'));
    await server.until(() => server.lookups.length === 1);
    const cancelled = new AbortController();
    const first = failureOf(byMobile(tenant, '13800001111', cancelled.signal));
    const second = failureOf(byMobile(tenant, '13800001111'));
    cancelled.abort();
    expect(await first).to.include({ code: 'CIAM.CLOSED' });
    clock.advance(10_000);
    await blocker;
    await server.until(() => server.lookups.length === 2);
    clock.advance(6000);
    const third = failureOf(byMobile(tenant, '13800001111'));
    clock.advance(4000);
    expect(await second).to.include({ code: 'CIAM.TIMEOUT' });
    const fourth = byMobile(tenant, '13800001111');
    clock.advance(6000);
    expect(await third).to.include({ code: 'CIAM.TIMEOUT' });
    expect((await fourth).lookup.source).to.equal('tenant');
  });

  it('cancelling one message leaves the others alone; cancelling the last one ends the call', async () => {
    server.onLookup = silent;
    const tenant = openTenant(server, {}, { clock });
    const [one, two] = [new AbortController(), new AbortController()];
    const first = failureOf(byMobile(tenant, '13800001111', one.signal));
    const second = failureOf(byMobile(tenant, '13800001111', two.signal));
    await server.until(() => server.lookups.length === 1);
    one.abort();
    expect(await first).to.include({ code: 'CIAM.CLOSED', category: 'cancelled', retryable: true });
    expect(tenant.stats().inFlight).to.equal(1);
    two.abort();
    expect(await second).to.include({ code: 'CIAM.CLOSED' });
    expect(tenant.stats().inFlight).to.equal(0);
    await server.until(() => server.lookups[0]?.socket.destroyed === true);
  });

  it('messages that share a call in the queue count one by one', async () => {
    server.onLookup = silent;
    const tenant = openTenant(server, { concurrency: 1, queueLimit: 3 }, { clock });
    const blocker = failureOf(byMobile(tenant, '13800000000'));
    await server.until(() => server.lookups.length === 1);
    const stop = new AbortController();
    const waiting = Array.from({ length: 3 }, () => byMobile(tenant, '13800001111', stop.signal));
    expect(tenant.stats()).to.include({ inFlight: 1, queued: 3 });
    expect(await codesOf([byMobile(tenant, '13800001111'), byMobile(tenant, '13800002222')])).to.deep.equal(['CIAM.QUEUE.FULL', 'CIAM.QUEUE.FULL']);
    stop.abort();
    expect(await codesOf(waiting)).to.deep.equal(['CIAM.CLOSED', 'CIAM.CLOSED', 'CIAM.CLOSED']);
    expect(tenant.stats()).to.include({ inFlight: 1, queued: 0 });
    clock.advance(10_000);
    await blocker;
    expect(server.lookups).to.have.length(1);
  });

  it('messages that share a call in the queue have each a queueTimeout of their own', async () => {
    server.onLookup = silent;
    const tenant = openTenant(server, { concurrency: 1, queueTimeout: 2 }, { clock });
    const blocker = failureOf(byMobile(tenant, '13800000000'));
    await server.until(() => server.lookups.length === 1);
    const first = failureOf(byMobile(tenant, '13800001111'));
    clock.advance(1500);
    const second = failureOf(byMobile(tenant, '13800001111'));
    clock.advance(500);
    expect((await first).lookup).to.include({ durationMs: 2000 });
    expect(tenant.stats()).to.include({ inFlight: 1, queued: 1 });
    clock.advance(1500);
    const failure = await second;
    expect(failure).to.include({ code: 'CIAM.TIMEOUT', message: 'Its turn did not come within the queueTimeout of 2 s.' });
    expect(failure.lookup).to.include({ durationMs: 2000 });
    clock.advance(10_000);
    await blocker;
  });

  it('one that is cancelled while large answers are copied fails; the others get theirs', async () => {
    const user = { user_id: 'u1', mobile: '13800001111', extension: { text: 'x'.repeat(600_000) } };
    server.onLookup = answer(200, user);
    const tenant = openTenant(server);
    const stop = new AbortController();
    const first = byMobile(tenant, '13800001111');
    const others = Array.from({ length: 4 }, () => byMobile(tenant, '13800001111'));
    const last = byMobile(tenant, '13800001111', stop.signal);
    await first;
    // Two have their copies; the others get theirs after a turn of the event loop.
    stop.abort();
    expect(await codesOf([...others, last])).to.deep.equal(['ok', 'ok', 'ok', 'ok', 'CIAM.CLOSED']);
    expect(server.lookups).to.have.length(1);
    expect(tenant.stats().lookups).to.include({ found: 5, failed: 1 });
  });

  it('no failure is remembered without a cache, nor is a user', async () => {
    server.onLookup = inTurn(answer(500, ''), notFound, found, found);
    const tenant = openTenant(server);
    const codes: string[] = [];
    for (let count = 0; count < 4; count++) codes.push(...await codesOf([byMobile(tenant, '13800001111')]));
    expect(codes).to.deep.equal(['CIAM.HTTP.500', 'IDAAS.TENANT.USER.0001', 'ok', 'ok']);
  });
});
