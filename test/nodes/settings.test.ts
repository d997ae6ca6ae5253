/** What the two nodes make of their properties: defaults, environment variables, and what makes no sense. */
import { inspect } from 'node:util';
import { expect } from 'chai';
import { answer, found, ScriptedTenant, TOKEN_PATH } from '../support/servers';
import { deploy, deployWith, type Flow, helper, startServer, tearDown, TOKEN } from './support';

/** What every message ends in, and what is told once when the flow is deployed. */
const expectConfigFailure = async (flow: Flow, property: string | RegExp): Promise<void> => {
  const begins = typeof property === 'string' ? new RegExp(`^${property}: `) : property;
  for (const payload of ['13800001111', ['13800001111']] as unknown[]) {
    const { failed } = await flow.sendList({ payload, topic: 'kept' });
    expect(failed).to.include({ topic: 'kept' });
    const error = (Array.isArray(payload) ? (failed?.payload as { error: unknown }[])[0]?.error : failed?.error) as { message: string };
    expect(error).to.include({ code: 'CIAM.CONFIG', category: 'config', status: null, retryable: false });
    expect(error.message).to.match(begins);
  }
};
const WARN = 30;
const warnings = (): string[] => helper.log().args.filter(([{ level, id }]) => level === WARN && id === 'tenant').map(([{ msg }]) => String(msg));

