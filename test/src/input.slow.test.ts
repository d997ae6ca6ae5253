import { expect } from 'chai';
import fc from 'fast-check';
import { types } from 'node:util';
import { BY, LookupFailure, type Lookup, type NodeTenant, failingTenant, configFailure } from '../../src/node-api';
import type { ScriptedTenant } from '../support/servers';
import { closeAll, failureOf, openTenant, startServer } from './support';

/** Things that no JSON holds, but a message may. */
const trap = (): never => {
  throw new Error('trapped');
};
const throwing = new Proxy({}, { get: trap, getPrototypeOf: trap, has: trap, ownKeys: trap });
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const { proxy: revokedList, revoke: revokeList } = Proxy.revocable([], {});
revokeList();
const odd: unknown[] = [
  undefined, null, NaN, Infinity, -1, -0, 0.5, 2 ** 53, 10n, Symbol('s'), () => '13800001111', throwing, revoked, revokedList, { get value() { return trap(); } }, { toString: trap }, { [Symbol.toPrimitive]: trap }, Object.create(null),
  new String('13800001111'), new Number(5), [], ['13800001111'], new Date(), new Uint8Array([49]), new ArrayBuffer(2), Buffer.from([0xff, 0xfe]), Buffer.alloc(5000, 0x20), Buffer.alloc(2_000_000, 0x31), Buffer.from('\ufeff13800001111'),
  '\ud800', 'a\0b', '1'.repeat(256), '1'.repeat(257), ` ${'1'.repeat(256)} `, ' '.repeat(5000), '\u200b\ufeff\u2060', '\u3164', ' \u2800\u115f', '\u3164x', '__proto__', 'constructor', 'toString', '..', '.', '../../token', '\u2028', 'a\tb', '--', '()',
];
/** As a function, for fast-check itself stumbles over some of them. */
type Given = () => unknown;
const given = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<Given> => arbitrary.map((value) => () => value);
const anything: fc.Arbitrary<Given> = fc.oneof({ weight: 2, arbitrary: fc.nat(odd.length - 1).map((index) => () => odd[index]) }, { weight: 9, arbitrary: given(fc.oneof(
  { weight: 3, arbitrary: fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSet: true, withSparseArray: true, withTypedArray: true, withBoxedValues: true }) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => Buffer.from(text)),
  fc.integer(), fc.double(), fc.maxSafeNat(),
)) });
const known = given(fc.constantFrom(...BY));
const anyBy = fc.oneof({ weight: 3, arbitrary: known }, anything);

/** What the README calls plainly wrong (`CIAM.INPUT`), written down once more and in another way than the client does. */
const textOf = (value: unknown): string | null => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? String(value) : null;
  if (typeof value === 'bigint') return value >= 0n ? String(value) : null;
  if (!types.isUint8Array(value)) return null;
  const text = Buffer.from(value).toString('utf8');
  return Buffer.from(text).equals(value) ? text : null;
};
const trimmed = (text: string): string => {
  const signs = Array.from(text);
  const invisible = (sign: string | undefined): boolean => sign !== undefined && /^[\s\p{Cf}]$/u.test(sign);
  while (invisible(signs[0])) signs.shift();
  while (invisible(signs.at(-1))) signs.pop();
  return signs.join('');
};
const isPlainlyWrong = (by: unknown, value: unknown): boolean => {
  const text = textOf(value);
  if (typeof by !== 'string' || !BY.some((known) => known === by) || text === null) return true;
  const clean = trimmed(text);
  const looksEmpty = Array.from(clean).every((sign) => /[\s\p{Cf}\p{DI}\u2800]/u.test(sign));
  return looksEmpty || clean.length > 256 || /[\p{Cc}\u2028\u2029]/u.test(clean) || !clean.isWellFormed();
};

type Outcome = Lookup | LookupFailure;

