/** What can be looked up, how it is sent, and when two values are the same. Mobile numbers: mobile.test.ts. */
import { expect } from 'chai';
import { runInNewContext } from 'node:vm';
import { LookupFailure } from '../../src/failures/failure';
import { type By, BY, byGiven, isBy, isSomebodyElse, toQuery, toRequest } from '../../src/api/query';

const refused = (by: unknown, value: unknown): string => {
  try {
    toQuery(by, value);
  } catch (error) {
    expect(error).to.be.instanceOf(LookupFailure).and.include({ code: 'CIAM.INPUT', category: 'invalid-input' });
    return (error as LookupFailure).message;
  }
  throw new Error('not refused');
};
const value = (by: By, given: unknown): string => toQuery(by, given).value;

describe('queries', () => {
  it('are by mobile, username, email or id', () => {
    expect(BY).to.deep.equal(['mobile', 'username', 'email', 'id']);
    expect([...BY, 'msg', 'Mobile', '', 'toString', null, ['mobile']].map(isBy)).to.deep.equal([true, true, true, true, false, false, false, false, false, false]);
    for (const by of ['phone', undefined, {}, 'constructor']) expect(refused(by, 'x')).to.equal('by must be one of mobile, username, email, id.');
  });

  it('are sent as the tenant publishes them', () => {
    const headers = ['A', 'b'];
    expect(toRequest(toQuery('mobile', '13800001111'), headers)).to.deep.equal({ method: 'POST', path: '/api/v2/tenant/users/user-by-mobile', headers, body: '{"mobile":"13800001111"}' });
    expect(toRequest(toQuery('username', 'zhang"san'), headers)).to.deep.equal({ method: 'POST', path: '/api/v2/tenant/users/user-by-username', headers, body: '{"user_name":"zhang\\"san"}' });
    expect(toRequest(toQuery('email', 'a@b.c'), headers)).to.deep.equal({ method: 'POST', path: '/api/v2/tenant/users/user-by-email', headers, body: '{"email":"a@b.c"}' });
    expect(toRequest(toQuery('id', 'a\\b?c#d 张'), headers)).to.deep.equal({ method: 'GET', path: '/api/v2/tenant/users/a%5Cb%3Fc%23d%20%E5%BC%A0', headers, body: null });
  });

  it('of equal keys mean the same user: usernames whatever the case of A to Z, the others to the letter', () => {
    const key = (by: By, given: string): string => toQuery(by, given).key;
    expect(key('username', 'ZhangSan')).to.equal(key('username', 'zhangsan'));
    expect(value('username', 'ZhangSan')).to.equal('ZhangSan');
    expect(key('username', '\u212aim'), 'KELVIN SIGN').to.not.equal(key('username', 'kim'));
    expect(key('username', 'Ä')).to.not.equal(key('username', 'ä'));
    expect(key('username', 'ÄB')).to.equal(key('username', 'Äb'));
    expect(key('email', 'A@b.c')).to.not.equal(key('email', 'a@b.c'));
    expect(key('id', 'A')).to.not.equal(key('id', 'a'));
    expect(key('username', 'a')).to.not.equal(key('email', 'a'));
  });

  it('take text, bytes of UTF-8 and whole numbers', () => {
    expect(value('username', '张三')).to.equal('张三');
    expect(value('username', Buffer.from('张三'))).to.equal('张三');
    expect(value('username', new Uint8Array(Buffer.from('张三')))).to.equal('张三');
    expect(value('username', runInNewContext('new Uint8Array([0x61])')), 'of another realm, as in a Function node').to.equal('a');
    expect([0n, 13800001111n, 227490627192107008n].map((number) => value('id', number))).to.deep.equal(['0', '13800001111', '227490627192107008']);
    expect([0, 7, 13800001111, Number.MAX_SAFE_INTEGER].map((number) => value('username', number))).to.deep.equal(['0', '7', '13800001111', '9007199254740991']);
  });

  const kinds: [string, unknown, string][] = [
    ['a list', ['x'], 'array'], ['an object', {}, 'object'], ['a boolean', true, 'boolean'], ['a function', () => 'x', 'function'], ['a negative bigint', -1n, 'bigint'], ['an ArrayBuffer', new ArrayBuffer(2), 'object'], ['other numbers in a row', new Uint16Array(2), 'object'],
    ...[-1, 1.5, NaN, Infinity, 2 ** 53].map((number): [string, unknown, string] => [String(number), number, 'number']),
  ];
  for (const [name, given, kind] of kinds) {
    it(`refuse ${name}`, () => {
      expect(refused('username', given)).to.equal(`The value must be text, a Buffer or Uint8Array of UTF-8, or a whole number that is not negative; its type is ${kind}.`);
    });
  }

  it('refuse nothing, in its many forms', () => {
    for (const nothing of [undefined, null]) expect(refused('username', nothing)).to.equal('There is nothing to look up: the value is missing.');
    for (const nothing of ['', ' ', '\u200b', '\u3000\t\n', '\ufeff', ' '.repeat(1024), Buffer.alloc(0)]) expect(refused('username', nothing)).to.equal('There is nothing to look up: the value is empty.');
    for (const nothing of ['-', '( )', '·-.']) expect(refused('mobile', nothing)).to.equal('There is nothing to look up: the value holds separators only.');
  });

  it('refuse bytes that are no text', () => {
    for (const bytes of [[0xff], [0xc3], [0x61, 0xe5, 0xbc]]) expect(refused('username', Buffer.from(bytes))).to.equal('The bytes to look up are not UTF-8 text.');
  });

  it('are trimmed at both ends, of invisible characters too; inside they stay', () => {
    expect(value('username', ' \u200b\t张 三\n\ufeff ')).to.equal('张 三');
    expect(value('username', '\u200bab')).to.equal('ab');
    expect(value('username', 'ab\u200b')).to.equal('ab');
    expect(value('username', 'a\u200bb')).to.equal('a\u200bb');
  });

  it('have 256 characters at most, after trimming', () => {
    const tooLong = 'The value is longer than 256 characters.';
    expect(value('username', 'a'.repeat(256))).to.have.lengthOf(256);
    expect(value('username', '张'.repeat(256))).to.have.lengthOf(256);
    expect(value('username', Buffer.from('张'.repeat(256)))).to.have.lengthOf(256);
    expect(value('username', ` ${'a'.repeat(256)} `)).to.have.lengthOf(256);
    expect(value('username', `${' '.repeat(1024 - 256)}${'a'.repeat(256)}`)).to.have.lengthOf(256);
    expect(value('username', `${' '.repeat(60_000)}a${'\u200b'.repeat(5000)}`)).to.equal('a');
    for (const long of ['a'.repeat(257), '张'.repeat(257), Buffer.from('a'.repeat(257)), `${' '.repeat(65_536)}a`, Buffer.alloc(65_537, ' '), 10n ** 256n, 1n << 4_000_000n]) expect(refused('username', long)).to.equal(tooLong);
    expect(value('username', 10n ** 256n - 1n)).to.have.lengthOf(256);
    expect(refused('username', Buffer.alloc(65_537, 0xff))).to.equal(tooLong);
    expect(refused('username', Buffer.alloc(65_536, 0xff))).to.equal('The bytes to look up are not UTF-8 text.');
  });

  it('hold no control characters and no half characters', () => {
    for (const sign of ['\u0000', '\u001f', '\u007f', '\u0080', '\u009f', '\u2028', '\u2029', '\n', '\ud800', '\udc00']) {
      expect(refused('username', `a${sign}b`), JSON.stringify(sign)).to.equal('The value holds control characters.');
    }
    for (const sign of [' ', '~', '\u00a0', '\u2027', '\u202a', '😀']) expect(value('username', `a${sign}b`)).to.equal(`a${sign}b`);
  });

  it('by mobile: odd ones are cleaned like all others', () => {
    const odd: Record<string, string> = { '1-/': '1', '5': '5', '1+86-1': '1+861', '( +86)-138': '+86-138', '0': '0', '10': '10', '+86-': '+86-' };
    for (const [given, sent] of Object.entries(odd)) expect(value('mobile', given), given).to.equal(sent);
  });

  it('by id never leave the path', () => {
    for (const dots of ['.', '..']) {
      expect(refused('id', dots)).to.equal('The value is not a user id.');
      expect(value('username', dots)).to.equal(dots);
    }
    expect(value('id', '...')).to.equal('...');
    for (const path of ['../..', 'a/b', '/', '/etc']) expect(refused('id', path)).to.equal('A user id holds no slash.');
    expect(value('username', 'a/b')).to.equal('a/b');
  });

  it('by something that is no text are by nothing', () => {
    expect(['phone', '', undefined, 7, {}].map(byGiven)).to.deep.equal(['phone', '', '', '', '']);
  });

  it('of an object advise to take what is inside; of any other kind they do not', () => {
    const advice = (given: unknown): string => {
      try {
        toQuery('username', given);
      } catch (error) {
        if (error instanceof LookupFailure) return error.adviceKey;
      }
      return 'taken';
    };
    expect([{}, new Map(), ['x'], true, -1].map(advice)).to.deep.equal(['item', 'item', 'invalid-input', 'invalid-input', 'invalid-input']);
  });

  it('are looked through up to 65536 characters for the value between blanks', () => {
    expect(value('username', `${' '.repeat(65_535)}a`)).to.equal('a');
  });

  it('by mobile: what only looks a little like a rounded number, a fraction or two numbers is left to the tenant', () => {
    const left = { X1E5: 'X1E5', '1E5X': '1E5X', '13800001111.0x': '138000011110x', '12,34': '12,34', '+1234567890123456': '+1234567890123456', '+1242-5550100': '+1242-5550100' };
    for (const [given, sent] of Object.entries(left)) expect(value('mobile', given), given).to.equal(sent);
    expect(refused('mobile', '12345678/12345678')).to.contain('more than one');
  });

  it('and a user are of the same mobile, if one ends as the other does, without code and leading zeros', () => {
    const isOther = (asked: string, answered: unknown): boolean => isSomebodyElse({ by: 'mobile', value: asked }, { mobile: answered });
    const same: [string, unknown][] = [
      ['13800001111', '+86-13800001111'], ['13800001111', 13800001111], ['+49-0301234567', '+49301234567'], ['+49-00301234567', '+49301234567'], ['+1-02025550100', '+12025550100'], ['+1242-05550100', '+12425550100'],
      ['T13800001111T', '13800001111'], ['abc', '13800001111'], ['13800001111', 'none'],
    ];
    expect(same.filter(([asked, answered]) => isOther(asked, answered))).to.deep.equal([]);
    expect([isOther('13800001111', '13800002222'), isOther('+86-13800001111', '13900001111'), isOther('13800001111', 13900001111)]).to.deep.equal([true, true, true]);
  });

  it('and a user are compared, unless what the user has is far longer than any value', () => {
    const isOther = (length: number): boolean => isSomebodyElse({ by: 'username', value: 'a' }, { user_name: 'b'.repeat(length) });
    expect([isOther(1024), isOther(1025)]).to.deep.equal([true, false]);
  });
});
