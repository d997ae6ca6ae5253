/** What dialogs and monitoring ask the runtime, besides the connection test itself. */
import { expect } from 'chai';
import parse from 'parse-prometheus-text-format';
import tenantNodes from '../../nodes/ciam-tenant/ciam-tenant';
import userNodes from '../../nodes/ciam-user/ciam-user';
import type { Red } from '../../nodes/shared/red';
import { addTestRoute } from '../../nodes/shared/routes';
import { answer, found, notFound, type ScriptedTenant, silent } from '../support/servers';
import { get, post, postText } from './admin';
import { deploy, deployWith, startServer, tearDown, TOKEN, withTexts } from './support';

/** What a dialog of this language is told. */
const REFUSED = {
  400: [['en-US', 'These values cannot be used: nobody can.'], ['zh-CN', '这些值无法使用：nobody can.']],
  413: [['en-US', 'This is longer than 64 kB.'], ['zh-CN', '内容超过 64 kB。']],
  429: [['en-US', '4 of these run already: try again in a moment.'], ['zh-CN', '已有 4 个正在运行：请稍后再试。']],
} as const;

describe('routes', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(tearDown);

  it('that use secrets want the right to deploy flows; the figures want a right to read', () => {
    const wanted: string[] = [];
    const red = {
      nodes: { registerType: () => undefined }, auth: { needsPermission: (permission: string) => permission },
      httpAdmin: {
        get: (path: string, permission: unknown) => wanted.push(`GET ${path} ${String(permission)}`),
        post: (path: string, permission: unknown) => wanted.push(`POST ${path} ${String(permission)}`),
      },
    } as unknown as Red;
    tenantNodes(red);
    userNodes(red);
    expect(wanted.sort()).to.deep.equal([
      'GET /ciam-tenant/:id/app ciam-tenant.read', 'GET /ciam-tenant/:id/stats ciam-tenant.read', 'GET /ciam-tenant/metrics ciam-tenant.read',
      'POST /ciam-tenant/:id/test flows.write', 'POST /ciam-user/try flows.write',
    ]);
  });

  for (const path of ['/ciam-tenant/tenant/test', '/ciam-user/try']) {
    it(`${path} runs four times at once at most, and takes 64 kB`, async () => {
      await deployWith(server, { tenant: { auth: 'client-credentials' }, credentials: { clientId: 'i', clientSecret: 's' } });
      server.onToken = silent;
      const body = { tenant: { id: 'tenant' }, user: {}, value: '13800001111' };
      const four = Array.from({ length: 4 }, () => new AbortController());
      const running = four.map(({ signal }) => post(path, body, signal).catch((error: unknown) => error));
      await server.until(() => server.tokenCalls.length === 4);
      for (const [language, words] of REFUSED[429]) expect(await post(path, body, undefined, language)).to.deep.equal({ status: 429, body: { ok: false, error: { code: 'CIAM.HTTP.429', message: words } } });
      for (const one of four) one.abort();
      await Promise.all(running);
      await server.until(() => server.sockets.size === 0);
      const long = { tenant: { id: 'tenant', name: 'x'.repeat(64 * 1024) } };
      for (const [language, words] of REFUSED[413]) expect(await post(path, long, undefined, language)).to.deep.equal({ status: 413, body: { ok: false, error: { code: 'CIAM.HTTP.413', message: words } } });
    });

    it(`${path} answers nonsense below 500`, async () => {
      await deployWith(server);
      for (const body of [null, [], 7, 'text', {}, { tenant: 7, user: 7, value: {} }, { domain: {}, tls: 'nobody', user: { fields: 7 } }, { tls: 'user' }, { demo: 'yes' }, { user: { item: {} } }] as unknown[]) {
        const { status } = await post(path, body);
        expect(status, JSON.stringify(body)).to.be.below(500);
      }
      const nested = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
      for (const text of [nested, `{"domain":${nested}}`, `{"tenant":{"id":"tenant"},"value":${nested}}`, '{"a":', '']) expect((await postText(path, text)).status, text.slice(0, 40)).to.be.below(500);
    });
  }

  it('that meet something unforeseen say so in the language of the dialog', async () => {
    await deploy({ tenant: { demo: true }, types: [withTexts((red) => addTestRoute(red, '/unforeseen', () => Promise.reject(new Error('nobody can.'))))] });
    for (const [language, words] of REFUSED[400]) expect(await post('/unforeseen', {}, undefined, language)).to.deep.equal({ status: 400, body: { ok: false, error: { code: 'CIAM.HTTP.400', message: words } } });
  });

  describe('POST ciam-user/try', () => {
    const tried = async (user: object, value: unknown, tenant: object = { id: 'tenant' }): Promise<Record<string, unknown>> => {
      const { status, body } = await post('/ciam-user/try', { tenant, user, value });
      expect(status).to.equal(200);
      return body as Record<string, unknown>;
    };

    it('gives what would enter the message: a user with the fields that are kept', async () => {
      await deployWith(server);
      const result = await tried({ by: 'username', fields: 'user_id' }, 'anna');
      expect(result).to.deep.include({ output: 1, payload: { user_id: 'id of anna' } });
      expect(result.lookup).to.include({ by: 'username', value: 'anna', source: 'tenant' });
      expect(result).to.not.have.property('error');
    });

    it('gives a failure with its advice', async () => {
      await deployWith(server);
      server.onLookup = notFound;
      const result = await tried({ id: 'user', name: 'mine' }, '13800001111');
      expect(result).to.include({ output: 2, payload: 'IDAAS.TENANT.USER.0001' });
      expect(result.error).to.include({ category: 'not-found' }).and.to.have.deep.property('source', { id: 'user', type: 'ciam-user', name: 'mine' });
    });

    it('takes rows, and values of dialogs that were never deployed', async () => {
      await deploy({ tenant: { demo: true } });
      const tenant = { id: 'fresh', domain: server.url, auth: 'token', token: TOKEN };
      const together = await tried({ by: 'username', item: 'name', list: 'together' }, [{ name: 'anna' }, {}], tenant);
      expect(together.output).to.equal(1);
      expect(together.payload).to.have.length(2);
      const split = await tried({ by: 'username', item: 'name' }, [{}], tenant);
      expect(split.output).to.equal(2);
      expect(await tried({ by: 'email' }, 'a@example.com', { demo: true })).to.have.property('output');
    });

    it('names a setting that makes no sense, of either dialog', async () => {
      await deployWith(server);
      expect((await tried({ by: 'name' }, 'x')).error).to.include({ code: 'CIAM.CONFIG' });
      expect((await tried({}, 'x', { id: 'tenant', timeout: 'soon' })).error).to.have.property('message').that.matches(/^timeout: /);
    });
  });

  describe('variables of a dialog that is not deployed yet', () => {
    const env = (name: string, value: string, type = 'str'): object[] => [{ name, value, type }];
    const testWith = async (body: object): Promise<{ ok: boolean; error?: { message: string } }> =>
      (await post('/ciam-tenant/fresh/test', { auth: 'token', token: TOKEN, ...body })).body as { ok: boolean; error?: { message: string } };

    it('are those of the flow, of a group and global ones', async () => {
      server.onLookup = notFound;
      const more = [
        { id: 'other', type: 'tab', label: 'Other', env: env('HOST_OF_FLOW', server.url) },
        { id: 'in-other', type: 'helper', z: 'other', x: 0, y: 0, wires: [] },
        { id: 'empty', type: 'tab', label: 'Empty', env: env('HOST_OF_EMPTY', server.url) },
        { id: 'group', type: 'group', z: 'other', nodes: [], env: env('HOST_OF_GROUP', server.url) },
        { id: 'globals', type: 'global-config', env: env('HOST_OF_ALL', server.url) },
      ];
      await deploy({ tenant: { demo: true }, more, types: [(red) => red.nodes.registerType('global-config', function GlobalConfig(config) { red.nodes.createNode(this, config); })] });
      expect(await testWith({ domain: '${HOST_OF_FLOW}', z: 'other' }), 'flow').to.include({ ok: true });
      expect(await testWith({ domain: '${HOST_OF_EMPTY}', z: 'empty' }), 'flow without nodes').to.include({ ok: true });
      expect(await testWith({ domain: '${HOST_OF_GROUP}', z: 'group' }), 'group').to.include({ ok: true });
      expect(await testWith({ domain: '${HOST_OF_ALL}', z: 'other' }), 'global in a flow').to.include({ ok: true });
      expect(await testWith({ domain: '${HOST_OF_ALL}' }), 'global').to.include({ ok: true });
      expect((await testWith({ domain: '${HOST_OF_FLOW}' })).error?.message, 'of another flow').to.match(/^domain: /);
    });

    it('of the flow go before those of the process, also where no node runs, or where the dialog puts the tenant now', async () => {
      server.onLookup = notFound;
      process.env['HOST_OF_BOTH'] = 'http://127.0.0.1:1';
      try {
        const more = [{ id: 'empty', type: 'tab', label: 'Empty', env: env('HOST_OF_BOTH', server.url) }];
        await deploy({ tenant: { domain: '${HOST_OF_BOTH}' }, more });
        expect(await testWith({ domain: '${HOST_OF_BOTH}', z: 'empty' }), 'new').to.include({ ok: true });
        const moved = await post('/ciam-tenant/tenant/test', { auth: 'token', token: TOKEN, domain: '${HOST_OF_BOTH}', z: 'empty' });
        expect(moved.body, 'was global').to.include({ ok: true });
      } finally {
        delete process.env['HOST_OF_BOTH'];
      }
    });

    it('of a subflow, or of a flow that nobody knows, are told as known after Deploy', async () => {
      await deploy({ tenant: { demo: true }, more: [{ id: 'sub', type: 'subflow', name: 'Sub', in: [], out: [], env: env('HOST_OF_SUB', server.url) }] });
      for (const z of ['sub', 'never-deployed']) {
        expect((await testWith({ domain: '${HOST_OF_SUB}', z })).error?.message).to.match(/^domain: .*HOST_OF_SUB.*known after Deploy/);
      }
    });
  });

  describe('figures', () => {
    const SUBFLOW = [
      { id: 'sub', type: 'subflow', name: 'Sub', in: [], out: [] },
      { id: 'inner', type: 'ciam-tenant', z: 'sub', name: '', demo: true, warmUp: false },
      { id: 'inner-user', type: 'ciam-user', z: 'sub', x: 0, y: 0, tenant: 'inner', wires: [[], []] },
      ...['one', 'two'].map((id) => ({ id, type: 'subflow:sub', z: 'tab', x: 0, y: 0, wires: [] })),
    ];

    it('of a tenant within a subflow are one entry an instance', async () => {
      await deployWith(server, { more: SUBFLOW });
      const { status, body } = await get('/ciam-tenant/inner/stats');
      expect(status).to.equal(200);
      expect((body as { tenant: string }[]).map(({ tenant }) => tenant)).to.deep.equal(['demo', 'demo']);
      expect((await get('/ciam-tenant/tenant/stats')).body).to.include({ tenant: `127.0.0.1:${server.port}` });
    });

    it('of all tenants come as Prometheus text, which a parser of others reads', async () => {
      const flow = await deployWith(server, { more: SUBFLOW });
      await flow.send({ payload: '13800001111' });
      server.onLookup = notFound;
      await flow.send({ payload: '13800001112' });
      server.onLookup = answer(400, { error: 'access_denied' });
      await flow.send({ payload: '13800001113' });
      const { status, body } = await get('/ciam-tenant/metrics');
      expect(status).to.equal(200);
      const metrics = new Map(parse(String(body)).map((metric) => [metric.name, metric]));
      const own = (name: string, labels: object = {}): string | undefined =>
        metrics.get(name)?.metrics.find((sample) => Object.entries({ id: 'tenant', ...labels }).every(([label, value]) => sample.labels?.[label] === value))?.value;
      expect(own('ciam_lookups_total', { result: 'found', host: `127.0.0.1:${server.port}` })).to.equal('1');
      expect(own('ciam_lookups_total', { result: 'not-found' })).to.equal('1');
      expect(own('ciam_failures_total', { code: 'access_denied' })).to.equal('1');
      expect(own('ciam_tenant_state', { state: 'ready' })).to.equal('1');
      expect(own('ciam_tenant_state', { state: 'paused' })).to.equal('0');
      // The parser takes all histograms of a name for one.
      expect(metrics.get('ciam_lookup_duration_seconds')?.metrics[0]?.buckets).to.include.keys('0.005', '10', '+Inf');
      const labels = `{id="tenant",host="127.0.0.1:${server.port}"`;
      expect(String(body).split('\n')).to.include.members([`ciam_lookup_duration_seconds_count${labels}} 3`, `ciam_lookup_duration_seconds_bucket${labels},le="+Inf"} 3`]);
      expect(new Set(metrics.get('ciam_cache_entries')?.metrics.map(({ labels }) => labels?.host))).to.deep.equal(new Set([`127.0.0.1:${server.port}`, 'demo']));
      expect(metrics.get('ciam_cache_entries')?.metrics).to.have.length(3);
      expect(body).to.not.match(/1380000|张三/);
      for (const { name, type } of metrics.values()) expect(name.endsWith('_total'), name).to.equal(type === 'COUNTER');
    });
  });

  it('connection test shows every step that holds although a later one breaks, the clock, and a pause', async () => {
    await deployWith(server, { tenant: { auth: 'client-credentials' }, credentials: { clientId: 'i', clientSecret: 's' } });
    const late = new Date(Date.now() - 300_000).toUTCString();
    server.onLookup = (seen, response) => (seen.path.endsWith('email') ? answer(429, '', { 'retry-after': '30', date: late }) : seen.method === 'GET' ? answer(404, '', { date: late }) : notFound)(seen, response);
    server.onToken = answer(200, { access_token: 'granted-token', expires_in: 600 }, { date: late });
    const { body } = await post('/ciam-tenant/tenant/test', {});
    const result = body as Record<string, unknown> & { clock: { skewMs: number }; paused: { heldMs: number } };
    expect(result).to.deep.include({ ok: false, reached: { ok: true }, mobile: { available: true }, username: { available: true } });
    expect(result.token).to.include({ ok: true });
    expect(result.id).to.have.nested.property('error.code', 'CIAM.HTTP.404');
    expect(result.error).to.include({ code: 'CIAM.HTTP.429' });
    expect(result.paused).to.include({ code: 'CIAM.HTTP.429' });
    expect(result.paused.heldMs).to.be.within(1, 30_000);
    server.onLookup = (_seen, response) => answer(400, { error_code: 'USER.0001', error_msg: 'x' }, { date: late })(_seen, response);
    const again = (await post('/ciam-tenant/tenant/test', {})).body as typeof result;
    expect(again.clock.skewMs).to.be.within(299_000, 310_000);
    server.onLookup = found;
  });
});
