/** A tenant that lives but refuses: limiters, maintenance pages, a moment of 503. At the defaults. */
import { expect } from 'chai';
import { systemClock } from '../../src/clock';
import { CLIENT, closeAll, closeLater, openTenant, startServer } from '../src/support';
import { skipReason } from '../support/program';
import { answer, found, type Script } from '../support/servers';
import { Gateway, type Limit } from './gateway';
import { report } from './report';
import { codes, failed, freshMobile, type Outcome, TIMEOUT_MS, Traffic } from './traffic';

/** What timers and the event loop of a busy machine may add. */
const SPARE_MS = 500;
const PER_SECOND = 20;

const slowest = (outcomes: Outcome[]): number => Math.max(...outcomes.map(({ sentAt, endedAt }) => endedAt - sentAt));
const callsOf = (outcomes: Outcome[]): number => outcomes.reduce((sum, { attempts }) => sum + attempts, 0);

const reason = skipReason('nginx');
(reason ? describe.skip : describe)(`nginx limits the lookups to ${PER_SECOND} a second${reason}`, () => {
  afterEach(closeAll);

  const limits: [string, Limit, string][] = [
    ['its default 503', { perSecond: PER_SECOND, status: 503 }, '25 found, 158 CIAM.CIRCUIT, over in 0.9 s'],
    ['429', { perSecond: PER_SECOND, status: 429 }, ''],
    ['429 and Retry-After: 1', { perSecond: PER_SECOND, status: 429, retryAfter: 1 }, '11 fail'],
  ];
  for (const [name, limit, before] of limits) {
    it(`with ${name}, 200 messages at once: all are found, near the limit, with few refused calls`, async () => {
      const server = await startServer();
      const gateway = closeLater(await Gateway.start('nginx', server, limit));
      const tenant = openTenant(gateway, CLIENT);
      const traffic = new Traffic(tenant);
      const start = performance.now();
      traffic.send(200);
      const outcomes = await traffic.settled();
      const seconds = (performance.now() - start) / 1000;
      const share = 200 / PER_SECOND / seconds;
      const refused = 100 * (1 - server.lookups.length / callsOf(outcomes));
      const figures = `${failed(outcomes).length} fail, ${seconds.toFixed(1)} s, ${Math.round(100 * share)} % of the limit, ${refused.toFixed(0)} of 100 calls refused`;
      report(`${PER_SECOND} r/s with ${name}, 200 messages`, before, figures);
      expect(codes(outcomes)).to.deep.equal({ ok: 200 });
      expect(share, figures).to.be.within(0.4, 1.15);
      expect(refused, figures).to.be.below(50);
    });
  }
});

describe('a tenant that refuses for a while', () => {
  afterEach(closeAll);

  it('503 for 50 ms, a burst of 100: nobody fails', async () => {
    const server = await startServer();
    const tenant = openTenant(server, CLIENT);
    await tenant.lookup({ by: 'mobile', value: freshMobile() });
    const start = performance.now();
    server.onLookup = (seen, response) => (performance.now() - start < 50 ? answer(503, '') : found)(seen, response);
    const traffic = new Traffic(tenant);
    traffic.send(100);
    const outcomes = await traffic.settled();
    report('503 for 50 ms, burst of 100', '0 found', `${100 - failed(outcomes).length} found, the last after ${Math.round(slowest(outcomes))} ms`);
    expect(codes(outcomes)).to.deep.equal({ ok: 100 });
  });

  it('a maintenance page for 3 s with Retry-After: 3600: everybody has an outcome within timeout', async () => {
    const server = await startServer();
    const tenant = openTenant(server, CLIENT);
    await tenant.lookup({ by: 'mobile', value: freshMobile() });
    const start = performance.now();
    server.onLookup = (seen, response) => (performance.now() - start < 3000 ? answer(503, '<html>', { 'retry-after': '3600' }) : found)(seen, response);
    const traffic = new Traffic(tenant);
    traffic.start(12);
    await traffic.until(60);
    const outcomes = await traffic.settled();
    report('maintenance page for 3 s, Retry-After: 3600', '179 messages without an outcome 15 s later', `${failed(outcomes).length} of ${outcomes.length} fail, the slowest outcome after ${(slowest(outcomes) / 1000).toFixed(1)} s; the tenant is called again after 60 s at most`);
    expect(slowest(outcomes)).to.be.below(TIMEOUT_MS + SPARE_MS);
    expect(tenant.stats().heldMs).to.be.within(1, 60_000 - TIMEOUT_MS);
  });

  it('Retry-After as a date, with this machine\'s clock five minutes behind: the pause is what the tenant meant', async () => {
    const server = await startServer();
    const clock = { ...systemClock, date: () => Date.now() - 300_000 };
    const tenant = openTenant(server, CLIENT, { clock });
    await tenant.lookup({ by: 'mobile', value: freshMobile() });
    let refusals = 0;
    server.onLookup = (seen, response) => {
      const now = Date.now();
      const later = (ms: number): string => new Date(now + ms).toUTCString();
      const script: Script = refusals++ === 0 ? answer(429, '', { date: later(0), 'retry-after': later(2000) }) : found;
      script(seen, response);
    };
    const traffic = new Traffic(tenant);
    traffic.send(5);
    const outcomes = await traffic.settled();
    report('Retry-After as a date, clock 5 minutes behind', 'held for 5 minutes', `all found after ${Math.round(slowest(outcomes))} ms`);
    expect(codes(outcomes)).to.deep.equal({ ok: 5 });
    expect(slowest(outcomes)).to.be.within(2000, 2000 + TIMEOUT_MS / 2);
  });

  it('a strict tenant of 60 a second and rateLimit 60, 600 messages: nobody fails', async () => {
    const server = await startServer();
    const recent: number[] = [];
    let refusals = 0;
    server.onLookup = (seen, response) => {
      const now = performance.now();
      while (recent[0] !== undefined && recent[0] <= now - 1000) recent.shift();
      if (recent.length < 60) recent.push(now);
      else refusals++;
      (recent.at(-1) === now ? found : answer(429, ''))(seen, response);
    };
    const tenant = openTenant(server, { ...CLIENT, rateLimit: 60 });
    const traffic = new Traffic(tenant);
    const start = performance.now();
    traffic.send(600);
    const outcomes = await traffic.settled();
    report('rateLimit 60 at a strict tenant of 60/s, 600 messages', '120 429s, 7 fail', `${refusals} 429s, ${failed(outcomes).length} fail, ${((performance.now() - start) / 1000).toFixed(1)} s`);
    expect(codes(outcomes)).to.deep.equal({ ok: 600 });
  });
});
