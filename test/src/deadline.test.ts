import { expect } from 'chai';
import { answer, found, inTurn, silent, type Script, type ScriptedTenant } from '../support/servers';
import { drip, halfOpen, pass, swallow } from '../support/tcp-proxy';
import { FakeClock } from './clock';
import { byMobile, CLIENT, closeAll, codesOf, failureOf, openTenant, startProxy, startServer } from './support';

describe('deadline', () => {
  let server: ScriptedTenant;
  let clock: FakeClock;
  beforeEach(async () => {
    server = await startServer();
    clock = new FakeClock();
  });
  afterEach(closeAll);

  /** Silent for `13800000408`, a user for everybody else. */
  const silentForOne: Script = (seen, response) => (seen.value === '13800000408' ? silent : found)(seen, response);

  it('a silent server: on time, not before, with the socket gone and the others unharmed', async () => {
    server.onLookup = silentForOne;
    const tenant = openTenant(server, { concurrency: 2 }, { clock });
    let outcome = 'none';
    const late = failureOf(byMobile(tenant, '13800000408')).then((failure) => {
      outcome = failure.code;
      return failure;
    });
    await server.until(() => server.lookups.length === 1);
    const socket = server.lookups[0]?.socket;
    clock.advance(9999);
    expect((await byMobile(tenant, '13800000001')).user.user_id).to.equal('id of 13800000001');
    expect(outcome).to.equal('none');
    clock.advance(1);
    const failure = await late;
    expect(failure).to.include({ code: 'CIAM.TIMEOUT', category: 'timeout', retryable: true, status: null, message: `No answer of 127.0.0.1:${server.port} within the timeout of 10 s.` });
    expect(failure.lookup).to.include({ value: '13800000408', attempts: 1, durationMs: 10_000, source: 'tenant' });
    await server.until(() => socket?.destroyed === true);
    expect(await codesOf(['13800000002', '13800000003', '13800000004'].map((value) => byMobile(tenant, value)))).to.deep.equal(['ok', 'ok', 'ok']);
    expect(tenant.stats()).to.include({ inFlight: 0, queued: 0 });
  });

  for (const [name, fault] of Object.entries({ 'a connection that is taken and left alone': swallow, 'a server that half closes': halfOpen, 'a drip-fed body': drip(5) })) {
    it(`${name}: on time, and the socket gone`, async () => {
      const proxy = await startProxy(server);
      proxy.faults = [fault, pass];
      const tenant = openTenant(proxy, { timeout: 0.2, retries: 0 });
      const failure = await failureOf(byMobile(tenant, '13800001111'));
      if (fault === halfOpen) expect(failure.code).to.equal('CIAM.NETWORK');
      else {
        expect(failure.code).to.equal('CIAM.TIMEOUT');
        expect(failure.lookup?.durationMs).to.be.within(195, 400);
      }
      await proxy.until(() => proxy.clients.size === 0);
      expect((await byMobile(tenant, '13800001111')).lookup.source).to.equal('tenant');
    });
  }

  it('a token call that hangs takes nobody beyond the deadline, and its socket goes', async () => {
    server.onToken = silent;
    const tenant = openTenant(server, CLIENT, { clock });
    const late = failureOf(byMobile(tenant, '13800001111'));
    await server.until(() => server.tokenCalls.length === 1);
    clock.advance(10_000);
    expect(await late).to.include({ code: 'CIAM.TIMEOUT' });
    await server.until(() => server.tokenCalls[0]?.socket.destroyed === true);
    expect(server.lookups).to.have.length(0);
  });

  it('whoever comes later than a token call that hangs has its own time, and another token call', async () => {
    server.onToken = inTurn(silent, answer(200, { access_token: 'second', expires_in: 1800 }));
    const tenant = openTenant(server, CLIENT, { clock });
    const first = failureOf(byMobile(tenant, '13800000001'));
    await server.until(() => server.tokenCalls.length === 1);
    clock.advance(6000);
    const second = byMobile(tenant, '13800000002');
    clock.advance(4000);
    expect(await first).to.include({ code: 'CIAM.TIMEOUT' });
    clock.advance(await clock.timer(150, 301)); // the failed token call was one try
    expect((await second).user.user_id).to.equal('id of 13800000002');
    expect(server.tokenCalls).to.have.length(2);
  });

  it('one deadline over the token, every try and every wait', async () => {
    server.onToken = (seen, response) => {
      clock.advance(3000);
      answer(200, { access_token: 'token', expires_in: 1800 })(seen, response);
    };
    server.onLookup = (seen, response) => {
      clock.advance(3300);
      answer(502, '')(seen, response);
    };
    const tenant = openTenant(server, { ...CLIENT, retries: 10 }, { clock, random: () => 0.999 });
    const outcome = failureOf(byMobile(tenant, '13800001111'));
    clock.advance(await clock.timer(1, 1000)); // after the first try, which ended at 6.3 s
    await server.until(() => server.lookups.length === 2);
    await clock.timer(300, 601);
    clock.advance(1000);
    const failure = await outcome;
    expect(failure).to.include({ code: 'CIAM.HTTP.502' });
    expect(failure.lookup).to.include({ attempts: 2, durationMs: 10_000 });
    expect(server.lookups).to.have.length(2);
  });

  it('a lookup between two tries fails when its time is up, with what it met', async () => {
    server.onLookup = answer(502, '');
    const tenant = openTenant(server, { timeout: 0.15 }, { clock, random: () => 0.999 });
    const late = failureOf(byMobile(tenant, '13800001111'));
    await clock.timer(299, 300);
    clock.advance(150);
    const failure = await late;
    expect(failure).to.include({ code: 'CIAM.HTTP.502' });
    expect(failure.lookup).to.include({ attempts: 1, durationMs: 150 });
  });

  it('queueTimeout is for the wait before the turn, timeout for the rest', async () => {
    server.onLookup = silent;
    const tenant = openTenant(server, { concurrency: 1, queueTimeout: 2 }, { clock });
    const running = failureOf(byMobile(tenant, '13800000001'));
    const waiting = failureOf(byMobile(tenant, '13800000002'));
    await server.until(() => server.lookups.length === 1);
    clock.advance(1999);
    expect(tenant.stats()).to.include({ inFlight: 1, queued: 1 });
    clock.advance(1);
    const failure = await waiting;
    expect(failure).to.include({ code: 'CIAM.TIMEOUT', message: 'Its turn did not come within the queueTimeout of 2 s.' });
    expect(failure.lookup).to.include({ attempts: 0, value: '13800000002', durationMs: 2000 });
    expect(tenant.stats()).to.include({ inFlight: 1, queued: 0 });
    clock.advance(8000);
    expect(await running).to.include({ code: 'CIAM.TIMEOUT', message: `No answer of 127.0.0.1:${server.port} within the timeout of 10 s.` });
    expect(server.lookups).to.have.length(1);
  });

  it('the time in the queue does not count for the timeout', async () => {
    server.onLookup = silent;
    const tenant = openTenant(server, { concurrency: 1 }, { clock });
    const [first, second] = [failureOf(byMobile(tenant, '13800000001')), failureOf(byMobile(tenant, '13800000002'))];
    await server.until(() => server.lookups.length === 1);
    clock.advance(10_000);
    await first;
    await server.until(() => server.lookups.length === 2);
    clock.advance(9_999);
    expect(tenant.stats().inFlight).to.equal(1);
    clock.advance(1);
    expect((await second).lookup).to.include({ durationMs: 20_000 });
  });

  it('everybody has a deadline of his own', async () => {
    server.onLookup = silent;
    const tenant = openTenant(server, {}, { clock });
    const late = [0, 4000, 1000].map((pause, index) => {
      clock.advance(pause);
      return failureOf(byMobile(tenant, String(13_800_000_000 + index)));
    });
    await server.until(() => server.lookups.length === 3);
    clock.advance(20_000);
    expect((await Promise.all(late)).map(({ lookup }) => lookup?.durationMs)).to.deep.equal([10_000, 10_000, 10_000]);
  });

  it('twenty silent calls at once give back every place', async () => {
    server.onLookup = (seen, response) => (seen.value.startsWith('138') ? silent : found)(seen, response);
    const tenant = openTenant(server, { concurrency: 9 }, { clock });
    const late = codesOf(Array.from({ length: 9 }, (_, index) => byMobile(tenant, String(13_800_000_000 + index))));
    await server.until(() => server.lookups.length === 9);
    clock.advance(10_000);
    expect(new Set(await late)).to.deep.equal(new Set(['CIAM.TIMEOUT']));
    expect(await codesOf(Array.from({ length: 20 }, (_, index) => byMobile(tenant, String(13_900_000_000 + index))))).to.deep.equal(new Array(20).fill('ok'));
    expect(tenant.stats()).to.include({ inFlight: 0, queued: 0 });
  });
});
