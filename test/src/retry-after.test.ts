import { expect } from 'chai';
import { answer, found, grants, inTurn, notFound, type Script, type ScriptedTenant } from '../support/servers';
import { FakeClock } from './clock';
import { byMobile, CLIENT, closeAll, codesOf, eventually, failureOf, openTenant, pass, passUntil, startServer } from './support';

const wait = (seconds: number | string): Script => answer(429, '', { 'retry-after': String(seconds) });

describe('Retry-After', () => {
  let server: ScriptedTenant;
  let clock: FakeClock;
  beforeEach(async () => {
    server = await startServer();
    clock = new FakeClock();
  });
  afterEach(closeAll);

  for (const [name, header] of [['seconds', () => '5'], ['a date', (date: number) => new Date(date + 5000).toUTCString()]] as const) {
    it(`in ${name} holds back the whole tenant, and then all goes on`, async () => {
      const date = Math.ceil(clock.date() / 1000) * 1000;
      server.onLookup = inTurn(answer(429, '', { 'retry-after': header(date), date: new Date(date).toUTCString() }), found);
      const tenant = openTenant(server, {}, { clock, random: () => 0 });
      const first = byMobile(tenant, '13800000001');
      const hold = await clock.timer(5000, 5001);
      const others = ['13800000002', '13800000003'].map((value) => byMobile(tenant, value));
      expect(tenant.stats()).to.include({ inFlight: 1, queued: 2 });
      clock.advance(hold - 1);
      expect(server.lookups).to.have.length(1);
      clock.advance(1);
      await passUntil(clock, Promise.all([first, ...others]));
      expect((await first).lookup).to.include({ attempts: 2 });
      expect((await Promise.all(others)).map(({ lookup }) => lookup.attempts)).to.deep.equal([1, 1]);
    });
  }

  it('and Date, each twice, as a gateway adds its own: the first ones count', async () => {
    const date = Date.now() + 3_600_000;
    server.onLookup = inTurn((_seen, response) => {
      const later = (ms: number): string => new Date(date + ms).toUTCString();
      response.writeHead(429, { 'Retry-After': [later(5000), '30'], Date: [later(0), later(0)] }).end();
    }, (_seen, response) => {
      response.writeHead(429, { 'RETRY-AFTER': ['7', '30'] }).end();
    });
    const tenant = openTenant(server, { retries: 0 }, { clock, random: () => 0 });
    await failureOf(byMobile(tenant, '13800000001'));
    expect(tenant.stats().heldMs).to.equal(5000);
    clock.advance(5000);
    await failureOf(byMobile(tenant, '13800000002'));
    expect(tenant.stats().heldMs).to.equal(7000);
  });

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

  it('longer than the timeout: whoever waits for it fails when its own time is up, with what the tenant said', async () => {
    const held = server.hold();
    const tenant = openTenant(server, { concurrency: 1 }, { clock, random: () => 0 });
    const first = failureOf(byMobile(tenant, '13800000001'));
    await server.until(() => held.length === 1);
    clock.advance(4000);
    const second = failureOf(byMobile(tenant, '13800000002'));
    held[0]?.(wait(30));
    await eventually(() => tenant.stats().heldMs > 0);
    clock.advance(6000);
    expect(await first).to.include({ code: 'CIAM.HTTP.429', category: 'rate-limited' });
    expect((await first).lookup).to.include({ attempts: 1, durationMs: 10_000 });
    clock.advance(3999);
    expect(tenant.stats().queued).to.equal(1);
    clock.advance(1);
    expect((await second).lookup).to.include({ attempts: 0 });
    // It has lasted for the timeout: who comes now need not wait.
    expect(await codesOf([byMobile(tenant, '13800000003')])).to.deep.equal(['CIAM.HTTP.429']);
    expect(held).to.have.length(1);
  });

  it('of messages that share a call each waits for its own time', async () => {
    const held = server.hold();
    const tenant = openTenant(server, {}, { clock, random: () => 0 });
    const first = failureOf(byMobile(tenant, '13800001111'));
    await server.until(() => held.length === 1);
    clock.advance(9000);
    const second = byMobile(tenant, '13800001111');
    held[0]?.(wait(5));
    await eventually(() => tenant.stats().heldMs > 0);
    clock.advance(1000);
    expect((await first).lookup).to.include({ durationMs: 10_000, source: 'tenant' });
    clock.advance(4000);
    await server.until(() => held.length === 2);
    held[1]?.(found);
    expect((await second).lookup).to.include({ durationMs: 5000, source: 'shared' });
  });

  it('more than a minute counts as a minute', async () => {
    server.onLookup = inTurn(wait(600), found);
    const tenant = openTenant(server, { retries: 0, timeout: 100 }, { clock });
    await failureOf(byMobile(tenant, '13800000001'));
    const next = byMobile(tenant, '13800000002');
    clock.advance(60_000);
    expect((await next).lookup.durationMs).to.equal(60_000);
  });

  it('uses up no try, however often the tenant asks', async () => {
    server.onLookup = inTurn(...new Array<Script>(6).fill(wait(1)), found);
    const tenant = openTenant(server, { retries: 1, timeout: 100 }, { clock, random: () => 0 });
    const lookup = byMobile(tenant, '13800000001');
    expect((await passUntil(clock, lookup)).lookup.attempts).to.equal(7);
  });

  it('a lookup refused twice while others are answered delays only itself, and uses up its tries', async () => {
    server.onLookup = (seen, response) => (seen.value === '13800000429' ? wait(5) : found)(seen, response);
    const tenant = openTenant(server, { retries: 1, timeout: 100 }, { clock, random: () => 0 });
    const bad = failureOf(byMobile(tenant, '13800000429'));
    await eventually(() => tenant.stats().heldMs > 0);
    const good = byMobile(tenant, '13800000001');
    clock.advance(5000);
    await passUntil(clock, good);
    const bads = (): number => server.lookups.filter(({ value }) => value === '13800000429').length;
    await pass(clock, () => bads() === 2);
    await clock.timer(5000, 5001);
    expect(tenant.stats().heldMs).to.equal(0);
    await passUntil(clock, byMobile(tenant, '13800000002'));
    expect(bads()).to.equal(2);
    expect((await passUntil(clock, bad)).lookup?.attempts).to.equal(3);
  });

  it('everybody refused, one after the other, is a pause for all: nobody uses up a try', async () => {
    server.onLookup = wait(1);
    const tenant = openTenant(server, { retries: 1, timeout: 100 }, { clock, random: () => 0 });
    const all = ['13800000001', '13800000002', '13800000003'].map((value) => byMobile(tenant, value));
    await pass(clock, () => server.lookups.length === 12);
    server.onLookup = found;
    expect(await passUntil(clock, codesOf(all))).to.deep.equal(['ok', 'ok', 'ok']);
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
    clock.advance(2000);
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
    expect((await first).lookup).to.include({ attempts: 2, durationMs: 7000 });
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