describe('settings of the nodes', () => {
  afterEach(tearDown);

  describe('ciam-tenant', () => {
    const good = { domain: 'tenant.example.com', auth: 'token' };

    const senseless: [string, Record<string, unknown>, Record<string, string>?][] = [
      ['domain', { domain: '' }],
      ['domain', { domain: undefined }],
      ['domain', { domain: 'http://tenant.example.com' }],
      ['domain', { domain: 'tenant.example.com/path' }],
      ['domain', { domain: '${CIAM_TEST_UNSET}' }],
      ['domain', { domain: '${CIAM_TEST_UNSET}.example.com' }],
      ['domain', { domain: 7 }],
      ['demo', { demo: 'yes' }],
      ['demo', { demo: 1 }],
      ['auth', { auth: 'password' }],
      ['clientAuth', { auth: 'client-credentials', clientAuth: 'query' }, { clientId: 'i', clientSecret: 's' }],
      ['token', {}, {}],
      ['token', {}, { token: 'two words' }],
      ['clientId', { auth: 'client-credentials' }, { clientSecret: 's' }],
      ['clientSecret', { auth: 'client-credentials' }, { clientId: 'i' }],
      ['clientId', { auth: undefined }, {}],
      ['timezone', { timezone: 'Asia/Shanghai' }],
      ['tls', { tls: 'nobody' }],
      ['tls', { tls: 'user' }],
      ['tls', { tls: 7 }],
      ['proxy', { proxy: 'nobody' }],
      ['proxy', { proxy: 'user' }],
      ['proxy', { proxy: 7 }],
      ...['timeout', 'queueTimeout', 'retries', 'concurrency', 'queueLimit', 'rateLimit', 'cacheTtl', 'cacheMissTtl', 'cacheSize'].flatMap(
        (name): [string, Record<string, unknown>][] => ['-1', 'many', 1e9, '', null, '${CIAM_TEST_UNSET}', Number.NaN].map((value) => [name, { [name]: value }])),
      ['retries', { retries: 1.5 }],
      ['timeout', { timeout: 0 }],
    ];
    for (const [property, properties, credentials] of senseless) {
      it(`names ${property}: ${JSON.stringify(properties)}${credentials ? ` with ${JSON.stringify(Object.keys(credentials))}` : ''}`, async () => {
        const flow = await deploy({ tenant: { ...good, ...properties }, ...(credentials && { credentials }) });
        await expectConfigFailure(flow, property);
        expect(warnings()).to.have.length(1);
        expect(warnings()[0]).to.match(new RegExp(`^${property}: `));
      });
    }

    it('takes numbers as text, as environment variables give them', async () => {
      const server = await startServer();
      process.env['CIAM_TEST_RETRIES'] = '0';
      process.env['CIAM_TEST_TIMEOUT'] = '1.5';
      try {
        const flow = await deployWith(server, { tenant: { retries: '${CIAM_TEST_RETRIES}', timeout: '${CIAM_TEST_TIMEOUT}', concurrency: ' 2 ' } });
        expect((await flow.send({ payload: '13800001111' })).port).to.equal('found');
        expect(warnings()).to.be.empty;
      } finally {
        delete process.env['CIAM_TEST_RETRIES'];
        delete process.env['CIAM_TEST_TIMEOUT'];
      }
    });

    it('takes domain and credentials from environment variables', async () => {
      const server = await startServer();
      Object.assign(process.env, { CIAM_TEST_DOMAIN: server.url, CIAM_TEST_ID: 'id of the environment', CIAM_TEST_SECRET: 'secret of the environment' });
      try {
        const flow = await deploy({
          tenant: { domain: '${CIAM_TEST_DOMAIN}', auth: 'client-credentials' }, credentials: { clientId: '${CIAM_TEST_ID}', clientSecret: '${CIAM_TEST_SECRET}' },
        });
        expect((await flow.send({ payload: '13800001111' })).port).to.equal('found');
        const basic = Buffer.from('id of the environment:secret of the environment').toString('base64');
        expect(server.tokenCalls[0]?.headers.authorization).to.equal(`Basic ${basic}`);
      } finally {
        for (const name of ['CIAM_TEST_DOMAIN', 'CIAM_TEST_ID', 'CIAM_TEST_SECRET']) Reflect.deleteProperty(process.env, name);
      }
    });

    it('names the variable that is not set', async () => {
      const variable = '${CIAM_TEST_NOT_SET}';
      for (const [property, tenant, credentials] of [
        ['domain', { domain: variable }, { token: TOKEN }], ['timeout', { domain: 'tenant.example.com', timeout: variable }, { token: TOKEN }], ['token', { domain: 'tenant.example.com' }, { token: variable }],
      ] as const) {
        const flow = await deploy({ tenant: { auth: 'token', ...tenant }, credentials });
        expect((await flow.send({ payload: '13800001111' })).message.error).to.include({ code: 'CIAM.CONFIG', message: `${property}: the environment variable CIAM_TEST_NOT_SET is not set.` });
        await tearDown();
      }
    });

    it('sends client credentials in the body when told so', async () => {
      const server = await startServer();
      const flow = await deployWith(server, { tenant: { auth: 'client-credentials', clientAuth: 'body' }, credentials: { clientId: 'the id', clientSecret: 'the secret&' } });
      expect((await flow.send({ payload: '13800001111' })).port).to.equal('found');
      const [call] = server.tokenCalls;
      expect(call?.path).to.equal(TOKEN_PATH);
      expect(call?.headers).to.not.have.property('authorization');
      expect(call?.body.toString()).to.equal('grant_type=client_credentials&client_id=the+id&client_secret=the+secret%26');
      expect(server.lookups[0]?.headers.authorization).to.equal('Bearer token-1');
    });

    it('sends no credential that the chosen way does not need', async () => {
      const server = await startServer();
      const flow = await deployWith(server, { tenant: { auth: 'token' }, credentials: { token: TOKEN, clientId: 'left over', clientSecret: 'left over, too' } });
      await flow.send({ payload: '13800001111' });
      expect(server.tokenCalls).to.be.empty;
    });

    it('may be written by hand: what is missing has its default', async () => {
      const flow = await deploy({ tenant: { auth: undefined, name: undefined, demo: true }, credentials: {} });
      expect((await flow.send({ payload: '13800001111' })).port).to.equal('found');
    });

    it('shares one token and one limit among all its lookup nodes', async () => {
      const server = await startServer();
      const held: (() => void)[] = [];
      server.onLookup = (seen, response) => void held.push(() => found(seen, response));
      const flow = await deployWith(server, {
        tenant: { auth: 'client-credentials', concurrency: 2 }, credentials: { clientId: 'i', clientSecret: 's' },
        more: [{ id: 'other', type: 'ciam-user', z: 'tab', x: 0, y: 0, tenant: 'tenant', wires: [['found'], ['failed']] }],
      });
      const both = [flow.send({ payload: '1' }), flow.send({ payload: '2' }), flow.send({ payload: '3' })];
      helper.getNode('other')?.receive({ payload: '4' });
      await server.until(() => held.length === 2);
      server.onLookup = found;
      for (const give of held) give();
      await Promise.all(both);
      await server.until(() => server.lookups.length === 4);
      expect(server.mostInFlight).to.equal(2);
      expect(server.tokenCalls).to.have.length(1);
    });
  });

  describe('ciam-user', () => {
    const senseless: [string, Record<string, unknown>][] = [
      ['tenant', { tenant: '' }],
      ['tenant', { tenant: undefined }],
      ['tenant', { tenant: 'nobody' }],
      ['tenant', { tenant: 'found' }],
      ['by', { by: 'name' }],
      ['by', { by: '' }],
      ['by', { by: 'constructor' }],
      ['value', { value: '' }],
      ['value', { value: {} }],
      ['valueType', { valueType: 'date' }],
      ['output', { output: '' }],
      ['output', { output: 7 }],
      ['output', { output: 'error' }],
      ['output', { output: 'msg.lookup.user' }],
      ['fields', { fields: ['name'] }],
      ['normalise', { normalise: 'yes' }],
      ['onFailure', { onFailure: 'ignore' }],
    ];
    for (const [property, properties] of senseless) {
      it(`names ${property}: ${JSON.stringify(properties)}`, async () => {
        await expectConfigFailure(await deploy({ user: properties, tenant: { demo: true } }), property);
      });
    }

    it('tells a setting that makes no sense where the result would have been, and leaves the rest alone', async () => {
      const flow = await deploy({ user: { by: '${CIAM_TEST_UNSET}', output: 'result' }, tenant: { demo: true } });
      const { port, message } = await flow.send({ payload: '13800001111' });
      expect(port).to.equal('failed');
      expect(message).to.deep.include({ payload: '13800001111', result: 'CIAM.CONFIG' });
      expect(message.lookup).to.include({ by: '${CIAM_TEST_UNSET}', tenant: 'demo', attempts: 0 });
    });

    it('keeps what makes sense beside it: a list stays one, with its rows, in the place of the value', async () => {
      const flow = await deploy({ user: { normalise: 'maybe', list: 'together', item: 'm', value: 'rows', output: 'result', name: 'kept' }, tenant: { demo: true } });
      const row = { m: '15200000000' };
      const { port, message } = await flow.send({ payload: 'x', rows: [row] });
      expect(port).to.equal('found');
      const [entry] = message['result'] as { item: unknown; user: unknown; error: { code: string } }[];
      expect(entry).to.deep.include({ item: row, user: null });
      expect(entry?.error.code).to.equal('CIAM.CONFIG');
    });

    it('takes a switch as text, as environment variables give it', async () => {
      const server = await startServer();
      server.onLookup = answer(200, { user_id: 'u-1', disabled: 'false' });
      const off = await deployWith(server, { user: { normalise: 'false' }, tenant: { demo: 'false' } });
      expect((await off.send({ payload: '13800001111' })).message.payload).to.deep.equal({ user_id: 'u-1', disabled: 'false' });
      await helper.unload();
      const on = await deployWith(server, { user: { normalise: 'true' } });
      expect((await on.send({ payload: '13800001111' })).message.payload).to.deep.equal({ user_id: 'u-1', disabled: false });
    });

    it('says so when its tenant is disabled', async () => {
      await expectConfigFailure(await deploy({ tenant: { demo: true, d: true } }), 'tenant');
    });

    it('gives a senseless setting to Catch nodes when told so', async () => {
      const flow = await deploy({ user: { by: 'name', onFailure: 'catch' }, tenant: { demo: true } });
      const { port, message } = await flow.send({ payload: '13800001111' });
      expect(port).to.equal('caught');
      expect(message.error).to.include({ code: 'CIAM.CONFIG' });
      expect(message.payload).to.equal('CIAM.CONFIG');
    });

    it('may be written by hand: what is missing has its default', async () => {
      const server = await startServer();
      const flow = await deployWith(server);
      const { message } = await flow.send({ payload: '13800001111' });
      expect(message.lookup).to.include({ by: 'mobile' });
      expect(message.payload).to.include({ user_id: 'id of 13800001111' });
    });
  });

  it('shows no secret in any log line, whatever happens', async () => {
    const server = await ScriptedTenant.start();
    const secrets = { token: 'token-nobody-sees-1', clientId: 'client-nobody-sees-2', clientSecret: 'secret-nobody-sees-3' };
    const flow = await deployWith(server, { tenant: { auth: 'client-credentials', retries: 0 }, credentials: secrets, user: { onFailure: 'catch' } });
    server.onToken = (_seen, response) => response.writeHead(401).end(JSON.stringify({ error: 'invalid_client', error_description: `Bad ${secrets.clientSecret}` }));
    const { message } = await flow.send({ payload: '13800001111' });
    await server.close();
    const { message: second } = await flow.send({ payload: '13800001111' });
    const logged = JSON.stringify(helper.log().args.map(([{ msg }]) => (msg instanceof Error ? inspect(msg, { showHidden: true }) : msg)));
    for (const text of [logged, JSON.stringify(message), JSON.stringify(second)]) expect(text).to.not.include('nobody-sees');
    expect(logged).to.not.include('13800001111');
  });
});
