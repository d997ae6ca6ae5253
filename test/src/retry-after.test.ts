import { expect } from 'chai';
import { answer, found, grants, inTurn, notFound, type Script, type ScriptedTenant } from '../support/servers';
import { FakeClock } from './clock';
import { byMobile, CLIENT, closeAll, codesOf, failureOf, openTenant, startServer } from './support';

const wait = (seconds: number | string): Script => answer(429, '', { 'retry-after': String(seconds) });

describe('Retry-After', () => {
  let server: ScriptedTenant;
  let clock: FakeClock;
  beforeEach(async () => {
    server = await startServer();
    clock = new FakeClock();
  });
  afterEach(closeAll);

  for (const [name, header] of [['seconds', () => '5'], ['a date', (date: number) => new Date(Math.ceil(date / 1000) * 1000 + 5000).toUTCString()]] as const) {
    it(`in ${name} holds back the whole tenant, and then all goes on`, async () => {
      server.onLookup = inTurn(answer(429, '', { 'retry-after': header(clock.date()) }), found);
      const tenant = openTenant(server, {}, { clock, random: () => 0 });
      const first = byMobile(tenant, '13800000001');
      const hold = await clock.timer(4000, 6001);
      const others = ['13800000002', '13800000003'].map((value) => byMobile(tenant, value));
      expect(tenant.stats()).to.include({ inFlight: 1, queued: 2 });
      clock.advance(hold - 1);
      expect(server.lookups).to.have.length(1);
      clock.advance(1);
      expect((await first).lookup).to.include({ attempts: 2 });
      expect((await Promise.all(others)).map(({ lookup }) => lookup.attempts)).to.deep.equal([1, 1]);
    });
  }

  for (const status of [429, 503]) {
    it(`of a ${status} that is not tried again holds back the others all the same`, async () => {
      server.onLookup = inTurn(answer(status, '', { 'retry-after': '5' }), found);
      const tenant = openTenant(server, { retries: 0 }, { clock });
      await failureOf(byMobile(tenant, '13800000001'));
      const next = byMobile(tenant, '13800000002');
      expect(tenant.stats()).to.include({ inFlight: 0, queued: 1 });
      clock.advance(4999);
      expect(server.lookups).to.have.length(1);
      clock.advance(1);
      expect((await next).lookup).to.include({ durationMs: 5000, attempts: 1 });
    });
  }

  it('that reaches beyond the deadline fails the lookup at once, with what the tenant said', async () => {
    server.onLookup = wait(11);
    const failure = await failureOf(byMobile(openTenant(server, {}, { clock }), '13800001111'));
    expect(failure).to.include({ code: 'CIAM.HTTP.429', category: 'rate-limited' });
    expect(failure.lookup).to.include({ attempts: 1, durationMs: 0 });
  });

  it('that reaches beyond the deadline of one message, not of another that shares the call, fails the first one only', async () => {
    const held = server.hold();
    const tenant = openTenant(server, {}, { clock, random: () => 0 });
    const first = failureOf(byMobile(tenant, '13800001111'));
    await server.until(() => held.length === 1);
    clock.advance(9000);
    const second = byMobile(tenant, '13800001111');
    held[0]?.(wait(5));
    expect(await first).to.include({ code: 'CIAM.HTTP.429' });
    expect((await first).lookup).to.include({ durationMs: 9000, source: 'tenant' });
    clock.advance(5000);
    await server.until(() => held.length === 2);
    held[1]?.(found);
    expect((await second).lookup).to.include({ durationMs: 5000, source: 'shared' });
  });

  it('ends at once the lookups between two tries that it reaches beyond', async () => {
    const held = server.hold();
    const tenant = openTenant(server, { timeout: 5 }, { clock, random: () => 0.999 });
    const [first, second] = ['13800000001', '13800000002'].map((value) => failureOf(byMobile(tenant, value)));
    await server.until(() => held.length === 2);
    held[0]?.(answer(503, ''));
    await clock.timer(190, 200);
    held[1]?.(wait(20));
    expect(await Promise.all([first, second].map(async (failure) => (await failure)?.lookup?.durationMs))).to.deep.equal([0, 0]);
  });

  it('that reaches beyond the queueTimeout ends at once who waits, and who comes', async () => {
    const held = server.hold();
    const tenant = openTenant(server, { concurrency: 1, queueTimeout: 30 }, { clock });
    const [first, second] = ['13800000001', '13800000002'].map((value) => failureOf(byMobile(tenant, value)));
    await server.until(() => held.length === 1);
    held[0]?.(wait(60));
    expect(await first).to.include({ code: 'CIAM.HTTP.429' });
    expect((await second)?.lookup).to.include({ durationMs: 0, attempts: 0 });
    expect(await codesOf([byMobile(tenant, '13800000003')])).to.deep.equal(['CIAM.HTTP.429']);
    expect(tenant.stats()).to.include({ queued: 0, inFlight: 0 });
  });

  it('a queue without queueTimeout waits as long as it takes', async () => {
    server.onLookup = inTurn(wait(600), found);
    const tenant = openTenant(server, { retries: 0 }, { clock });
    await failureOf(byMobile(tenant, '13800000001'));
    const next = byMobile(tenant, '13800000002');
    clock.advance(600_000);
    expect((await next).lookup.durationMs).to.equal(600_000);
  });

  it('of the token call holds back the whole tenant, token calls included', async () => {
    server.onToken = inTurn(wait(5), grants());
    const tenant = openTenant(server, CLIENT, { clock, random: () => 0 });
    const first = byMobile(tenant, '13800000001');
    const hold = await clock.timer(4000, 5001);
    const second = byMobile(tenant, '13800000002');
    clock.advance(hold - 1);
    expect(server.tokenCalls).to.have.length(1);
    clock.advance(1);
    expect(await codesOf([first, second])).to.deep.equal(['ok', 'ok']);
    expect(server.tokenCalls).to.have.length(2);
  });

  it('holds back the replay after a renewal, and whoever waits for the token', async () => {
    const held = server.hold();
    const tokens: ((script: Script) => void)[] = [];
    const tenant = openTenant(server, { ...CLIENT, retries: 0 }, { clock });
    const first = byMobile(tenant, '13800000001');
    const second = failureOf(byMobile(tenant, '13800000002'));
    await server.until(() => held.length === 2);
    server.onToken = (seen, response) => void tokens.push((script) => script(seen, response));
    held[0]?.(answer(400, { error: 'invalid_token' }));
    await server.until(() => tokens.length === 1);
    held[1]?.(wait(5));
    await second;
    tokens[0]?.(answer(200, { access_token: 'another', expires_in: 1800 }));
    const rest = await clock.timer(4000, 5001);
    expect(held).to.have.length(2);
    clock.advance(rest);
    await server.until(() => held.length === 3);
    held[2]?.(found);
    expect((await first).lookup).to.include({ attempts: 2, durationMs: 5000 });
    expect(tenant.stats().lookups.retried).to.equal(1);
  });

  it('with an answer that is no passing trouble is not heeded', async () => {
    server.onLookup = inTurn((seen, response) => {
      response.setHeader('retry-after', '60');
      notFound(seen, response);
    }, found);
    const tenant = openTenant(server, {}, { clock });
    await failureOf(byMobile(tenant, '13800000001'));
    expect((await byMobile(tenant, '13800000002')).lookup.durationMs).to.equal(0);
  });
});
