import { expect } from 'chai';
import fc from 'fast-check';
import { copyJson, parseObject } from '../../src/api/json';

/** A long text is read in another order. */
const LONG = ' '.repeat(65_536);

describe('JSON of others', () => {
  const numbers: [string, unknown][] = [
    ['227490627192107008', '227490627192107008'], ['-227490627192107008', '-227490627192107008'], ['12345678901234567890', '12345678901234567890'],
    ['9007199254740991', 9007199254740991], ['-9007199254740991', -9007199254740991], ['9007199254740992', '9007199254740992'], ['9007199254740993', '9007199254740993'], ['-9007199254740992', '-9007199254740992'],
    ['1000000000000000', 1000000000000000], ['999999999999999', 999999999999999], ['0', 0], ['-0', -0], ['13800001111', 13800001111],
    ['0.12345678901234567890', 0.12345678901234568], ['1.5', 1.5], ['1234567890123456789.5', Number('1234567890123456789.5')], ['1234567890123456789e2', Number('1234567890123456789e2')], ['1e25', 1e25], ['1.1234567890123456789E+1', Number('1.1234567890123456789E+1')], ['1e-1234567890123456789', 0],
    ['"227490627192107008"', '227490627192107008'], ['"\\" 227490627192107008"', '" 227490627192107008'], ['"\\\\"', '\\'], ['"a:227490627192107008,"', 'a:227490627192107008,'],
  ];
  for (const [written, value] of numbers) {
    it(`${written} is ${typeof value === 'string' ? JSON.stringify(value) : String(value)}, wherever it stands`, () => {
      const text = `{"user_id":${written},"a":[ ${written},${written} ,{"b" :\n\t${written}}],"c":${written}}`;
      for (const json of [text, text + LONG]) expect(parseObject(json)).to.deep.equal({ user_id: value, a: [value, value, { b: value }], c: value });
    });
  }

  it('every whole number keeps its digits, and everything else is what JSON.parse gives', () => {
    const big = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    fc.assert(fc.property(fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.oneof(big, fc.jsonValue()))), (entries) => {
      const written = entries.map(([key, value], index) => `${JSON.stringify(`${index}${key}`)}:${typeof value === 'bigint' ? value : JSON.stringify(value)}`);
      const expected = entries.map(([key, value], index) => {
        const plain = typeof value !== 'bigint' ? (JSON.parse(JSON.stringify(value), (name, inner: unknown) => (name === '__proto__' ? undefined : typeof inner === 'number' && Number.isInteger(inner) && !Number.isSafeInteger(inner) && !String(inner).includes('e') ? String(inner) : inner)) as unknown) :
          value > BigInt(Number.MAX_SAFE_INTEGER) || value < -BigInt(Number.MAX_SAFE_INTEGER) ? String(value) : Number(value);
        return [`${index}${key}`, plain];
      });
      for (const end of ['}', `}${LONG}`]) expect(parseObject(`{${written.join(',')}${end}`)).to.deep.equal(Object.fromEntries(expected));
    }));
  });

  it('that is none, or no object, is nothing', () => {
    for (const text of ['', '{', '[]', 'null', '1', '"a"', '{"a":1}{', "{'a':1}", '{a:1}', '{"a":01234567890123456789}', '{12345678901234567890:1}', '{"a":"\\"1234567890123456789', '{"a" 1234567890123456789}', '{"a":--1234567890123456789}', '{"a":1,1234567890123456789:2}', '{"a":12345678901234567,1234567890123456789}', '{"a":1 1234567890123456789}', '{"a":1234567890123456789']) {
      expect(parseObject(text), text).to.equal(null);
      expect(parseObject(LONG + text), text).to.equal(null);
    }
  });

  it('cannot bring a prototype', () => {
    for (const key of ['__proto__', '\\u005f_proto__', '__\\u0070roto__', '__p\\u0072oto\\u005F_', '__pro\\u0074\\u006F__']) {
      const found = parseObject(`{"${key}":{"isAdmin":true},"a":[{"b":{"${key}":1,"c":2}}]}`);
      expect(found).to.deep.equal({ a: [{ b: { c: 2 } }] });
      expect(Object.keys(Object.assign({}, found))).to.deep.equal(['a']);
    }
    expect(parseObject('{"constructor":1,"toString":"x"}')).to.deep.equal({ constructor: 1, toString: 'x' });
  });

  it('is read and copied as it is, whatever other code has added to all objects', () => {
    const text = '{"a":{"b":[{"c":1}]},"user_id":"x"}';
    const expected: unknown = JSON.parse(text);
    for (const [value, name] of [[{}, 'an object'], [[1], 'an array'], [1e300, 'a number'], [() => 1, 'a function']] as const) {
      Object.defineProperty(Object.prototype, 'added', { value, enumerable: true, configurable: true, writable: true });
      const write = (): (string | undefined)[] => {
        try {
          return [JSON.stringify(parseObject(text)), JSON.stringify(copyJson(expected))];
        } finally {
          Reflect.deleteProperty(Object.prototype, 'added');
        }
      };
      expect(write(), name).to.deep.equal([text, text]);
    }
  });

  it('copied is the same, and another object throughout', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const copy = copyJson(value);
      expect(copy).to.deep.equal(value);
      expect(copy).to.not.equal(value);
      expect(Object.keys(copy)).to.deep.equal(Object.keys(value));
      for (const key of Object.keys(value)) if (typeof value[key] === 'object' && value[key] !== null) expect(copy[key]).to.not.equal(value[key]);
    }));
  });
});
