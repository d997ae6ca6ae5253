import { expect } from 'chai';
import { type Simulator, type UserRecord, startSimulator } from '../../../src/simulator/simulator';
import { failureOf, lookUp, newToken, send, start, stopAll, USERS } from './support';

const WANG: UserRecord = { user_id: 'w/1', user_name: 'Wang', mobile: '+86-13600000001', email: 'Wang@example.com', extension: { a: [1, null] }, extra: true };
const MEYER: UserRecord = { user_id: 'm', mobile: '+49-15112345678', user_name: null, email: '' };

describe('simulator with users of its own', () => {
  let simulator: Simulator;
  let token: string;
  const find = async (mode: string, body: unknown): Promise<unknown> => (await lookUp(simulator, token, mode, body)).json();

  beforeEach(async () => {
    simulator = await start({ users: [WANG, MEYER] });
    token = await newToken(simulator);
  });
  afterEach(stopAll);

  it('finds each by all its keys, as it was given', async () => {
    for (const mobile of ['13600000001', '+8613600000001', '+86-13600000001']) expect(await find('mobile', { mobile })).to.deep.equal(WANG);
    expect(await find('username', { user_name: 'wANG' })).to.deep.equal(WANG);
    expect(await find('email', { email: 'wang@EXAMPLE.com' })).to.deep.equal(WANG);
    const byId = await send(simulator, { method: 'GET', path: `${USERS}/${encodeURIComponent('w/1')}`, headers: { authorization: `Bearer ${token}` } });
    expect(byId.json()).to.deep.equal(WANG);
  });

  it('allows the dialling code of a user it has, and no other', async () => {
    expect(await find('mobile', { mobile: '+49-15112345678' })).to.deep.equal(MEYER);
    expect(await find('mobile', { mobile: '+1-2025550100' })).to.include({ error_code: 'IDAAS.TENANT.MOBILE.0002' });
  });

  it('has them in place of the demo users; the numbers that mean trouble stay', async () => {
    expect(await find('mobile', { mobile: '13800001111' })).to.include({ error_code: 'IDAAS.TENANT.USER.0001' });
    expect(await find('username', { user_name: 'zhangsan' })).to.include({ error_code: 'USER.0001' });
    expect(await find('mobile', { mobile: '13800000500' })).to.include({ error_code: 'IDAAS.TENANT.COM.0002' });
    expect(await find('mobile', { mobile: '13800000500' })).to.include({ mobile: '13800000500' });
  });

  it('keeps the meaning of the table even for a user who has one of its numbers or names', async () => {
    const other = await start({ users: [{ user_id: 'a', mobile: '13800000404', user_name: 'nobody' }, { user_id: 'b', mobile: '13800000429' }] });
    const bearer = await newToken(other);
    expect((await lookUp(other, bearer, 'mobile', { mobile: '13800000404' })).status).to.equal(400);
    expect((await lookUp(other, bearer, 'username', { user_name: 'nobody' })).status).to.equal(400);
    expect((await lookUp(other, bearer, 'mobile', { mobile: '13800000429' })).status).to.equal(429);
    expect((await lookUp(other, bearer, 'mobile', { mobile: '13800000429' })).json()).to.include({ user_id: 'b' });
  });

  it('may be none at all', async () => {
    const empty = await start({ users: [] });
    const reply = await lookUp(empty, await newToken(empty), 'username', { user_name: 'zhangsan' });
    expect(reply.json()).to.include({ error_code: 'USER.0001' });
  });

  it('names the entry that cannot be used', async () => {
    const refused: [unknown, string][] = [
      [{}, 'users must be a list.'],
      [[WANG, null], 'users[1] must be an object.'],
      [['x'], 'users[0] must be an object.'],
      [[[]], 'users[0] must be an object.'],
      [[WANG, { mobile: '13600000002' }], 'users[1].user_id is missing; it must be a text.'],
      [[{ user_id: 7 }], 'users[0].user_id is missing; it must be a text.'],
      [[{ user_id: 'x', mobile: 13600000002 }], 'users[0].mobile must be a text.'],
      [[WANG, { user_id: 'x', user_name: 'wang' }], 'users[1].user_name is that of an earlier user.'],
      [[WANG, { user_id: 'x', mobile: '13600000001' }], 'users[1].mobile is that of an earlier user.'],
    ];
    for (const [users, message] of refused) {
      const failure = await failureOf(startSimulator({ users: users as UserRecord[] }));
      expect(failure).to.be.an.instanceOf(Error).with.property('message', message);
    }
  });
});
