import { expect } from 'chai';
import type { Tenant } from '../../src/node-api';
import { answer, found, notFound, type Script, type ScriptedTenant, silent } from '../support/servers';
import { FakeClock } from './clock';
import { byMobile, CLIENT, closeAll, codesOf, failureOf, mobiles, openTenant, startServer } from './support';

const broken = answer(500, '');

describe('circuit', () => {
  let server: ScriptedTenant;
  let clock: FakeClock;
  let tenant: Tenant;
  beforeEach(async () => {
    server = await startServer();
    clock = new FakeClock();
    tenant = openTenant(server, { retries: 0 }, { clock });
  });
  afterEach(closeAll);

  const ask = async (count: number): Promise<string[]> => {
    const codes: string[] = [];
    for (let made = 0; made < count; made++) codes.push(...await codesOf([byMobile(tenant, '13800001111')]));
    return codes;
  };

  const troubles: Record<string, [Script, string]> = {
    'HTTP 500': [broken, 'CIAM.HTTP.500'],
    'HTTP 503': [answer(503, '<html>'), 'CIAM.HTTP.503'],
    'system busy': [answer(500, { error_code: 'COM.0002' }), 'COM.0002'],
    'a 5xx with any code': [answer(500, { error_code: 'X.1' }), 'X.1'],
    'resets': [(seen) => seen.socket.resetAndDestroy(), 'CIAM.NETWORK'],
  };
  for (const [name, [script, code]] of Object.entries(troubles)) {
    it(`opens after ten calls in a row that failed with ${name}; then messages fail at once`, async () => {
      server.onLookup = script;
      expect(await ask(9)).to.deep.equal(new Array(9).fill(code));
      expect(tenant.stats().circuit).to.equal('closed');
      await ask(1);
      expect(tenant.stats().circuit).to.equal('open');
      const failure = await failureOf(byMobile(tenant, '13800001111'));
      expect(failure).to.include({ code: 'CIAM.CIRCUIT', category: 'unavailable', retryable: true, status: null });
      expect(failure.lookup).to.include({ attempts: 0, value: '13800001111', durationMs: 0 });
      expect(server.lookups).to.have.length(10);
    });
  }

  it('opens after ten timeouts', async () => {
    server.onLookup = silent;
    const late = codesOf(mobiles(10).map((value) => byMobile(tenant, value)));
    await server.until(() => server.lookups.length === 10);
    clock.advance(10_000);
    expect(new Set(await late)).to.deep.equal(new Set(['CIAM.TIMEOUT']));
    expect(tenant.stats().circuit).to.equal('open');
  });

  it('opens when only the token call fails', async () => {
    tenant = openTenant(server, { ...CLIENT, retries: 0 }, { clock });
    server.onToken = answer(503, '');
    await ask(10);
    expect(tenant.stats().circuit).to.equal('open');
    server.onToken = answer(200, { access_token: 'token', expires_in: 1800 });
    clock.advance(1000);
    expect(await ask(1)).to.deep.equal(['ok']);
    expect(tenant.stats().circuit).to.equal('closed');
  });

  it('lets one through as a probe after 1, 2, 4 … 30 s, and closes by itself', async () => {
    server.onLookup = broken;
    await ask(10);
    let calls = 10;
    for (const seconds of [1, 2, 4, 8, 16, 30, 30, 30]) {
      clock.advance(seconds * 1000 - 1);
      expect(await ask(2), `${seconds} s`).to.deep.equal(['CIAM.CIRCUIT', 'CIAM.CIRCUIT']);
      expect(server.lookups).to.have.length(calls);
      clock.advance(1);
      expect(await ask(2), `${seconds} s`).to.deep.equal(['CIAM.HTTP.500', 'CIAM.CIRCUIT']);
      expect(server.lookups).to.have.length(++calls);
    }
    server.onLookup = found;
    clock.advance(30_000);
    expect(await ask(3)).to.deep.equal(['ok', 'ok', 'ok']);
    expect(tenant.stats().circuit).to.equal('closed');
    server.onLookup = broken;
    expect(await ask(11)).to.deep.equal([...new Array<string>(10).fill('CIAM.HTTP.500'), 'CIAM.CIRCUIT']);
    clock.advance(1000);
    expect(await ask(1), 'the waits begin anew').to.deep.equal(['CIAM.HTTP.500']);
  });

  it('while the probe is out, the others fail at once', async () => {
    server.onLookup = broken;
    await ask(10);
    clock.advance(1000);
    let answerProbe: (() => void) | undefined;
    server.onLookup = (seen, response) => {
      answerProbe = () => found(seen, response);
    };
    const probe = byMobile(tenant, '13800001111');
    expect(tenant.stats().circuit).to.equal('half-open');
    expect(await codesOf(mobiles(20).map((value) => byMobile(tenant, value)))).to.deep.equal(new Array(20).fill('CIAM.CIRCUIT'));
    await server.until(() => answerProbe !== undefined);
    answerProbe?.();
    expect((await probe).lookup.source).to.equal('tenant');
    expect(server.lookups).to.have.length(11);
  });

  it('many at once when the probe is due: one goes through', async () => {
    server.onLookup = broken;
    await ask(10);
    clock.advance(1000);
    const codes = await codesOf(mobiles(50).map((value) => byMobile(tenant, value)));
    expect(codes.filter((code) => code === 'CIAM.HTTP.500')).to.have.length(1);
    expect(server.lookups).to.have.length(11);
  });

  it('a cancelled probe does not stick: the next lookup is the probe', async () => {
    server.onLookup = broken;
    await ask(10);
    clock.advance(1000);
    server.onLookup = silent;
    const stop = new AbortController();
    const probe = failureOf(byMobile(tenant, '13800001111', stop.signal));
    await server.until(() => server.lookups.length === 11);
    stop.abort();
    expect(await probe).to.include({ code: 'CIAM.CLOSED' });
    server.onLookup = found;
    expect(await ask(2)).to.deep.equal(['ok', 'ok']);
    expect(tenant.stats().circuit).to.equal('closed');
  });

  it('a silent probe opens the circuit again, for longer', async () => {
    server.onLookup = broken;
    await ask(10);
    clock.advance(1000);
    server.onLookup = silent;
    const probe = failureOf(byMobile(tenant, '13800001111'));
    await server.until(() => server.lookups.length === 11);
    clock.advance(10_000);
    await probe;
    clock.advance(1999);
    expect(await ask(1)).to.deep.equal(['CIAM.CIRCUIT']);
    server.onLookup = found;
    clock.advance(1);
    expect(await ask(1)).to.deep.equal(['ok']);
  });

  it('a probe whose token call hangs opens the circuit again, for longer', async () => {
    tenant = openTenant(server, { ...CLIENT, retries: 0, timeout: 0.1 }, { clock });
    server.onToken = answer(503, '');
    await ask(10);
    server.onToken = silent;
    for (const seconds of [1, 2, 4, 8]) {
      clock.advance(seconds * 1000 - 1);
      expect(await ask(1), `${seconds} s`).to.deep.equal(['CIAM.CIRCUIT']);
      clock.advance(1);
      const calls = server.tokenCalls.length;
      const probe = failureOf(byMobile(tenant, '13800001111'));
      await server.until(() => server.tokenCalls.length === calls + 1);
      clock.advance(100);
      expect(await probe).to.include({ code: 'CIAM.TIMEOUT' });
    }
  });

  it('a probe is not tried again', async () => {
    tenant = openTenant(server, { retries: 5 }, { clock, random: () => 0 });
    server.onLookup = answer(503, '');
    const codes = codesOf(mobiles(4).map((value) => byMobile(tenant, value)));
    while (tenant.stats().circuit === 'closed') {
      clock.advance(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    clock.advance(0);
    expect(new Set(await codes)).to.deep.equal(new Set(['CIAM.HTTP.503']));
    const calls = server.lookups.length;
    clock.advance(1000);
    const probe = await failureOf(byMobile(tenant, '13800001111'));
    expect(probe.lookup?.attempts).to.equal(1);
    expect(server.lookups).to.have.length(calls + 1);
  });

  const harmless: Record<string, Script> = {
    'not found': notFound, 'invalid input': answer(400, { error_code: 'USER.0038' }), forbidden: answer(400, { error: 'access_denied' }),
    429: answer(429, ''), 404: answer(404, ''), 'HTML with 200': answer(200, '<html>'), unauthorized: answer(401, ''),
  };
  for (const [name, script] of Object.entries(harmless)) {
    it(`${name} never counts, and ends a row of failures`, async () => {
      server.onLookup = script;
      await ask(30);
      expect(tenant.stats().circuit).to.equal('closed');
      server.onLookup = broken;
      await ask(9);
      server.onLookup = script;
      await ask(1);
      server.onLookup = broken;
      await ask(9);
      expect(tenant.stats().circuit).to.equal('closed');
      expect(server.lookups).to.have.length(49);
    });
  }

  it('whoever waits is told at once when it opens, however many, and even while the tenant holds them back', async () => {
    tenant = openTenant(server, { retries: 0, concurrency: 11 }, { clock });
    const held = server.hold();
    const codes = codesOf(mobiles(1011).map((value) => byMobile(tenant, value)));
    await server.until(() => held.length === 11);
    held[0]?.(answer(429, '', { 'retry-after': '60' }));
    await clock.timer(50_000, 60_001);
    for (const give of held.slice(1)) give(broken);
    while (tenant.stats().queued > 0) {
      clock.advance(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const count = (code: string, all: string[]): number => all.filter((one) => one === code).length;
    const all = await codes;
    expect([count('CIAM.CIRCUIT', all), count('CIAM.HTTP.500', all), count('CIAM.HTTP.429', all)]).to.deep.equal([1000, 10, 1]);
    expect(server.lookups).to.have.length(11);
  });

  it('a wrong certificate, a wrong secret and a redirect leave it closed', async () => {
    tenant = openTenant(server, CLIENT, { clock });
    server.onToken = answer(401, { error: 'invalid_client' });
    await ask(20);
    expect(tenant.stats().circuit).to.equal('closed');
  });
});
