import { expect } from 'chai';
import type { Simulator } from '../../../src/simulator/simulator';
import { USERS, fixture, lookUp, newToken, send, start, stopAll } from './support';

const NOT_FOUND = { error_code: 'IDAAS.TENANT.USER.0001', error_msg: 'User not found' };

describe('demo tenant: whom it knows', () => {
  let simulator: Simulator;
  let token: string;
  const mobile = (number: string, as = token) => lookUp(simulator, as, 'mobile', { mobile: number });
  const username = (name: string) => lookUp(simulator, token, 'username', { user_name: name });

  beforeEach(async () => {
    simulator = await start();
    token = await newToken(simulator);
  });
  afterEach(stopAll);

  it('zhangsan is the user of the CIAM document, field by field, by whatever key', async () => {
    const user = fixture('ciam-zhangsan') as Record<'mobile' | 'email' | 'user_id', string>;
    const headers = { authorization: `Bearer ${token}` };
    const replies = [
      await mobile(user.mobile), await mobile('13800001111'), await username('zhangsan'), await username('ZhangSan'),
      await lookUp(simulator, token, 'email', { email: user.email }), await send(simulator, { method: 'GET', path: `${USERS}/${user.user_id}`, headers }),
    ];
    for (const reply of replies) {
      expect(reply.status).to.equal(200);
      expect(reply.headers['content-type']).to.match(/^application\/json/);
      expect(reply.json()).to.deep.equal(user);
    }
  });

  it('a mobile is found with and without its dialling code', async () => {
    for (const form of ['13800001111', '+8613800001111', '+86-13800001111', '-13800001111']) {
      // To the order of the fields: debug nodes show the first ones.
      expect(JSON.stringify((await mobile(form)).json()), form).to.equal(JSON.stringify(fixture('ciam-zhangsan')));
    }
  });

  it('lisi is disabled and locked, EIAM style', async () => {
    const user = (await username('lisi')).json() as Record<string, unknown>;
    expect(user).to.include({ user_name: 'lisi', mobile: '+86-13900002222', disabled: true, locked: 'true' });
    for (const time of ['created_at', 'updated_at', 'pwd_change_at', 'usr_last_login']) {
      expect(user[time], time).to.match(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
    }
    for (const form of ['+86-13900002222', '+8613900002222', '13900002222']) expect((await mobile(form)).json(), form).to.deep.equal(user);
    expect((await lookUp(simulator, token, 'email', { email: 'LiSi@example.com' })).json()).to.deep.equal(user);
    const headers = { authorization: `Bearer ${token}` };
    expect((await send(simulator, { method: 'GET', path: `${USERS}/${String(user.user_id)}`, headers })).json()).to.deep.equal(user);
  });

  it('not found is HTTP 400, in the code of each dialect', async () => {
    const byMobile = await mobile('13800000404');
    expect(byMobile.status).to.equal(400);
    expect(byMobile.json()).to.deep.equal(NOT_FOUND);
    expect((await mobile('+86-13712345678')).json()).to.deep.equal(NOT_FOUND);
    const others = [
      await username('nobody'),
      await lookUp(simulator, token, 'email', { email: 'nobody@example.com' }),
      await send(simulator, { method: 'GET', path: `${USERS}/nobody`, headers: { authorization: `Bearer ${token}` } }),
    ];
    for (const reply of others) {
      expect(reply.status).to.equal(400);
      expect(reply.json()).to.deep.equal({ error_code: 'USER.0001', error_msg: 'User not found' });
    }
  });

  it('a number that breaks the mobile rule', async () => {
    for (const form of ['12345', '008613800001111', '86-13800001111', '138 0000 1111', '+86-12345', '+', 'abc']) {
      const reply = await mobile(form);
      expect(reply.status, form).to.equal(400);
      expect(reply.json(), form).to.include({ error_code: 'IDAAS.TENANT.USER.0020' });
    }
  });

  it('a dialling code that is not allowed', async () => {
    for (const form of ['+1-2025550100', '+12025550100', '+852-51234567']) {
      const reply = await mobile(form);
      expect(reply.status, form).to.equal(400);
      expect(reply.json(), form).to.include({ error_code: 'IDAAS.TENANT.MOBILE.0002' });
    }
  });

  it('13800000503 is always 503 with an HTML body', async () => {
    for (let round = 0; round < 3; round++) {
      const reply = await mobile('13800000503');
      expect(reply.status).to.equal(503);
      expect(reply.headers['content-type']).to.equal('text/html');
      expect(reply.text).to.match(/^<html>/);
    }
  });
});
