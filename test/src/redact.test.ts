/** What is known as a secret in whatever form, and what of an answer stays as it is. Through a whole client: secrets.test.ts. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Redactor } from '../../src/api/redact';
import type { JsonObject } from '../../src/api/json';

const TOKEN = 'mF_9.B5f-4.1JqM~kd+Xz/8&uQ=="Wr\'7<y>%41';
const SECRET = 'secret/with+signs=&%"\\ 0815';
const JWT = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(JSON.stringify({ iss: 'https://tenant.example.com', jti: 'a6f1-4711' })).toString('base64url')}.c2lnbmF0dXJlLW9mLXRoaXMtdG9rZW4`;

const known = (...tokens: string[]): Redactor => {
  const redactor = new Redactor();
  redactor.add('the-client-id-4711', 'client-id');
  redactor.add(SECRET, 'client-secret');
  for (const token of tokens) redactor.add(token, 'token');
  return redactor;
};

const recordOf = (redactor: Redactor, record: unknown): JsonObject => {
  const json = JSON.stringify(record);
  const user = JSON.parse(json) as JsonObject;
  redactor.record(user, json);
  return user;
};

const json = (text: string): string => JSON.stringify(text).slice(1, -1);
const percent = (text: string): string => encodeURIComponent(text);
const everySign = (text: string): string => Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const mixedCase = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code, at: number) => (at % 2 ? code.toLowerCase() : code));
/** As Spring's HtmlUtils writes it. */
const html = (text: string): string => text.replace(/[&<>"']/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[sign] ?? sign);
const htmlNumbers = (text: string): string => text.replace(/[^\w]/g, (sign) => `&#x${sign.charCodeAt(0).toString(16)};`);
const base64 = (shift: number) => (text: string): string => Buffer.from(`${'x'.repeat(shift)}${text}yz`).toString('base64');
const inLines = (text: string): string => base64(1)(text).replace(/.{20}/g, '$&\r\n');

const FORMS: Record<string, (text: string) => string> = {
  'as it is': (text) => text,
  'JSON-escaped': json,
  'JSON-escaped twice': (text) => json(json(text)),
  'JSON-escaped throughout': (text) => text.replace(/[^]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`),
  'with escaped slashes': (text) => text.replaceAll('/', '\\/'),
  'percent-encoded': percent,
  'percent-encoded in small letters': (text) => percent(text).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  'percent-encoded in mixed letters': (text) => mixedCase(percent(text)),
  'percent-encoded throughout': everySign,
  'percent-encoded twice': (text) => percent(percent(text)),
  'percent-encoded twice, in mixed letters': (text) => mixedCase(percent(mixedCase(percent(text)))),
  'as a form carries it': (text) => new URLSearchParams({ '': text }).toString().slice(1),
  'with HTML entities': html,
  'with HTML entities by number': htmlNumbers,
  'with HTML entities, in JSON': (text) => json(html(text)),
  'base64': base64(0),
  'base64, one byte on': base64(1),
  'base64, two bytes on': base64(2),
  'base64url': (text) => Buffer.from(`ab${text}`).toString('base64url'),
  'base64, percent-encoded': (text) => percent(base64(0)(text)),
  'base64 in lines': inLines,
  'base64 in lines, in JSON': (text) => json(inLines(text)),
};

/** Nothing of the secret may be left that anybody could decode. */
const shows = (text: string, secret: string): boolean =>
  Object.values(FORMS).some((form) => text.includes(form(secret))) || [0, 1, 2].some((shift) => text.includes(Buffer.from('\0'.repeat(shift) + secret).toString('base64').slice(4, -4)));

describe('the redactor', () => {
  for (const [name, form] of Object.entries(FORMS)) {
    for (const [kind, secret] of Object.entries({ token: TOKEN, 'client secret': SECRET, 'JSON Web Token': JWT })) {
      it(`knows a ${kind} ${name}, in a sentence and in a record`, () => {
        const redactor = known(TOKEN, JWT);
        const written = form(secret);
        expect(shows(written, secret), 'the test itself').to.equal(true);
        const sentence = redactor.sentence(`sent ${written} by you`);
        expect(shows(sentence, secret), sentence).to.equal(false);
        expect(sentence).to.match(/^sent .*\*\*\*.* by you$/);
        const user = recordOf(redactor, { user_id: 'u-1', note: `sent ${written} by you`, extension: [{ raw: written }] });
        expect(shows(JSON.stringify(user), secret), JSON.stringify(user)).to.equal(false);
        expect(user.note).to.match(/^sent [^]*\*\*\*[^]* by you$/);
        expect(redactor.isShownBy(`E.${written}`, null)).to.equal(true);
      });
    }
  }

  it('knows a half of a token, also in base64', () => {
    for (const token of [JWT, TOKEN, 'abcdefghijklmnopqrstuvwx', `tok-${'0123456789abcdef'.repeat(20)}`]) {
      const body = token.startsWith('eyJ') ? token.slice(token.indexOf('.') + 1) : token;
      const half = Math.ceil(body.length / 2);
      for (const part of [body.slice(0, half), body.slice(-half), `..${body.slice(0, half)}..`]) {
        expect(known(token).sentence(`x ${part} y`)).to.contain('***').and.not.contain(part);
        expect(recordOf(known(token), { user_id: '1', a: `x ${part} y` }).a).to.contain('***').and.not.contain(part);
        expect(known(token).sentence(`x ${Buffer.from(part).toString('base64')} y`)).to.contain('***');
      }
    }
  });

  it('masks from a beginning of 16 characters on, also where the text breaks off', () => {
    expect(known().sentence('Bad secret: secret/with+sign')).to.equal('Bad secret: ***');
    expect(known().sentence(`${'.'.repeat(4096 - 20)}secret/with+signs=&%"\\ 0815`)).to.not.contain('secret/with');
  });

  it('leaves the header of a JSON Web Token alone, which is the same in those of others', () => {
    const other = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzb21lYm9keSBlbHNlIn0.b3RoZXI';
    expect(recordOf(known(JWT), { user_id: '1', other }).other).to.equal(other);
  });

  describe('of a record', () => {
    it('scrubs values only: keys, numbers, user_id and the client id stay, and it is the same JSON', () => {
      const redactor = new Redactor();
      redactor.add('12345678', 'client-id');
      redactor.add('disabled', 'client-secret');
      redactor.add('20220126153857263-A04D', 'token');
      redactor.add('","name":"', 'token');
      const record = { user_id: '20220126153857263-A04D', disabled: true, number: 12345678, zip_code: '12345678', nested: { disabled: 'is disabled', user_id: 'x' }, a: 'b', name: 'c' };
      expect(recordOf(redactor, record)).to.deep.equal({ ...record, nested: { disabled: 'is ***', user_id: 'x' } });
    });

    it('scrubs what is long enough, not what stands there by chance', () => {
      const redactor = new Redactor();
      for (const secret of ['seven77', 'eight888']) redactor.add(secret, 'client-secret');
      expect(recordOf(redactor, { user_id: '1', a: 'seven77 eight888' }).a).to.equal('seven77 ***');
    });

    it('whose letters are not ASCII, however they are escaped', () => {
      const escapes: Record<string, (sign: string) => string> = {
        'HTML, hexadecimal': (sign) => `&#x${(sign.codePointAt(0) ?? 0).toString(16)};`,
        'HTML, decimal': (sign) => `&#${sign.codePointAt(0) ?? 0};`,
        JSON: (sign) => Array.from({ length: sign.length }, (_, index) => `\\u${sign.charCodeAt(index).toString(16).padStart(4, '0')}`).join(''),
        percent,
      };
      for (const secret of ['geheim-äöüß-0815', '密钥是汉字写的啊', 'secret-😀😀-0815']) {
        const redactor = new Redactor();
        redactor.add(secret, 'client-secret');
        for (const [name, escape] of Object.entries(escapes)) {
          const said = Array.from(secret, escape).join('');
          expect(redactor.sentence(`before ${said} after`), `${secret}, ${name}`).to.equal('before *** after');
          expect(recordOf(redactor, { user_id: '1', a: said }), `${secret}, ${name}`).to.deep.equal({ user_id: '1', a: '***' });
        }
      }
    });

    it('of more characters than ASCII', () => {
      const redactor = new Redactor();
      redactor.add('密钥是汉字写的啊', 'client-secret');
      expect(recordOf(redactor, { user_id: '1', a: '张三 密钥是汉字写的啊 李四', b: percent('密钥是汉字写的啊') })).to.deep.equal({ user_id: '1', a: '张三 *** 李四', b: '***' });
    });

    it('whatever else it holds, it stays as it was', () => {
      const redactor = known(TOKEN, JWT);
      fc.assert(fc.property(fc.jsonValue({ maxDepth: 5, stringUnit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (value, text) => {
        const record = { user_id: text, value, text, escaped: percent(text), page: html(text) };
        expect(recordOf(redactor, record)).to.deep.equal(JSON.parse(JSON.stringify(record)));
      }), { numRuns: 200 });
    });

    it('every value that holds a secret is scrubbed, and no other', () => {
      const redactor = known(TOKEN);
      const piece = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.constantFrom(...Object.values(FORMS).map((form) => `${form(TOKEN)}.`)));
      fc.assert(fc.property(fc.array(fc.array(piece, { maxLength: 3 }).map((pieces) => pieces.join(' ')), { maxLength: 8 }), (values) => {
        const { list } = recordOf(redactor, { user_id: '1', list: values });
        (list as string[]).forEach((value, index) => {
          const given = values[index] ?? '';
          expect(shows(value, TOKEN)).to.equal(false);
          if (!shows(given, TOKEN)) expect(value).to.equal(given);
        });
      }), { numRuns: 60 });
    });
  });

  describe('of a sentence', () => {
    const cases: [string, string | null, string][] = [
      ['User Zhang San (zhangsan) is locked', 'zhangsan', 'User Zhang San (***) is locked'],
      ['call 139 0000 1234 or (0086) 139-0000-1234', null, 'call *** or (***'],
      ['１３９００００１２３４ is taken', null, '*** is taken'],
      ['lisi%40example.com, lisi&#64;example.com, li.si@example.com', null, '***, ***, ***'],
      ['NO:lisi%40example.com', 'lisi@example.com', 'NO:***'],
      ['unknown: zhang%20san, zhang+san, ZHANG SAN', 'zhang san', 'unknown: ***, ***, ***'],
      ['a user of a tenant', 'a', '*** user of *** tenant'],
      ['HTTP 500 in line 12345', null, 'HTTP 500 in line 12345'],
      ['two\r\nlines\u0000\u2028\tand more', null, 'two lines and more'],
      ['用户 张三 未找到', '张三', '用户 *** 未找到'],
      ['%E5%BC%A0%E4%B8%89 is gone', '张三', '*** is gone'],
      ['\ud83d', null, '\ufffd'],
    ];
    for (const [said, lookedUp, told] of cases) {
      it(`${JSON.stringify(said)} becomes ${JSON.stringify(told)}`, () => {
        expect(new Redactor().sentence(said, lookedUp)).to.equal(told);
      });
    }
    const BETWEEN: Record<string, string> = {
      'a blank without width': '\u200b', 'a word joiner': '\u2060', 'a byte order mark': '\ufeff', 'many blanks without width': '\u200b'.repeat(40), 'a soft hyphen': '\u00ad', 'a no-break space': '\u00a0',
      'a narrow space': '\u202f', 'a wide space': '\u3000', 'a mark of direction': '\u200f', 'an isolate': '\u2068', 'an accent': '\u0301', 'a keycap': '\ufe0f\u20e3', 'a Hangul filler': '\u3164', 'a Braille blank': '\u2800',
      'a no-break hyphen': '\u2011', 'a wide hyphen': '\uff0d', 'a wide stop': '\uff0e', 'a middle dot': '\u30fb', 'a tag': '\u{e0020}', 'a control character': '\u0001', 'half a character': '\ud800', 'a line separator': '\u2028',
      'some of all': '\u200b\u00a0\u00ad-\u0301',
    };
    const DIGITS: Record<string, (digit: number) => string> = {
      'wide': (digit) => String.fromCodePoint(0xff10 + digit), 'Arabic': (digit) => String.fromCodePoint(0x660 + digit), 'Devanagari': (digit) => String.fromCodePoint(0x966 + digit),
      'mathematical': (digit) => String.fromCodePoint(0x1d7ce + digit), 'raised': (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(digit), 'circled': (digit) => '⓪①②③④⑤⑥⑦⑧⑨'.charAt(digit),
    };
    const numbers = Object.fromEntries([
      ...Object.entries(BETWEEN).map(([name, sign]): [string, string] => [`with ${name} in it`, ['138', '0000', '1111'].join(sign)]),
      ...Object.entries(BETWEEN).map(([name, sign]): [string, string] => [`with ${name} after each digit`, Array.from('13800001111').join(sign)]),
      ...Object.entries(DIGITS).map(([name, digit]): [string, string] => [`in ${name} digits`, Array.from('13800001111', (sign) => digit(Number(sign))).join('')]),
    ]);
    const ESCAPED: ((text: string) => string)[] = [
      (text) => text, (text) => text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`), (text) => Array.from(text, (sign) => (/\w/.test(sign) ? sign : `&#x${sign.codePointAt(0)?.toString(16) ?? ''};`)).join(''), (text) => (text.isWellFormed() ? percent(text) : text),
    ];
    for (const [name, number] of Object.entries(numbers)) {
      it(`a number ${name} is masked as a whole, and nothing else`, () => {
        for (const escaped of ESCAPED) {
          for (const lookedUp of [null, '13800001111', '+86-13800001111']) {
            const said = `José's number ${escaped(number)} is taken (IDAAS.TENANT.USER.0001, line 12345)`;
            expect(new Redactor().sentence(said, lookedUp), said).to.match(/^José's number (\*\*\*)+ is taken \(IDAAS\.TENANT\.USER\.0001, line 12345\)$/);
          }
        }
      });
    }
    it('the value looked up is masked with other signs in it, and in other letters', () => {
      for (const said of ['zhang\u200bsan', 'zhang\u00adsan', 'ＺＨＡＮＧＳＡＮ', 'zha\u0301ngsan', 'zh&#8203;angsan', '𝐳𝐡𝐚𝐧𝐠𝐬𝐚𝐧']) expect(new Redactor().sentence(`User ${said} is locked`, 'zhangsan')).to.equal('User *** is locked');
      expect(new Redactor().sentence('User zhang\u00a0san, zhang\u3000san', 'zhang san')).to.equal('User ***, ***');
      expect(new Redactor().sentence('li\u200bsi@exa\u00admple.com, lisi＠example.com')).to.equal('***, ***');
      expect(new Redactor().sentence('User José', 'Jose\u0301')).to.equal('User ***');
      expect(new Redactor().sentence('an accent alone', '\u0301')).to.equal('an accent alone');
    });

    it('is one short line', () => {
      const redactor = known(TOKEN);
      fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 250 }), (said) => {
        const told = redactor.sentence(said);
        expect(told.length).to.be.at.most(200);
        expect(told).to.not.match(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
        expect(told.isWellFormed()).to.equal(true);
      }), { numRuns: 40 });
    });
  });
});
