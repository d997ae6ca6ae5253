import { expect } from 'chai';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fieldNames, keepFields, normalise, type ShapedUser } from '../../src/node-api';

const fixture = (name: string): ShapedUser => JSON.parse(readFileSync(join(__dirname, 'simulator/fixtures', `${name}.json`), 'utf8')) as ShapedUser;

describe('normalise', () => {
  it('makes the users of the two vendors\' published examples of the same types, and changes nothing else', () => {
    const ciam = fixture('ciam-zhangsan');
    expect(normalise(fixture('ciam-zhangsan'), '+08:00')).to.deep.equal({
      ...ciam, disabled: false, usr_auth_times: 4, pwd_change_at: '2022-02-15T12:23:23+08:00', created_at: '2022-02-10T12:23:23+08:00', updated_at: '2022-02-15T12:23:23+08:00', usr_last_login: '2022-02-17T13:00:25+08:00',
    });
    const oneAccess = fixture('oneaccess-zhangsan');
    expect(normalise(fixture('oneaccess-zhangsan'), '-03:30')).to.deep.equal({
      ...oneAccess, pwd_change_at: '2022-04-14T10:14:01.988-03:30', created_at: '2022-04-13T16:57:36.532-03:30', updated_at: '2022-04-14T10:14:01.979-03:30',
    });
  });

  const conversions: [string, unknown, unknown][] = [
    ['disabled', 'true', true], ['disabled', 'False', false], ['disabled', '1', true], ['disabled', 0, false], ['disabled', true, true], ['disabled', 'maybe', 'maybe'], ['disabled', '', ''], ['disabled', null, null], ['disabled', 2, 2],
    ['locked', ' TRUE ', true], ['pwd_must_modify', 'false', false],
    ['usr_auth_times', '4', 4], ['usr_auth_times', ' 12 ', 12], ['usr_auth_times', '', ''], ['usr_auth_times', 'many', 'many'], ['usr_auth_times', '0x10', '0x10'], ['usr_auth_times', '12345678901234567890', '12345678901234567890'], ['grade', '-1', -1], ['grade', '1.5', 1.5], ['grade', null, null],
    ['created_at', '2022-02-15 12:23:23', '2022-02-15T12:23:23+08:00'], ['created_at', '2022-02-15T12:23:23.1', '2022-02-15T12:23:23.1+08:00'], ['created_at', '2022-13-45 12:23:23', '2022-13-45 12:23:23'], ['created_at', '2022-02-15', '2022-02-15'], ['created_at', 1644899003000, 1644899003000], ['created_at', '2022-02-15T12:23:23Z', '2022-02-15T12:23:23Z'],
    ['updated_at', ' 2022-02-15 12:23:23.123456 ', '2022-02-15T12:23:23.123456+08:00'], ['updated_at', '2022-02-30 12:23:23', '2022-02-30 12:23:23'], ['attr_birthday', '2022-02-30', '2022-02-30'], ['attr_birthday', '2024-02-29', '2024-02-29'],
    ['last_login_at', '2022-02-15 12:23:23.123', '2022-02-15T12:23:23.123+08:00'],
    ['attr_birthday', '1993-08-25 00:00:00.000', '1993-08-25'], ['attr_birthday', '2022-02-17', '2022-02-17'], ['attr_hire_date', '1993-08-25T00:00:00', '1993-08-25'], ['attr_birthday', '1993-13-25', '1993-13-25'], ['attr_birthday', 'spring', 'spring'], ['attr_birthday', '', ''], ['attr_birthday', null, null], ['attr_birthday', 746236800000, 746236800000],
    ['mobile', '13800001111', '13800001111'], ['relation_type', '1', 1],
  ];
  for (const [field, given, expected] of conversions) {
    it(`${field} ${JSON.stringify(given)} → ${JSON.stringify(expected)}`, () => {
      expect(normalise({ user_id: '1', [field]: given }, '+08:00')).to.deep.equal({ user_id: '1', [field]: expected });
    });
  }

  it('relations: each one, and what is none stays', () => {
    expect(normalise({ user_org_relation_list: [{ org_id: '5', relation_type: '0', created_at: '2022-02-15 12:23:23' }, null, 'x', []] }, '+08:00'))
      .to.deep.equal({ user_org_relation_list: [{ org_id: '5', relation_type: 0, created_at: '2022-02-15T12:23:23+08:00' }, null, 'x', []] });
    expect(normalise({ user_org_relation_list: 'none' }, '+08:00')).to.deep.equal({ user_org_relation_list: 'none' });
  });

  it('twice is the same as once, whatever the fields hold', () => {
    const field = fc.constantFrom('disabled', 'locked', 'grade', 'created_at', 'user_org_relation_list', 'other');
    fc.assert(fc.property(fc.dictionary(field, fc.jsonValue()), (user) => {
      const once = normalise(structuredClone(user), '+08:00');
      expect(normalise(structuredClone(once), '+08:00')).to.deep.equal(once);
      expect(Object.keys(once)).to.deep.equal(Object.keys(user));
    }));
  });
});

describe('fields', () => {
  it('names separated by commas, blanks or lines, in either alphabet', () => {
    expect(fieldNames(' user_id, name，email\nmobile,,')).to.deep.equal(['user_id', 'name', 'email', 'mobile']);
    expect(fieldNames('  ')).to.deep.equal([]);
  });
  it('keep what is there, in the order named; none keeps all', () => {
    const user = { user_id: '1', name: null, email: 'x' };
    expect(Object.entries(keepFields(user, ['name', 'user_id', 'missing', 'toString', '__proto__']))).to.deep.equal([['name', null], ['user_id', '1']]);
    expect(keepFields(user, [])).to.equal(user);
  });

  const nested = { user_id: '1', extension: { dept: 'A', age: '28', more: { room: '5' } }, 'extension.dept': 'literal', list: [{ a: 1 }], name: 'x' };
  const kept: [string, unknown][] = [
    ['user_id, extension.age', { user_id: '1', extension: { age: '28' } }],
    ['extension.more.room, extension.age', { extension: { more: { room: '5' }, age: '28' } }],
    ['extension.dept', { 'extension.dept': 'literal' }],
    ['extension.age, extension', { extension: nested.extension }],
    ['extension, extension.age', { extension: nested.extension }],
    ['extension.missing, extension.more.missing, name.first, list.0, list.length, .., extension., .extension', {}],
    ['extension.__proto__, __proto__.toString, extension.constructor, constructor.name', {}],
  ];
  for (const [names, expected] of kept) {
    it(`${names} keeps ${JSON.stringify(expected)}`, () => {
      expect(keepFields(nested, fieldNames(names))).to.deep.equal(expected);
    });
  }

  it('that are called like something of every object are kept as they are', () => {
    const user = JSON.parse('{"user_id":"1","__proto__":{"isAdmin":true},"a":{"constructor":1}}') as ShapedUser;
    const picked = keepFields(user, ['__proto__', 'a.constructor']);
    expect((picked as { isAdmin?: unknown }).isAdmin).to.equal(undefined);
    expect(Object.keys(picked)).to.deep.equal(['__proto__', 'a']);
    expect(Object.getPrototypeOf(picked)).to.equal(Object.prototype);
  });
});