describe('whatever a message holds', () => {
  let server: ScriptedTenant;
  let tenant: NodeTenant;
  before(async () => {
    server = await startServer();
    tenant = openTenant(server);
  });
  after(closeAll);

  /** The outcome; fails when there is not exactly one. */
  const outcomeOf = async (of: NodeTenant, by: unknown, value: unknown): Promise<Outcome> => {
    const outcomes: Outcome[] = [];
    await new Promise<void>((resolve) => of.ask({ by, value }, undefined, (failure, lookup) => {
      outcomes.push(...[failure, lookup].filter((outcome) => outcome !== null));
      resolve();
    }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(outcomes).to.have.length(1);
    return outcomes[0] as Outcome;
  };

  const check = async (by: unknown, value: unknown): Promise<void> => {
    const calls = server.lookups.length;
    const outcome = await outcomeOf(tenant, by, value);
    const wrong = isPlainlyWrong(by, value);
    if (outcome instanceof LookupFailure) {
      expect(outcome).to.include({ code: 'CIAM.INPUT', category: 'invalid-input', retryable: false, status: null });
      expect(outcome.lookup).to.include({ by: typeof by === 'string' ? by : '', value: null, attempts: 0 });
      expect(outcome.message.length).to.be.within(10, 200);
      expect(server.lookups.length).to.equal(calls);
      // What is not wrong by itself may still be nothing but separators, or no id.
      if (!wrong) expect(by === 'mobile' || by === 'id').to.equal(true);
      return;
    }
    expect(wrong).to.equal(false);
    expect(outcome.lookup.by).to.equal(by);
    expect(server.lookups.length).to.equal(calls + 1);
    const sent = server.lookups.at(-1);
    const clean = trimmed(textOf(value) ?? '');
    if (by === 'username') expect(JSON.parse(sent?.body.toString() ?? '')).to.deep.equal({ user_name: clean });
    if (by === 'email') expect(JSON.parse(sent?.body.toString() ?? '')).to.deep.equal({ email: clean });
    if (by === 'id') expect(sent?.path).to.equal(`/api/v2/tenant/users/${encodeURIComponent(clean)}`);
    if (by === 'mobile') expect(JSON.parse(sent?.body.toString() ?? '')).to.deep.equal({ mobile: outcome.lookup.value });
  };

  it('as value: one outcome, and no request for what is plainly wrong', async () => {
    await fc.assert(fc.asyncProperty(known, anything, (by, value) => check(by(), value())), { numRuns: 1500 });
  });

  it('as by: the same', async () => {
    await fc.assert(fc.asyncProperty(anyBy, fc.oneof(given(fc.constant('13800001111')), anything), (by, value) => check(by(), value())), { numRuns: 500 });
  });

  it('each of the oddest, by each way', async () => {
    for (const by of [...BY, ...odd]) {
      for (const value of odd) await check(by, value);
    }
  });

  it('in a list: every item has its outcome, in its place', async () => {
    await fc.assert(fc.asyncProperty(anyBy, fc.array(anything, { maxLength: 20 }), async (anyOfBy, items) => {
      const [by, values] = [anyOfBy(), items.map((item) => item())];
      const { found, failed, lookup } = await tenant.lookupList({ by, values });
      const places = [...found, ...failed].map(({ index }) => index).sort((a, b) => a - b);
      expect(places).to.deep.equal(values.map((_, index) => index));
      for (const { index } of found) expect(isPlainlyWrong(by, values[index])).to.equal(false);
      for (const { index, error, value } of failed) {
        expect(error.code).to.equal('CIAM.INPUT');
        expect(value).to.equal(null);
        expect(isPlainlyWrong(by, values[index]) || by === 'mobile' || by === 'id').to.equal(true);
      }
      expect(lookup).to.include({ total: values.length, found: found.length, failed: failed.length });
    }), { numRuns: 200 });
  });

  it('with a tenant that cannot be used: its failure, for everything', async () => {
    const unusable = failingTenant(configFailure('domain', 'missing-domain'));
    await fc.assert(fc.asyncProperty(anyBy, anything, async (by, value) => {
      const outcome = await outcomeOf(unusable, by(), value());
      expect(outcome).to.be.instanceOf(LookupFailure).and.include({ code: 'CIAM.CONFIG' });
    }), { numRuns: 300 });
    for (const by of odd) expect((await failureOf(unusable.lookup({ by, value: '1' }))).lookup?.by).to.equal(typeof by === 'string' ? by : '');
  });

  const wrong: [string, unknown, unknown][] = [
    ['missing', 'mobile', undefined], ['null', 'mobile', null], ['blank', 'username', ' \u3000\t\n'], ['invisible', 'username', '\u200b\u2060'], ['a boolean', 'mobile', true], ['an object', 'mobile', {}], ['a list', 'mobile', ['1']],
    ['negative', 'mobile', -1], ['with a fraction', 'mobile', 1.5], ['beyond what a number can tell', 'mobile', 2 ** 53], ['not UTF-8', 'mobile', Buffer.from([0xc3, 0x28])], ['too long', 'username', 'x'.repeat(257)],
    ['with a control character', 'username', 'a\u0007b'], ['separators only', 'mobile', '()-.'], ['an unknown by', 'phone', '1'], ['by a property of objects', 'constructor', '1'], ['by nothing', undefined, '1'],
  ];
  for (const [name, by, value] of wrong) {
    it(`${name}: CIAM.INPUT, and a sentence that says why`, async () => {
      const failure = await failureOf(tenant.lookup({ by, value }));
      expect(failure.code).to.equal('CIAM.INPUT');
      expect(failure.message).to.match(/^[A-Za-z].+\.$/);
      if (!['mobile', 'username'].includes(by as string)) expect(failure.message).to.contain('mobile, username, email, id');
    });
  }
});
