/** No answer and no message holds the event loop: measured against JSON.parse of the same text, in the same process. */
import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { copyUser, readUser } from '../../src/api/response';
import { Redactor } from '../../src/api/redact';
import { toQuery } from '../../src/api/query';
import { LookupFailure } from '../../src/failures/failure';
import { keepFields, normalise } from '../../src/api/user';
import { answer } from '../support/servers';
import { longestStall } from '../support/stall';
import { byMobile, closeAll, openTenant, startServer } from './support';

/** Milliseconds of the processor; the least of some tries, for the first ones are not compiled yet, and others run on this machine too. */
const costOf = (work: () => unknown, tries = 6): number => {
  let least = Infinity;
  for (let count = 0; count < tries; count++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
};

/** How much slower this machine is just now than the one the 50 ms are meant for, by a loop that does nothing else. */
const loop = (): number => {
  let sum = 0;
  for (let index = 0; index < 20_000_000; index++) sum = (Math.imul(sum, 31) + index) | 0;
  return sum;
};
const slowness = Math.max(1, costOf(loop) / 20);

const MIB = 1024 * 1024;
const filled = (piece: string, before = '{"user_id":"1","a":', after = '}'): string => before + piece.repeat(Math.floor((MIB - before.length - after.length - 50) / piece.length)) + after;
const text = (piece: string): string => filled(piece, '{"user_id":"1","a":"', '"}');
const list = (piece: string): string => filled(`${piece},`, '{"user_id":"1","a":[', 'null]}');

const ANSWERS: Record<string, string> = {
  'a long text': text('x'),
  'a text like the token': text('a'),
  'a text nearly like the token': text('aaaaaaaaaaaaaaac'),
  'two letters in turn': text('ab'),
  'percent-encoded percent signs': text('%25'),
  'letters encoded again and again': text('%2525412345'),
  'one escape in a long text': text('xyz').replace('xyz', '%252541'),
  'HTML entities': text('&amp;'),
  'ampersands': text('&'),
  'backslashes': text('\\\\'),
  'escaped letters': text('\\u0041'),
  'line breaks': text('\\n'),
  'blanks and commas': text(', : '),
  'short texts with escapes': list('"%41xxxxxxx"'),
  'secrets': list('"the-client-secret-0815"'),
  'a secret after many texts': list('"%41xxxxxxx"').replace('null]', '"the-client-secret-0815"]'),
  'empty texts': list('""').replace('"1"', '"1\\n"'),
  'small numbers': list('0'),
  'large numbers': list('22749062719210700'),
  'very large numbers': list('227490627192107008'),
  'numbers just too large': list('9007199254740993'),
  'objects with large numbers': list('{"a":9007199254740993,"b":"x"}'),
  'one number without end': filled('1'),
  'small objects': list('{"a":1}').replace('"1"', '"1\\u0041"'),
  'dangerous keys': list('{"__proto__":1}'),
  'nested lists': list(`${'['.repeat(150)}${']'.repeat(150)}`),
  'brackets without end': '['.repeat(MIB),
  'quotes and backslashes without end': `{"a":"${'\\"'.repeat(MIB / 2 - 10)}`,
  'blanks': ' '.repeat(MIB),
  'titles without end': '<title '.repeat(MIB / 7),
  'tags': '<'.repeat(MIB),
  'digits': '1'.repeat(MIB),
  'addresses': 'a@'.repeat(MIB / 2),
};

const redactorOf = (...tokens: string[]): Redactor => {
  const redactor = new Redactor();
  redactor.add('the-client-id-4711', 'client-id');
  redactor.add('the-client-secret-0815', 'client-secret');
  for (const token of tokens) redactor.add(token, 'token');
  return redactor;
};
const random = (): string => randomBytes(600).toString('base64url');
const SECRETS: Record<string, Redactor> = {
  'usual tokens': redactorOf(random(), `eyJhbGciOiJSUzI1NiJ9.${random()}`, random()),
  'repetitive tokens': redactorOf(`${'a'.repeat(4095)}b`, `${'ab'.repeat(2000)}c`, 'aaaaaaaaaaab'),
};

describe('what an answer of 1 MiB costs: at most three times JSON.parse, or 50 ms', () => {
  for (const [name, answer] of Object.entries(ANSWERS)) {
    for (const [whose, redactor] of Object.entries(SECRETS)) {
      it(`${name}, with ${whose}`, () => {
        const parse = (): unknown => {
          try {
            return JSON.parse(answer);
          } catch {
            return null;
          }
        };
        // A machine that takes twice as long for a plain loop takes twice as long for this.
        const allowed = Math.max(3 * costOf(parse), 50 * slowness);
        for (const status of [200, 500]) expect(costOf(() => readUser({ status, text: answer, retryAfter: undefined }, redactor, { by: 'mobile', value: '13800001111' })), `HTTP ${status}`).to.be.lessThan(allowed);
      });
    }
  }

  it('64 KiB against a long repetitive token cost no more than 64 KiB of anything', () => {
    const repetitive = redactorOf('ab'.repeat(8192), `${'a'.repeat(16_383)}b`);
    const cost = (piece: string): number => {
      const answer = `{"user_id":"1","a":"${piece.repeat(65_536 / piece.length)}"}`;
      return costOf(() => readUser({ status: 200, text: answer, retryAfter: undefined }, repetitive, { by: 'mobile', value: 'x' }), 10);
    };
    const [like, unlike] = [Math.max(cost('ab'), cost('a'), cost('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac')), cost('xyzw')];
    expect(like).to.be.lessThan(20 * unlike + 5);
  });

  it('sixteen renewals later it is the same', () => {
    const answer = `{"user_id":"1","name":"张三","list":[${'"somebody with a usual record",'.repeat(450)}"x"]}`;
    const costWith = (redactor: Redactor): number => costOf(() => {
      for (let count = 0; count < 50; count++) readUser({ status: 200, text: answer, retryAfter: undefined }, redactor, { by: 'mobile', value: 'x' });
    }, 8);
    const renewed = redactorOf(...Array.from({ length: 48 }, random));
    expect(costWith(renewed)).to.be.lessThan(1.5 * costWith(redactorOf(random())) + 5);
  });

  it('a copy for one more message costs less than reading the answer', () => {
    const user = { user_id: '1', users: Array.from({ length: 3500 }, (_, index) => ({ name: '张三', id: String(index), extension: { age: '28', note: 'https://example.com/x?y=z' }, grade: index, disabled: false, mobile: '13800001111', created_at: '2022-02-10 12:23:23' })) };
    const answer = JSON.stringify(user);
    const found = readUser({ status: 200, text: answer, retryAfter: undefined }, redactorOf(random()), { by: 'mobile', value: 'x' });
    if (found instanceof LookupFailure) throw found;
    expect(copyUser(found)).to.deep.equal(user);
    expect(costOf(() => copyUser(found))).to.be.lessThan(costOf(() => JSON.parse(answer)));
  });
});

describe('an answer of 950 kB that 100 messages, or items of a list, wait for', () => {
  afterEach(closeAll);

  it('holds the event loop for no longer than three times JSON.parse, or 50 ms', async () => {
    const user = { user_id: '1', mobile: '13800001111', users: Array.from({ length: 8000 }, (_, index) => ({ name: '张三', id: String(index), mobile: '13800001111', created_at: '2022-02-10 12:23:23', extension: { age: '28' } })) };
    const json = JSON.stringify(user);
    expect(Buffer.byteLength(json)).to.be.within(850_000, MIB);
    const server = await startServer();
    server.onLookup = answer(200, user);
    const tenant = openTenant(server);
    const allowed = Math.max(3 * costOf(() => JSON.parse(json)), 50 * slowness);
    const all = async (): Promise<void> => {
      const found = await Promise.all(Array.from({ length: 100 }, () => byMobile(tenant, '13800001111')));
      expect(new Set(found.map((one) => one.user)).size).to.equal(100);
    };
    const inOneList = async (): Promise<void> => {
      const { found } = await tenant.lookupList({ by: 'mobile', values: new Array<string>(100).fill('13800001111') });
      expect(new Set(found.map((one) => one.user)).size).to.equal(100);
    };
    for (const [what, work] of Object.entries({ all, inOneList })) {
      let least = Infinity;
      for (let count = 0; count < 4; count++) least = Math.min(least, await longestStall(work));
      expect(least, what).to.be.lessThan(allowed);
    }
  });
});

describe('what a message costs', () => {
  const VALUES: Record<string, string> = {
    'zero-width blanks': `a${'\u200b'.repeat(1000)}b`,
    'blanks around and within': `${' '.repeat(500)}a${' '.repeat(500)}b${' '.repeat(500)}`,
    'blanks alone': ' '.repeat(60_000),
    'zero-width blanks, very many': `a${'\u200b'.repeat(60_000)}b`,
    'parentheses': '('.repeat(250),
    'digits with separators': '1-'.repeat(128),
    'numbers with commas': '1234567,'.repeat(32),
    'pluses': '+'.repeat(256),
    'an exponent without end': `1${'e'.repeat(255)}`,
    'half characters': '\ud800'.repeat(1000),
  };
  for (const [name, value] of Object.entries(VALUES)) {
    it(`${name}: about as much as a copy of its text`, () => {
      for (const by of ['mobile', 'username', 'email', 'id']) {
        const cost = costOf(() => {
          for (let count = 0; count < 100; count++) {
            try {
              toQuery(by, value);
            } catch {
              // refused, as it should be
            }
          }
        }) / 100;
        expect(cost, by).to.be.lessThan((0.05 + value.length * 0.0001) * slowness);
      }
    });
  }

  it('making a user with 80,000 fields of the same types', () => {
    const json = `{"user_id":"1",${Array.from({ length: 80_000 }, (_, index) => `"field${index}":1`).join(',')}}`;
    const user = JSON.parse(json) as Record<string, unknown>;
    // All that is done to an answer is allowed three times its reading: this is a small part of it.
    expect(costOf(() => normalise(user, '+08:00'))).to.be.lessThan(costOf(() => JSON.parse(json)) / 2);
  });

  it('shaping a user with very many fields and names', () => {
    const user = { user_id: '1', user_org_relation_list: Array.from({ length: 50_000 }, () => ({ org_id: '1', relation_type: '1' })), created_at: `2022-02-15 12:23:23.${'1'.repeat(100_000)}`, attr_birthday: ` ${' '.repeat(100_000)}x`, grade: ` ${' '.repeat(100_000)}x` };
    const names = Array.from({ length: 5000 }, (_, index) => `extension.${'a.'.repeat(20)}${index}`);
    const json = JSON.stringify(user);
    expect(costOf(() => keepFields(normalise(user, '+08:00'), names))).to.be.lessThan(Math.max(3 * costOf(() => JSON.parse(json)), 50 * slowness));
  });
});
