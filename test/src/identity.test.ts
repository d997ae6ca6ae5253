import { expect } from 'chai';
import { type By, isSomebodyElse, toQuery } from '../../src/api/query';

describe('the user is the one asked for', () => {
  const cases: [By, string, Record<string, unknown>, boolean][] = [
    ['id', 'u-1', { user_id: 'u-1' }, false],
    ['id', 'u-1', { user_id: 'u-2' }, true],
    ['id', 'u-1', { user_id: 'U-1' }, true],
    ['id', '4711', { user_id: 4711 }, false],
    ['id', '227490627192107008', { user_id: '227490627192107008' }, false],
    ['username', 'ZhangSan', { user_id: 'x', user_name: 'zhangsan' }, false],
    ['username', 'zhangsan', { user_name: 'lisi' }, true],
    ['username', 'kim', { user_name: '\u212aim' }, true],
    ['username', 'zhangsan', { user_name: ' zhangsan ' }, false],
    ['email', 'A@Example.com', { email: 'a@example.COM' }, false],
    ['email', 'ä@example.com', { email: 'Ä@example.com' }, false],
    ['email', 'a@example.com', { email: 'b@example.com' }, true],
    ['mobile', '13800001111', { mobile: '+86-13800001111' }, false],
    ['mobile', '+86-13800001111', { mobile: '13800001111' }, false],
    ['mobile', '+8613800001111', { mobile: '13800001111' }, false],
    ['mobile', '13800001111', { mobile: '0086 138-0000-1111' }, false],
    ['mobile', '013800001111', { mobile: '13800001111' }, false],
    ['mobile', '13800001111', { mobile: 13800001111 }, false],
    ['mobile', '13800001111', { mobile: '13800002222' }, true],
    ['mobile', '+86-13800001111', { mobile: '+86-13800002222' }, true],
    ['mobile', '13800001111', { mobile: '138****1111' }, false],
    ['mobile', '13800001111', { mobile: '138****2222' }, false],
    ['mobile', '13800001111', { mobile: 'unknown' }, false],
    ['email', 'a@example.com', { email: 'b***@example.com' }, false],
  ];
  for (const [by, value, user, other] of cases) {
    it(`${by} ${value} and ${JSON.stringify(user)}: ${other ? 'somebody else' : 'may be the one'}`, () => {
      expect(isSomebodyElse(toQuery(by, value), user)).to.equal(other);
    });
  }

  it('a field that is missing, empty or of another kind proves nothing', () => {
    for (const by of ['id', 'username', 'email', 'mobile'] as const) {
      for (const nothing of [undefined, null, '', ' ', true, {}, []]) {
        expect(isSomebodyElse({ by, value: '13800001111' }, { user_id: nothing, user_name: nothing, email: nothing, mobile: nothing })).to.equal(false);
      }
      expect(isSomebodyElse({ by, value: '13800001111' }, {})).to.equal(false);
    }
  });
});
