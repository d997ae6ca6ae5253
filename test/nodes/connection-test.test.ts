/** The connection test of the dialog: what works, and what to do about what does not. */
import { expect } from 'chai';
import { mock } from 'node:test';
import { startSimulator } from '../../src/simulator/simulator';
import type { ConnectionTestAnswer } from '../support/connection-test';
import { answer, grants, notFound, type ScriptedTenant, type Seen, silent } from '../support/servers';
import { post } from './admin';
import { deploy, deployWith, startServer, tearDown } from './support';

const CLIENT = { clientId: 'an id', clientSecret: 'the-secret-nobody-sees' };
const notFoundEiam = answer(400, { error_code: 'USER.0001', error_msg: 'User not found' });
const missing = answer(404, '<html>not here</html>');
const notGranted = answer(400, { error: 'access_denied', error_description: 'no' });

describe('connection test', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
    server.onLookup = notFound;
  });
  afterEach(tearDown);

  const test = async (body: object = {}, id = 'tenant'): Promise<ConnectionTestAnswer> => {
    const { status, body: result } = await post(`/ciam-tenant/${id}/test`, body);
    expect(status).to.equal(200);
    return result as ConnectionTestAnswer;
  };
  const deployClient = (tenant: object = {}) => deployWith(server, { tenant: { auth: 'client-credentials', ...tenant }, credentials: CLIENT });
  const perWay = (mobile: typeof notFound, username: typeof notFound) => (seen: Seen, response: Parameters<typeof notFound>[1]) =>
    (seen.path.endsWith('mobile') ? mobile : username)(seen, response);

  it('says that all works', async () => {
    const simulator = await startSimulator();
    try {
      await deployWith(simulator, { tenant: { auth: 'client-credentials' }, credentials: CLIENT });
      const { clock, ...result } = await test();
      const available = { available: true };
      expect(result).to.deep.equal({
        ok: true, reached: { ok: true }, token: { ok: true, expiresIn: 1800 },
        mobile: available, username: available, email: available, id: available, dialect: 'CIAM', paused: null,
      });
      expect(clock.skewMs).to.be.within(-1500, 1500);
    } finally {
      await simulator.close();
    }
  });

  it('asks for nobody who could exist, each way once', async () => {
    await deployClient({ retries: 5 });
    await test();
    expect(server.lookups.map(({ path, body }) => `${path.replace(/.*\//, '')}${body.toString()}`.replace(/-[0-9a-f]{8}-[0-9a-f-]{27}/, '-UUID')).sort()).to.deep.equal([
      'connection-test-UUID', 'user-by-email{"email":"connection-test-UUID@example.com"}',
      'user-by-mobile{"mobile":"10000000000"}', 'user-by-username{"user_name":"connection-test-UUID"}',
    ]);
  });

  it('asks once, whatever the retries', async () => {
    await deployClient({ retries: 5 });
    server.onLookup = answer(503, '');
    expect(await test()).to.have.nested.property('error.code', 'CIAM.HTTP.503');
    expect(server.lookups).to.have.length(4);
  });

  it('tells which lookup is missing, which is no failure of the test', async () => {
    await deployClient();
    server.onLookup = perWay(missing, notFoundEiam);
    const result = await test();
    expect(result).to.deep.include({ ok: true, username: { available: true }, dialect: 'OneAccess' });
    expect(result.mobile).to.have.property('available', false);
    expect(result.mobile.error).to.include({ code: 'CIAM.HTTP.404' });
    server.onLookup = perWay(notFound, missing);
    expect(await test()).to.deep.include({ ok: true, mobile: { available: true }, dialect: 'CIAM' });
  });

  it('tells a lookup that is not granted', async () => {
    await deployClient();
    server.onLookup = perWay(notGranted, notFoundEiam);
    const result = await test();
    expect(result).to.include({ ok: true });
    expect(result.mobile.error).to.include({ code: 'access_denied', category: 'forbidden' });
    server.onLookup = notGranted;
    expect(await test()).to.have.nested.property('error.category', 'forbidden');
  });

  it('tells the dialects apart', async () => {
    await deployClient();
    server.onLookup = notFoundEiam;
    expect(await test()).to.include({ ok: true, dialect: 'EIAM' });
  });

  it('names a wrong secret', async () => {
    await deployClient();
    server.onToken = answer(401, { error: 'invalid_client', error_description: `Bad client credentials ${CLIENT.clientSecret}` });
    const result = await test();
    expect(result).to.deep.include({ ok: false, token: { ok: false, expiresIn: null }, mobile: { available: false }, username: { available: false }, dialect: null });
    expect(result.error).to.include({
      code: 'invalid_client', category: 'unauthorized', advice: 'Check the client id and client secret in the tenant node against the admin portal; after a reset only the new secret works. A strict server may want a secret with + or % in the body (clientAuth).',
    });
    expect(JSON.stringify(result)).to.not.include('nobody-sees');
    expect(server.lookups).to.be.empty;
  });

  it('names a wrong token', async () => {
    await deployWith(server);
    server.onLookup = answer(400, { error: 'invalid_token', error_description: 'Invalid access token' });
    const result = await test();
    expect(result).to.deep.include({ ok: false, token: { ok: false, expiresIn: null } });
    expect(result.error).to.include({ code: 'invalid_token', category: 'unauthorized' });
  });

  it('names a wrong domain: something else answers there', async () => {
    await deployClient();
    for (const [script, code] of [[answer(200, '<html>'), 'CIAM.RESPONSE'], [missing, 'CIAM.HTTP.404'], [answer(302, '', { location: 'https://login.example.com' }), 'CIAM.RESPONSE']] as const) {
      server.onToken = script;
      const result = await test();
      expect(result).to.include({ ok: false });
      expect(result.error).to.include({ code });
    }
  });

  it('names a dead network', async () => {
    const { url } = server;
    await server.close();
    await deployWith({ url });
    expect((await test()).error).to.include({ code: 'CIAM.NETWORK', category: 'unavailable' });
  });

  it('names a setting that makes no sense', async () => {
    await deployClient();
    const result = await test({ domain: 'http://tenant.example.com' });
    expect(result).to.deep.include({ ok: false, token: { ok: false, expiresIn: null } });
    expect(result.error).to.include({ code: 'CIAM.CONFIG' }).and.to.have.property('message').that.matches(/^domain: /);
    expect((await test({ timeout: 'soon' })).error).to.have.property('message').that.matches(/^timeout: /);
  });

  describe('values that are not deployed yet', () => {
    it('take the place of the deployed ones', async () => {
      await deployClient({ domain: 'nobody.invalid' });
      expect(await test({ domain: server.url, clientAuth: 'body', clientId: 'new id', clientSecret: 'new secret' })).to.include({ ok: true });
      expect(server.tokenCalls[0]?.body.toString()).to.equal('grant_type=client_credentials&client_id=new+id&client_secret=new+secret');
    });

    it('leave the stored secret where it is not shown', async () => {
      await deployClient();
      await test({ clientId: 'new id', clientSecret: '__PWRD__' });
      expect(server.tokenCalls[0]?.headers.authorization).to.equal(`Basic ${Buffer.from(`new id:${CLIENT.clientSecret}`).toString('base64')}`);
    });

    it('may name environment variables', async () => {
      await deployClient();
      Object.assign(process.env, { CIAM_TEST_URL: server.url, CIAM_TEST_SECRET: 'of the environment' });
      try {
        await test({ domain: '${CIAM_TEST_URL}', clientId: 'id', clientSecret: '${CIAM_TEST_SECRET}' });
        expect(server.tokenCalls[0]?.headers.authorization).to.equal(`Basic ${Buffer.from('id:of the environment').toString('base64')}`);
      } finally {
        delete process.env['CIAM_TEST_URL'];
        delete process.env['CIAM_TEST_SECRET'];
      }
    });

    it('are substituted as a deployment does it: whole values only, and no stored secret twice', async () => {
      Object.assign(process.env, { CIAM_TEST_HOST: 'x', CIAM_TEST_PART: 'y' });
      try {
        const secret = 'ab${CIAM_TEST_PART}ef';
        await deployWith(server, { tenant: { auth: 'client-credentials' }, credentials: { clientId: 'id', clientSecret: secret } });
        await test();
        await test({ clientId: 'id', clientSecret: secret });
        const sent = `Basic ${Buffer.from(`id:${secret}`).toString('base64')}`;
        expect(server.tokenCalls.map(({ headers }) => headers.authorization)).to.deep.equal([sent, sent]);
        expect((await test({ domain: '${CIAM_TEST_HOST}.example.com' })).error).to.have.property('message').that.matches(/^domain: .*whole value/);
        expect((await test({ domain: '${CIAM_TEST_UNSET}' })).error).to.have.property('message').that.matches(/^domain: .*not set/);
      } finally {
        delete process.env['CIAM_TEST_HOST'];
        delete process.env['CIAM_TEST_PART'];
      }
    });

    it('need no deployed node', async () => {
      await deploy({ tenant: { demo: true } });
      expect(await test({ domain: server.url, auth: 'client-credentials', ...CLIENT }, 'fresh')).to.include({ ok: true });
      expect((await test({ domain: server.url, auth: 'client-credentials', clientId: 'id', clientSecret: '__PWRD__' }, 'fresh')).error)
        .to.have.property('message').that.matches(/^clientSecret: /);
      expect(await test({ demo: true }, 'fresh')).to.include({ ok: true, dialect: 'CIAM' });
    });

    it('get at no secret of another kind of node', async () => {
      await deploy({
        tenant: { demo: true }, more: [{ id: 'other', type: 'helper', z: 'tab', x: 0, y: 0, wires: [] }],
        moreCredentials: { other: { clientId: 'stolen', clientSecret: 'stolen' } },
      });
      const result = await test({ domain: server.url, auth: 'client-credentials', clientId: '__PWRD__', clientSecret: '__PWRD__' }, 'other');
      expect(result.error).to.include({ code: 'CIAM.CONFIG' });
      expect(server.tokenCalls).to.be.empty;
    });
  });

  it('takes a body that is none for no values', async () => {
    await deployClient();
    expect(await test([])).to.include({ ok: true });
  });

  it('is cancelled when the dialog is closed', async () => {
    await deployClient();
    server.onToken = silent;
    const dialog = new AbortController();
    const call = post('/ciam-tenant/tenant/test', {}, dialog.signal).catch((error: unknown) => error);
    await server.until(() => server.tokenCalls.length === 1);
    dialog.abort();
    expect(await call).to.be.instanceOf(Error);
    await server.until(() => server.sockets.size === 0);
  });

  it('waits 10 s at most, whatever the timeout', async () => {
    await deployClient({ timeout: 3600 });
    server.onLookup = silent;
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const result = test();
      await server.until(() => server.lookups.length === 4);
      mock.timers.tick(9999);
      expect(server.sockets.size).to.be.above(0);
      mock.timers.tick(1);
      expect((await result).error).to.include({ code: 'CIAM.TIMEOUT' });
      await server.until(() => server.sockets.size === 0);
    } finally {
      mock.timers.reset();
    }
  });

  it('tells what it has learnt when time is up', async () => {
    await deployClient({ timeout: 3600 });
    server.onLookup = perWay(notFound, silent);
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const result = test();
      await server.until(() => server.lookups.length === 4);
      // The answer by mobile is in when a second look at the server's side is.
      await server.until(() => server.inFlight === 3);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      mock.timers.tick(10_000);
      const { ok, token, mobile, username, error } = await result;
      expect([ok, token.ok, mobile.available, username.available]).to.deep.equal([false, true, true, false]);
      expect([error?.code, username.error?.code]).to.deep.equal(['CIAM.TIMEOUT', 'CIAM.TIMEOUT']);
    } finally {
      mock.timers.reset();
    }
  });

  it('disturbs no lookup: it has a token and connections of its own', async () => {
    const flow = await deployClient();
    server.onToken = grants();
    await flow.send({ payload: '13800001111' });
    await test();
    await flow.send({ payload: '13800001111' });
    expect(server.tokenCalls).to.have.length(2);
    expect(server.lookups.at(-1)?.headers.authorization).to.equal('Bearer token-1');
  });
});
