import { expect } from 'chai';
import type { Simulator } from '../../../src/simulator/simulator';
import { type Call, JSON_TYPE, USERS, newToken, send, start, stopAll } from './support';

const GOOD = '{"mobile":"13800001111"}';

describe('demo tenant: what it refuses', () => {
  let simulator: Simulator;
  let authorization: string;
  const lookup = ({ headers, ...call }: Partial<Call>) =>
    send(simulator, { path: `${USERS}/user-by-mobile`, body: GOOD, ...call, headers: { authorization, 'content-type': JSON_TYPE, ...headers } });

  beforeEach(async () => {
    simulator = await start();
    authorization = `Bearer ${await newToken(simulator)}`;
  });
  afterEach(stopAll);

  it('nothing of a good request, with both published content types', async () => {
    for (const type of [JSON_TYPE, 'application/json;charset=utf8', 'application/json', 'Application/JSON; Charset="UTF-8"']) {
      expect((await lookup({ headers: { 'content-type': type } })).status, type).to.equal(200);
    }
    expect((await lookup({ body: Buffer.from('{ "mobile" : "13800001111" }\n') })).status).to.equal(200);
  });

  it('says what it is to whoever opens its address', async () => {
    const { status, headers, text } = await send(simulator, { method: 'GET', path: '/' });
    expect({ status, type: headers['content-type'] }).to.deep.equal({ status: 200, type: 'text/plain; charset=utf-8' });
    expect(text).to.match(/^This is ciam-simulator, a demo tenant/).and.include('as the domain');
    expect((await send(simulator, { method: 'POST', path: '/' })).status).to.equal(405);
  });

  it('a path it does not know', async () => {
    const paths = ['/api/v2/tenant', USERS, `${USERS}/`, `${USERS}/user-by-mobile/`, `${USERS}/user-by-mobile?x=1`, '/api/v1/tenant/users/user-by-mobile', `${USERS}/a/b`];
    for (const path of paths) {
      const reply = await lookup({ path });
      expect(reply.status, path).to.equal(404);
      expect(reply.headers['content-type'], path).to.equal('text/html');
    }
  });

  it('a method that the path does not have', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const reply = await lookup({ method });
      expect(reply.status, method).to.equal(405);
      expect(reply.headers.allow, method).to.equal('POST');
    }
    const byId = await lookup({ path: `${USERS}/20220126153857263-A04D-60E0D446C` });
    expect(byId.status).to.equal(405);
    expect(byId.headers.allow).to.equal('GET');
  });

  it('a request without a bearer token, on every lookup', async () => {
    const calls: Call[] = [
      ...['mobile', 'username', 'email'].map((mode) => ({ path: `${USERS}/user-by-${mode}`, body: '{}' })),
      { method: 'GET', path: `${USERS}/somebody` },
    ];
    for (const call of calls) {
      for (const headers of [{}, { authorization: '' }, { authorization: 'Basic YTpi' }, { authorization: 'Bearer' }, { authorization: authorization.slice(7) }, { authorization: `${authorization} x` }]) {
        const reply = await send(simulator, { ...call, headers: { 'content-type': JSON_TYPE, ...headers } });
        expect(reply.status).to.equal(401);
        expect(reply.json()).to.include({ error: 'unauthorized_user' });
      }
    }
  });

  it('a token it never issued, on every lookup', async () => {
    const calls: Call[] = [
      ...['mobile', 'username', 'email'].map((mode) => ({ path: `${USERS}/user-by-${mode}`, body: '{}' })),
      { method: 'GET', path: `${USERS}/somebody` },
    ];
    for (const call of calls) {
      const reply = await send(simulator, { ...call, headers: { authorization: 'Bearer made-up', 'content-type': JSON_TYPE } });
      expect(reply.status).to.equal(400);
      expect(reply.json()).to.deep.equal({ error: 'invalid_token', error_description: 'Invalid access token: made-up' });
    }
  });

  it('a body of another type', async () => {
    for (const type of ['', 'text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=gbk', 'application/json; charset=utf-8; x=y', 'application/jsonx']) {
      expect((await lookup({ headers: { 'content-type': type } })).status, type).to.equal(415);
    }
  });

  it('a body that is no JSON object in UTF-8', async () => {
    const bodies = ['', '{', 'mobile=13800001111', '[]', '"13800001111"', 'null', `\uFEFF${GOOD}`, Buffer.from('{"mobile":"\xff"}', 'latin1')];
    for (const body of bodies) {
      const reply = await lookup({ body });
      expect(reply.status, String(body)).to.equal(400);
      expect(reply.json(), String(body)).to.include({ error: 'invalid_request' });
    }
  });

  it('a missing, null or empty value, with the code of the field', async () => {
    const fields = [['mobile', 'mobile', 'IDAAS.TENANT.USER.0004'], ['username', 'user_name', 'USER.0002']] as const;
    for (const [mode, key, code] of fields) {
      for (const body of [{}, { [key]: null }, { [key]: '' }, { [key]: ' \t' }, { wrong_key: '13800001111' }]) {
        const reply = await lookup({ path: `${USERS}/user-by-${mode}`, body: JSON.stringify(body) });
        expect(reply.status).to.equal(400);
        expect(reply.json()).to.include({ error_code: code });
      }
    }
    const email = await lookup({ path: `${USERS}/user-by-email`, body: '{}' });
    expect(email.status).to.equal(400);
    expect(email.json()).to.include({ error: 'invalid_request' });
  });

  it('a value that is no string, and a key too many', async () => {
    for (const body of ['{"mobile":13800001111}', '{"mobile":["13800001111"]}', '{"mobile":{}}', '{"mobile":true}', '{"mobile":"13800001111","user_name":"zhangsan"}']) {
      const reply = await lookup({ body });
      expect(reply.status, body).to.equal(400);
      expect(reply.json(), body).to.include({ error: 'invalid_request' });
    }
  });

  it('a body over 64 KiB, and none just below', async () => {
    const padded = (bytes: number): string => GOOD + ' '.repeat(bytes - GOOD.length);
    expect((await lookup({ body: padded(65_536) })).status).to.equal(200);
    const reply = await lookup({ body: padded(65_537) });
    expect(reply.status).to.equal(413);
    expect(reply.headers.connection).to.equal('close');
  });

  it('an id whose escapes are broken; a good one may be escaped', async () => {
    const get = (id: string) => send(simulator, { method: 'GET', path: `${USERS}/${id}`, headers: { authorization } });
    expect((await get('%E0%A4%A')).status).to.equal(400);
    expect((await get('20220126153857263%2DA04D-60E0D446C')).status).to.equal(200);
  });
});
