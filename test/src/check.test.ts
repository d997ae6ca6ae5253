import { expect } from 'chai';
import { checkSettings, type Check } from '../../src/node-api';
import { answer, found, notFound, type Script, type ScriptedTenant, silent } from '../support/servers';
import { CLIENT, closeAll, failureOf, startServer } from './support';

const unknown = (prefix: string): Script => answer(400, { error_code: `${prefix}USER.0001`, error_msg: 'User not found' });
const by = (scripts: { mobile: Script; username: Script }): Script => (seen, response) => scripts[seen.path.endsWith('mobile') ? 'mobile' : 'username'](seen, response);

describe('connection test', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
    server.onLookup = notFound;
  });
  afterEach(closeAll);

  const check = (settings: object = CLIENT, signal?: AbortSignal): Promise<Check> => checkSettings({ domain: server.url, proxy: false, ...settings }, signal);

  it('a good tenant: the token and all four lookups, asked for somebody who cannot exist, with nothing left behind', async () => {
    const { clock, ...result } = await check();
    const available = { available: true };
    expect(result).to.deep.equal({
      ok: true, reached: { ok: true }, token: { ok: true, expiresIn: 1800 }, mobile: available, username: available, email: available, id: available, dialect: 'CIAM', paused: null,
    });
    expect(Math.abs(clock.skewMs ?? Infinity)).to.be.below(2000);
    expect(server.lookups.map(({ method, path }) => `${method} ${path.replace(/connection-test-.*/, 'ID')}`).sort()).to.deep.equal([
      'GET /api/v2/tenant/users/ID', 'POST /api/v2/tenant/users/user-by-email', 'POST /api/v2/tenant/users/user-by-mobile', 'POST /api/v2/tenant/users/user-by-username',
    ]);
    expect(server.tokenCalls).to.have.length(1);
    await server.until(() => server.sockets.size === 0);
  });

  it('a fixed token has no known expiry', async () => {
    expect((await check({ auth: 'token', token: 'abc' })).token).to.deep.equal({ ok: true, expiresIn: null });
  });

  it('a fixed token that nobody could try is not called good', async () => {
    expect((await check({ auth: 'token', token: 'abc', domain: 'http://127.0.0.1:9' })).token).to.deep.equal({ ok: false, expiresIn: null });
  });

  const tenants: [string, { mobile: Script; username: Script }, Check['dialect'], boolean, boolean, boolean][] = [
    ['EIAM', { mobile: unknown(''), username: unknown('') }, 'EIAM', true, true, true],
    ['OneAccess without by-mobile', { mobile: answer(404, ''), username: unknown('') }, 'OneAccess', true, false, true],
    ['CIAM without by-username', { mobile: unknown('IDAAS.TENANT.'), username: answer(404, '<html>') }, 'CIAM', true, true, false],
    ['one lookup that is not granted', { mobile: answer(400, { error: 'access_denied' }), username: unknown('') }, null, true, false, true],
    ['neither is granted', { mobile: answer(400, { error: 'access_denied' }), username: answer(400, { error: 'access_denied' }) }, null, false, false, false],
    ['neither is served', { mobile: answer(404, ''), username: answer(404, '') }, null, false, false, false],
    ['a rule that the number breaks', { mobile: answer(400, { error_code: 'USER.0038' }), username: unknown('') }, 'EIAM', true, true, true],
    ['somebody of that name after all', { mobile: found, username: found }, null, true, true, true],
    ['one lookup out of order', { mobile: answer(503, ''), username: unknown('') }, null, false, false, true],
  ];
  for (const [name, scripts, dialect, ok, mobile, username] of tenants) {
    it(name, async () => {
      server.onLookup = by(scripts);
      const result = await check();
      expect([result.ok, result.mobile.available, result.username.available]).to.deep.equal([ok, mobile, username]);
      expect(result.dialect).to.equal(dialect);
      if (!result.ok) expect(result.error?.advice).to.match(/\.$/);
    });
  }

  it('a wrong secret, a dead network and a wrong domain are told apart', async () => {
    server.onToken = answer(401, { error: 'invalid_client' });
    expect((await check()).error).to.include({ code: 'invalid_client' });
    expect((await check()).token.ok).to.equal(false);
    server.onToken = answer(200, '<html>');
    expect((await check()).error).to.include({ code: 'CIAM.RESPONSE' });
    const gone = await startServer();
    await gone.close();
    expect((await checkSettings({ ...CLIENT, domain: gone.url, proxy: false })).error).to.include({ code: 'CIAM.NETWORK' });
  });

  it('a token that every lookup refuses is no good token', async () => {
    server.onLookup = answer(400, { error: 'invalid_token' });
    const result = await check();
    expect([result.ok, result.token.ok, result.error?.code]).to.deep.equal([false, false, 'invalid_token']);
  });

  it('asks once, whatever retries say', async () => {
    server.onLookup = answer(503, '');
    await check({ ...CLIENT, retries: 10 });
    expect(server.lookups).to.have.length(4);
  });

  it('asks at once, whatever the tenant allows its lookups', async () => {
    expect(await check({ ...CLIENT, concurrency: 1, queueLimit: 0 })).to.include({ ok: true });
    expect(await check({ ...CLIENT, rateLimit: 0.001, queueTimeout: 0.001 })).to.include({ ok: true });
    expect(await check({ demo: true, concurrency: 1, queueLimit: 0 })).to.include({ ok: true });
  });

  for (const senseless of [{ timeout: 0 }, { retries: 99 }, { cacheTtl: -1 }, { rateLimit: 'many' }, { demo: 'yes' }, { demo: true, retries: 99 }]) {
    it(`settings that make no sense are refused as ever: ${JSON.stringify(senseless)}`, async () => {
      expect(await failureOf(check({ ...CLIENT, ...senseless }))).to.include({ code: 'CIAM.CONFIG' });
    });
  }

  it('ends at once when whoever asked has gone', async () => {
    server.onToken = silent;
    const stop = new AbortController();
    const result = check(CLIENT, stop.signal);
    await server.until(() => server.tokenCalls.length === 1);
    stop.abort();
    expect((await result).error).to.include({ code: 'CIAM.CLOSED' });
    await server.until(() => server.sockets.size === 0);
  });
});
