/** Whatever a tenant answers and whatever messages hold: one outcome each, of the right user, and nobody hurt. */
import { expect } from 'chai';
import fc from 'fast-check';
import { LookupFailure, type Lookup, type NodeTenant } from '../../src/node-api';
import { BY, isSomebodyElse, toQuery } from '../../src/api/query';
import { CATEGORIES } from '../../src/failures/failure';
import type { Script, ScriptedTenant } from '../support/servers';
import { closeAll, openTenant, startServer, TOKEN } from './support';

const CODE = /^[A-Za-z][A-Za-z_]*(\.[A-Za-z][A-Za-z_]*)*(\.\d{1,5})?$/;
const OWN_CODE = /^CIAM\.(INPUT|RESPONSE|NETWORK|TIMEOUT|CIRCUIT|HTTP\.\d{3})$/;

/** What is a user for some lookups, nearly one for others, and an error for more. */
const field = fc.constantFrom('user_id', 'user_name', 'mobile', 'email', 'name', 'error_code', 'error', 'error_msg', 'error_description', 'message', 'extension', '__proto__', 'constructor', 'toString', '');
const word = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.constantFrom('13800001111', '+86-13800001111', 'zhangsan', 'USER.0001', 'invalid_token', 'CIAM.NETWORK', 'constructor', TOKEN, Buffer.from(`x${TOKEN}`).toString('base64'), encodeURIComponent(TOKEN), '138****1111'));
const value = fc.oneof({ weight: 3, arbitrary: word }, fc.jsonValue({ maxDepth: 3 }), fc.maxSafeNat(), fc.constant(null), fc.boolean());
const record = fc.array(fc.tuple(field, value), { maxLength: 8 }).map((entries) => `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${JSON.stringify(inner)}`).join(',')}}`);
const broken = fc.tuple(record, fc.nat(60), fc.constantFrom('', '}', '"', '\\', ',', '\u0000', '[', '<')).map(([text, at, sign]) => text.slice(0, at) + sign + text.slice(at + 1));
const bytes = fc.oneof(
  { weight: 5, arbitrary: record.map((text) => Buffer.from(text)) }, { weight: 2, arbitrary: broken.map((text) => Buffer.from(text)) },
  fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)), fc.constant(Buffer.alloc(0)), word.map((text) => Buffer.from(`<html><title>${text}</title>`)),
);
const headers = fc.record({
  'content-type': fc.constantFrom('application/json', 'application/json; charset=GBK', 'text/html', 'application/json; charset="klingon"', 'charset'),
  'content-encoding': fc.constantFrom('identity', 'gzip', 'br', 'deflate', 'utf-8', 'constructor'),
  'www-authenticate': fc.constantFrom('Bearer', 'Basic realm="x"'),
}, { requiredKeys: [] });
const status = fc.constantFrom(200, 200, 200, 200, 201, 204, 301, 400, 400, 401, 403, 404, 409, 418, 500);
const answers = fc.record({ status, headers, bytes });

const values = fc.oneof(fc.constantFrom('13800001111', '+86-13800001111', 'zhangsan', '138 0000 1111'), fc.string({ unit: 'grapheme', maxLength: 20 }));
const by = fc.constantFrom(...BY);

describe('fuzzing', () => {
  let server: ScriptedTenant;
  let tenant: NodeTenant;
  before(async () => {
    server = await startServer();
    tenant = openTenant(server, { retries: 0, warmUp: false, timeout: 5 });
  });
  after(closeAll);

  /** How often each message was told an outcome, and what. */
  const ask = async (requests: { by: string; value: unknown }[], hurt: boolean): Promise<(Lookup | LookupFailure)[]> => {
    const outcomes: (Lookup | LookupFailure)[][] = requests.map(() => []);
    await new Promise<void>((resolve) => {
      let waiting = requests.length;
      requests.forEach((request, index) => tenant.ask(request, undefined, (failure, lookup) => {
        const outcome = failure ?? lookup;
        if (outcome) outcomes[index]?.push(outcome);
        if (--waiting === 0) setImmediate(resolve);
        if (hurt && index === 0) throw new Error('this message cannot be sent on');
      }));
    });
    for (const told of outcomes) expect(told).to.have.length(1);
    return outcomes.flat();
  };

  const check = (outcome: Lookup | LookupFailure, request: { by: string; value: unknown }): void => {
    if (outcome instanceof LookupFailure) {
      expect(CATEGORIES).to.include(outcome.category);
      expect(outcome.code).to.match(outcome.code.startsWith('CIAM.') ? OWN_CODE : CODE);
      expect(outcome.advice).to.match(/^[A-Z].+\.$/);
      const shown = [outcome.message, outcome.detail, outcome.code, outcome.stack, JSON.stringify(outcome)].join('\n');
      for (const secret of [TOKEN, Buffer.from(`x${TOKEN}`).toString('base64').slice(4, -4), encodeURIComponent(TOKEN)]) expect(shown).to.not.contain(secret);
      expect((outcome.detail ?? '').length).to.be.at.most(200);
      return;
    }
    expect(Object.hasOwn(outcome.user, '__proto__')).to.equal(false);
    expect(['string', 'number']).to.include(typeof outcome.user.user_id);
    expect(JSON.stringify({ ...outcome.user, user_id: '' })).to.not.contain(`"${TOKEN}"`);
    expect(outcome.lookup.value).to.equal(toQuery(request.by, request.value).value);
  };

  it('any answer: one outcome, nothing secret, nothing of the tenant where it does not belong', async () => {
    await fc.assert(fc.asyncProperty(answers, by, values, async (answer, mode, looked) => {
      const script: Script = (_seen, response) => void response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.status === 204 ? 0 : answer.bytes.length }).end(answer.status === 204 ? undefined : answer.bytes);
      server.onLookup = script;
      // A tenant of its own, so that one refusal of the token is not the answer to all.
      await tenant.close();
      tenant = openTenant(server, { retries: 0, warmUp: false, timeout: 5 });
      const request = { by: mode, value: looked };
      const [outcome] = await ask([request], false);
      if (outcome) check(outcome, request);
    }), { numRuns: 1000 });
  }).timeout(120_000);

  it('neighbours: whatever the first message does, the others have the right user', async () => {
    await tenant.close();
    tenant = openTenant(server, { retries: 0, warmUp: false, timeout: 5 });
    const userOf = (seen: { method: string; path: string; value: string }): Record<string, unknown> =>
      seen.method === 'GET' ? { user_id: decodeURIComponent(seen.path.slice(seen.path.lastIndexOf('/') + 1)) } : { user_id: 'x', user_name: seen.value, mobile: seen.value, email: seen.value };
    server.onLookup = (seen, response) => void response.end(JSON.stringify(userOf(seen)));
    const requests = fc.array(fc.record({ by, value: fc.oneof(values, fc.constantFrom(null, {}, -1, 13800001111, 13800001111n, new Uint8Array([0x61]))) }), { minLength: 2, maxLength: 12 });
    // A message that throws is told as a warning; Node.js would print each.
    const listeners = process.listeners('warning');
    process.removeAllListeners('warning');
    let warnings = 0;
    process.on('warning', () => warnings++);
    try {
      await fc.assert(fc.asyncProperty(requests, fc.boolean(), async (asked, hurt) => {
        const outcomes = await ask(asked, hurt);
        outcomes.forEach((outcome, index) => {
          const request = asked[index];
          if (!request) return;
          check(outcome, request);
          if (outcome instanceof LookupFailure) expect(outcome.code).to.equal('CIAM.INPUT');
          else expect(isSomebodyElse(toQuery(request.by, request.value), outcome.user)).to.equal(false);
        });
        expect(new Set(outcomes.map((outcome) => (outcome instanceof LookupFailure ? outcome : outcome.user))).size).to.equal(outcomes.length);
      }), { numRuns: 200 });
    } finally {
      process.removeAllListeners('warning');
      for (const listener of listeners) process.on('warning', listener);
    }
    expect(warnings).to.be.greaterThan(0);
  }).timeout(120_000);
});
