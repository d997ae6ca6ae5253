import { expect } from 'chai';
import fc from 'fast-check';
import { backoffMs, retryAfterMs } from '../../src/resilience/backoff';
import { answer, found, inTurn, notFound, type ScriptedTenant } from '../support/servers';
import { endInAnswer, type Fault, halfOpen, pass, resetAtRequest, resetBeforeAnswer, resetInAnswer } from '../support/tcp-proxy';
import { FakeClock, fastClock } from './clock';
import { byMobile, CLIENT, closeAll, failureOf, openTenant, startProxy, startServer } from './support';

const busy = answer(500, { error_code: 'IDAAS.TENANT.COM.0002', error_msg: 'System busy' });
/** Little time between tries. */
const atOnce = { clock: fastClock(), random: () => 0 };

describe('passing troubles', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(closeAll);

  const asked = (value: string): number => server.lookups.filter((seen) => seen.value === value).length;

  describe('are tried again', () => {
    const faults: Record<string, Fault> = {
      'reset before the answer': resetBeforeAnswer,
      'half closed without an answer': halfOpen,
      'reset in the middle of the headers': resetInAnswer(20),
      'reset in the middle of the body': resetInAnswer(200),
      'closed in the middle of the body': endInAnswer(200),
    };
    for (const [name, fault] of Object.entries(faults)) {
      it(`connection ${name}`, async () => {
        const proxy = await startProxy(server);
        proxy.faults = [fault, fault, pass];
        const { user, lookup } = await byMobile(openTenant(proxy, {}, atOnce), '13800001111');
        expect(user.user_id).to.equal('id of 13800001111');
        expect(lookup).to.include({ attempts: 3, source: 'tenant' });
      });
    }

    it('chunked body that breaks off', async () => {
      server.onLookup = inTurn((seen) => void seen.socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n20\r\n{"user_id":'), found);
      expect((await byMobile(openTenant(server, {}, atOnce), '13800001111')).lookup.attempts).to.equal(2);
    });

    it('an idle connection that the server gave up when the next request was already on its way', async () => {
      const proxy = await startProxy(server);
      proxy.faults = [resetAtRequest(2), pass];
      const tenant = openTenant(proxy, { concurrency: 1, retries: 0 });
      expect((await byMobile(tenant, '13800000001')).lookup.attempts).to.equal(1);
      expect((await byMobile(tenant, '13800000002')).lookup.attempts).to.equal(2);
      expect(server.lookups.map(({ value }) => value)).to.deep.equal(['13800000001', '13800000002']);
    });

    it('an idle connection that the server has closed is not used any more', async () => {
      const tenant = openTenant(server, { retries: 0 });
      await byMobile(tenant, '13800000001');
      for (const socket of server.sockets) socket.end();
      await server.until(() => server.sockets.size === 0);
      expect((await byMobile(tenant, '13800000002')).lookup.attempts).to.equal(1);
      expect(server.connections).to.equal(2);
    });

    it('connection refused, until somebody listens again', async () => {
      const clock = new FakeClock();
      const gone = await startServer();
      await gone.close();
      const outcome = byMobile(openTenant(gone, {}, { clock, random: () => 0.5 }), '13800001111');
      const wait = await clock.timer(1, 1000);
      await startServer(gone.port);
      clock.advance(wait);
      expect((await outcome).lookup.attempts).to.equal(2);
    });

    for (const [name, script] of Object.entries({ 408: answer(408, ''), 421: answer(421, ''), 425: answer(425, ''), 429: answer(429, ''), 502: answer(502, '<html>'), 503: answer(503, ''), 504: answer(504, 'late'), 'system busy': busy, 'system busy without prefix': answer(500, { error_code: 'COM.0002' }), 'system busy inside a 200': answer(200, { error_code: 'COM.0002' }) })) {
      it(name, async () => {
        server.onLookup = inTurn(script, script, found);
        const tenant = openTenant(server, {}, atOnce);
        expect((await byMobile(tenant, '13800001111')).lookup.attempts).to.equal(3);
        expect(server.lookups.map(({ body }) => body.toString())).to.deep.equal(new Array(3).fill('{"mobile":"13800001111"}'));
        expect(tenant.stats().lookups).to.include({ found: 1, retried: 2 });
      });
    }

    it('in the token call as well', async () => {
      server.onToken = inTurn(answer(503, ''), answer(500, { error_code: 'COM.0002' }), answer(200, { access_token: 'token', expires_in: 1800 }));
      expect((await byMobile(openTenant(server, CLIENT, atOnce), '13800001111')).lookup.attempts).to.equal(3);
    });

    it('as often as `retries` says, then the failure is told', async () => {
      server.onLookup = (seen, response) => (seen.value === '13800001111' ? answer(503, '<html>') : notFound)(seen, response);
      for (const retries of [0, 1, 3]) {
        server.lookups.length = 0;
        const failure = await failureOf(byMobile(openTenant(server, { retries }, atOnce), '13800001111'));
        expect(failure).to.include({ code: 'CIAM.HTTP.503', status: 503, category: 'unavailable', retryable: true });
        expect(failure.lookup?.attempts).to.equal(retries + 1);
        expect(asked('13800001111')).to.equal(retries + 1);
      }
    });

    it('a connection that fails for good: CIAM.NETWORK with the system\'s code, when the time is up', async () => {
      const gone = await startServer();
      await gone.close();
      const failure = await failureOf(byMobile(openTenant(gone, { retries: 1, timeout: 2 }, atOnce), '13800001111'));
      expect(failure).to.include({ code: 'CIAM.NETWORK', category: 'unavailable', retryable: true, status: null });
      expect(failure.system).to.equal('ECONNREFUSED');
      expect(failure.lookup?.attempts).to.be.at.least(2);
      expect(failure.lookup?.durationMs).to.be.at.least(2000);
    });
  });

  describe('everything else is not', () => {
    const others = {
      'not found': notFound, 'invalid input': answer(400, { error_code: 'USER.0038' }), forbidden: answer(400, { error: 'access_denied' }),
      'a code nobody knows': answer(400, { error_code: 'X.1' }), 400: answer(400, ''), 403: answer(403, ''), 404: answer(404, ''),
      500: answer(500, ''), 501: answer(501, ''), 505: answer(505, ''), 'a code with 500': answer(500, { error_code: 'X.1' }), HTML: answer(200, '<html>'), 'no user_id': answer(200, {}),
      redirect: answer(302, '', { location: '/elsewhere' }), 'not HTTP': ((seen) => seen.socket.end('SSH-2.0-x\r\n')) as typeof found,
    };
    for (const [name, script] of Object.entries(others)) {
      it(name, async () => {
        server.onLookup = script;
        const failure = await failureOf(byMobile(openTenant(server, {}, atOnce), '13800001111'));
        expect(failure.lookup?.attempts).to.equal(1);
        expect(server.lookups).to.have.length(1);
      });
    }
  });

  describe('backoff', () => {
    it('equal jitter: from half to the whole of 300 ms, doubling up to 5 s', () => {
      fc.assert(fc.property(fc.nat(50), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (retry, random) => {
        const wait = backoffMs(retry, () => random);
        const most = [300, 600, 1200, 2400, 4800][retry] ?? 5000;
        expect(wait).to.be.closeTo(most / 2 + (random * most) / 2, 1e-9);
      }));
    });

    it('is what passes between the tries; the default tries outlast two seconds', async () => {
      const clock = new FakeClock();
      server.onLookup = (seen, response) => (seen.value === '13800001111' ? answer(502, '') : notFound)(seen, response);
      const outcome = failureOf(byMobile(openTenant(server, {}, { clock, random: () => 0 }), '13800001111'));
      for (const [index, wait] of [150, 300, 600, 1200].entries()) {
        await server.until(() => asked('13800001111') === index + 1);
        expect(await clock.timer(wait, wait + 1)).to.equal(wait);
        clock.advance(wait - 1);
        expect(asked('13800001111')).to.equal(index + 1);
        clock.advance(1);
      }
      expect((await outcome).lookup).to.include({ attempts: 5, durationMs: 2250 });
    });
  });

  describe('Retry-After as a header', () => {
    const clock = new FakeClock();
    const ms = (header: string | undefined): number | null => retryAfterMs(header, undefined, clock.date());

    it('seconds, or a date', () => {
      expect([ms('7'), ms(' 0 '), ms('1.5')]).to.deep.equal([7000, 0, 1500]);
      expect(ms(new Date(clock.date() + 30_000).toUTCString())).to.be.within(29_000, 30_000);
      expect(ms(new Date(clock.date() - 30_000).toUTCString())).to.equal(0);
      expect(ms(new Date(clock.date() + 30_000).toISOString())).to.equal(30_000);
    });
    it('nothing, and nonsense, is none', () => {
      // The last ones are dates of the year 2001 to `Date.parse`, and would be a pause of no length.
      for (const header of [undefined, '', 'soon', '1h', 'NaN', '1e3', '-1', '+5', '5, 5', '2, 9']) expect(ms(header), header).to.equal(null);
    });
    it('never more than a minute, never negative', () => {
      fc.assert(fc.property(fc.string(), (header) => {
        const wait = ms(header);
        expect(wait === null || (wait >= 0 && wait <= 60_000)).to.equal(true);
      }));
      expect([ms('86400'), ms('99999999999999999999999'), ms('Fri, 31 Dec 9999 23:59:59 GMT')]).to.deep.equal([60_000, 60_000, 60_000]);
    });
  });
});
