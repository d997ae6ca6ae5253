import { expect } from 'chai';
import type { Simulator } from '../../../src/simulator/simulator';
import { FORM_TYPE, TOKEN, basic, callForToken, lookUp, newToken, send, start, stopAll } from './support';

const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();
const GRANT = { grant_type: 'client_credentials' };

describe('demo tenant: tokens', () => {
  let simulator: Simulator;
  const call = (headers: Record<string, string>, body: string) =>
    send(simulator, { path: TOKEN, headers: { 'content-type': FORM_TYPE, ...headers }, body });
  const mobile = (token: string) => lookUp(simulator, token, 'mobile', { mobile: '13800001111' });
  const refusal = (status: number, error: string, description: string) => ({ status, body: { error, error_description: description } });
  const seen = async (reply: ReturnType<typeof call>) => ({ status: (await reply).status, body: (await reply).json() });

  afterEach(stopAll);

  describe('the token call', () => {
    beforeEach(async () => {
      simulator = await start();
    });

    it('answers the credentials in a Basic header, with a colon in the secret too', async () => {
      const reply = await callForToken(simulator, 'client', 'se:cret');
      expect(reply.status).to.equal(200);
      expect(reply.headers['cache-control']).to.equal('no-store');
      const body = reply.json() as Record<string, unknown>;
      expect(body).to.have.all.keys('access_token', 'token_type', 'expires_in', 'scope', 'id_token');
      expect(body).to.include({ token_type: 'Bearer', expires_in: 1800 });
      expect(body.access_token).to.match(/^[\w-]{20,}$/);
    });

    it('answers the credentials in the body, with a charset named too', async () => {
      const body = form({ ...GRANT, client_id: 'client', client_secret: 'secret' });
      for (const type of [FORM_TYPE, `${FORM_TYPE}; charset=utf-8`]) {
        const reply = await call({ 'content-type': type }, body);
        expect(reply.status).to.equal(200);
        const { access_token: token } = reply.json() as { access_token: string };
        expect((await mobile(token)).status).to.equal(200);
      }
    });

    it('refuses wrong, empty and missing credentials', async () => {
      const bad = refusal(401, 'invalid_client', 'Bad client credentials');
      const headers = [basic('wrong', 'x'), basic('x', 'wrong'), basic('', 'x'), basic('x', ''), 'Basic', 'Basic ???', `basic ${btoa('x:y')}`, `Bearer ${btoa('x:y')}`];
      for (const authorization of headers) {
        expect(await seen(call({ authorization }, form(GRANT))), authorization).to.deep.equal(bad);
      }
      const bodies = [{ client_id: 'wrong', client_secret: 'x' }, { client_id: 'x', client_secret: 'wrong' }, { client_id: 'x' }, { client_secret: 'x' }, {}];
      for (const fields of bodies) {
        expect(await seen(call({}, form({ ...GRANT, ...fields }))), JSON.stringify(fields)).to.deep.equal(bad);
      }
    });

    it('refuses another grant, and none', async () => {
      const authorization = basic('a', 'b');
      expect(await seen(call({ authorization }, form({ grant_type: 'password' }))))
        .to.deep.equal(refusal(400, 'unsupported_grant_type', 'Unsupported grant type: password'));
      expect(await seen(call({ authorization }, ''))).to.deep.equal(refusal(400, 'invalid_request', 'Missing grant type'));
    });

    it('refuses credentials in both places', async () => {
      const reply = await seen(call({ authorization: basic('a', 'b') }, form({ ...GRANT, client_id: 'a', client_secret: 'b' })));
      expect(reply).to.deep.include({ status: 400 }).and.to.have.nested.property('body.error', 'invalid_request');
    });

    it('refuses what is no form, no POST, or carries a secret in the URL', async () => {
      const authorization = basic('a', 'b');
      expect((await call({ authorization, 'content-type': 'application/json' }, JSON.stringify(GRANT))).status).to.equal(415);
      expect((await call({ authorization, 'content-type': '' }, form(GRANT))).status).to.equal(415);
      const got = await send(simulator, { method: 'GET', path: TOKEN, headers: { authorization } });
      expect(got.status).to.equal(405);
      expect(got.headers.allow).to.equal('POST');
      expect((await send(simulator, { path: `${TOKEN}?${form({ ...GRANT, client_id: 'a', client_secret: 'b' })}` })).status).to.equal(404);
    });
  });

  describe('the life of a token', () => {
    let now = 1_700_000_000_000;
    beforeEach(async () => {
      simulator = await start({ clock: () => now, tokenLifetime: 60 });
    });

    it('ends when its lifetime is over, and not a moment before', async () => {
      const reply = await callForToken(simulator);
      expect(reply.json()).to.include({ expires_in: 60 });
      const { access_token: token } = reply.json() as { access_token: string };
      now += 59_999;
      expect((await mobile(token)).status).to.equal(200);
      now += 1;
      expect(await seen(mobile(token))).to.deep.equal(refusal(400, 'invalid_token', `Access token expired:${token}`));
    });

    it('is not ended by a newer token', async () => {
      const [older, newer] = [await newToken(simulator), await newToken(simulator)];
      expect(older).to.not.equal(newer);
      expect((await mobile(older)).status).to.equal(200);
      expect((await mobile(newer)).status).to.equal(200);
    });

    it('is forgotten an hour after its end', async () => {
      const token = await newToken(simulator);
      now += 60_000 + 3_600_000;
      await newToken(simulator);
      expect(await seen(mobile(token))).to.deep.equal(refusal(400, 'invalid_token', `Invalid access token: ${token}`));
    });
  });
});
