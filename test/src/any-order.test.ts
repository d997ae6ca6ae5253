/** Calls and their queue under events in any order: each message has exactly one outcome, and nothing is left. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type Answer, answers, fakeTenant, finds, refusesConnection, reply, staysSilent } from './fake-tenant';
import { mobiles } from './support';

const ANSWERS: Record<string, Answer> = {
  finds, refusesConnection, staysSilent,
  stale: (call) => (call.fresh ? finds(call) : 'stale'),
  'not found': () => reply(400, { error_code: 'IDAAS.TENANT.USER.0001' }),
  'somebody else': () => reply(200, { user_id: '1', mobile: '13999999999' }),
  'token refused': (call) => (call.isToken ? finds(call) : reply(401, { error: 'invalid_token' })),
  'client refused': () => reply(401, { error: 'invalid_client' }),
  'system busy': () => reply(500, { error_code: 'COM.0002' }),
  429: answers(429), 500: answers(500), 502: answers(502), 503: answers(503), '429, pause': answers(429, '2'), '503, pause': answers(503, '30'), '503, pause of a date': answers(503, 'Thu, 01 Jan 2026 01:00:00 GMT'),
  nonsense: () => reply(200, '<html>'),
};

type Step = { ask: number } | { list: number[] } | { abort: number } | { advance: number } | { answers: string } | { idle: number } | { warmUp: true };

const value = fc.nat(14);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(4).map((ask) => ({ ask })) },
  { weight: 1, arbitrary: fc.array(value, { maxLength: 12 }).map((list) => ({ list })) },
  { weight: 2, arbitrary: value.map((abort) => ({ abort })) },
  { weight: 5, arbitrary: fc.constantFrom(1, 2, 100, 700, 2000, 6000, 15_000, 70_000).map((advance) => ({ advance })) },
  { weight: 4, arbitrary: fc.constantFrom(...Object.keys(ANSWERS)).map((name) => ({ answers: name })) },
  { weight: 1, arbitrary: fc.constantFrom(0, 6000).map((idle) => ({ idle })) },
  { weight: 1, arbitrary: fc.constant({ warmUp: true as const }) },
);
const settings = fc.record({
  retries: fc.constantFrom(0, 1, 4), concurrency: fc.constantFrom(1, 2, 16), queueLimit: fc.constantFrom(0, 3, 10_000), queueTimeout: fc.constantFrom(0, 5),
  rateLimit: fc.constantFrom(0, 5), timeout: fc.constantFrom(1, 10), cacheTtl: fc.constantFrom(0, 5), cacheStale: fc.constantFrom(0, 60),
  auth: fc.constantFrom('token' as const, 'client-credentials' as const),
});
const CLIENT = { clientId: 'client', clientSecret: 'a-client-secret' };

describe('events in any order', () => {
  for (const ending of ['everybody waits for an answer', 'the tenant is closed'] as const) {
    it(`${ending}: exactly one outcome for each message, and nothing is left`, async () => {
      await fc.assert(fc.asyncProperty(settings, fc.array(step, { maxLength: 60 }), fc.integer(), async (given, steps, seed) => {
        let state = seed >>> 0;
        const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
        const fake = fakeTenant({ ...given, ...(given.auth === 'client-credentials' && CLIENT), warmUp: true }, random);
        const values = mobiles(15);
        const asked: ReturnType<typeof fake.ask>[] = [];
        const lists: Promise<number>[] = [];
        const stops: AbortController[] = [];
        for (const each of steps) {
          if ('ask' in each) {
            const stop = new AbortController();
            stops.push(stop);
            asked.push(fake.ask(values[each.ask], stop.signal));
          } else if ('list' in each) {
            lists.push(fake.tenant.lookupList({ by: 'mobile', values: each.list.map((index) => values[index]) }).then(({ found, failed }) => found.length + failed.length - each.list.length));
          } else if ('abort' in each) stops[each.abort]?.abort();
          else if ('advance' in each) fake.clock.advance(each.advance);
          else if ('answers' in each) fake.transport.onCall = ANSWERS[each.answers] ?? finds;
          else if ('idle' in each) fake.transport.idleMs = each.idle;
          else fake.tenant.warmUp();
          for (const { told } of asked) expect(told).to.be.at.most(1);
          expect(fake.transport.calls.filter((call) => !call.isOver && !call.isToken).length).to.be.at.most(given.concurrency + 3);
        }
        if (ending === 'the tenant is closed') await fake.tenant.close();
        else {
          fake.transport.onCall = finds;
          // A single place, the lowest rate, and pauses of a minute.
          for (let second = 0; second < 200; second++) fake.clock.advance(1000);
        }
        expect(asked.map(({ told }) => told)).to.deep.equal(asked.map(() => 1));
        expect(await Promise.all(lists)).to.deep.equal(lists.map(() => 0));
        expect(fake.tenant.stats()).to.include({ inFlight: 0, queued: 0 });
        if (ending === 'the tenant is closed') {
          // The fake transport's own, of calls that were cancelled, is 1 ms away.
          expect(fake.clock.pending.filter((ms) => ms > 1)).to.deep.equal([]);
          return;
        }
        const last = fake.ask('13900000000');
        fake.clock.advance(1000);
        expect(last.outcome).to.equal('ok');
        expect(fake.tenant.stats().state).to.equal('ready');
      }), { numRuns: 250 });
    });
  }
});
