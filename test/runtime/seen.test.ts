/** What an operator sees of a tenant in a real Node-RED: statuses, events, the log, figures, and the connection test. */
import { expect } from 'chai';
import { translator } from '../support/catalogue';
import type { ConnectionTestAnswer } from '../support/connection-test';
import { type FlowNode, MAJORS, type NodeRed, startNodeRed, type Status } from '../support/runtime';
import { answer, found, grants, notFound, ScriptedTenant } from '../support/servers';

const PLACE = { z: 'tab', x: 100, y: 100 };
const CLIENT = { clientId: 'app-7Q2W', clientSecret: 'a-secret-that-is-long' };
const VALUE = '13800001111';
const PACKAGE = '@ciam-flows/node-red-ciam/';
const english = translator('en-US');

const click = (id: string, to: string): FlowNode =>
  ({ id, type: 'inject', ...PLACE, props: [{ p: 'payload' }], payload: VALUE, payloadType: 'str', repeat: '', once: false, wires: [[to]] });
const debug = (id: string, place: object = PLACE): FlowNode => ({ id, type: 'debug', ...place, active: true, tosidebar: true, complete: 'true', targetType: 'full', wires: [] });
const statusNode = (id: string, scope: string[], to: string, place: object = PLACE): FlowNode => ({ id, type: 'status', ...place, name: '', scope, wires: to === '' ? [[]] : [[to]] });
const user = (id: string, tenant: string, out: string): FlowNode => ({ id, type: 'ciam-user', ...PLACE, name: '', tenant, wires: [[out], [out]] });
const env = (name: string, value: string, type = 'str'): object[] => [{ name, value, type }];

/** A subflow with a tenant of its own, whose host each instance names. `told` shows the status of its lookup under the instance. */
const subflow = (id: string, told: boolean): FlowNode[] => {
  const place = { ...PLACE, z: id };
  return [
    {
      id, type: 'subflow', name: id, in: [{ x: 50, y: 30, wires: [{ id: `${id}-user` }] }], out: [0, 1].map((port) => ({ x: 400, y: 30, wires: [{ id: `${id}-user`, port }] })),
      ...(told && { status: { x: 300, y: 100, wires: [{ id: `${id}-status`, port: 0 }] } }), env: env('HOST', ''),
    },
    { id: `${id}-tenant`, type: 'ciam-tenant', z: id, name: '', auth: 'token', domain: '${HOST}', credentials: { token: 'a-token-for-each-instance' } },
    { ...user(`${id}-user`, `${id}-tenant`, ''), ...place, wires: [[], []] },
    ...(told ? [statusNode(`${id}-status`, [`${id}-user`], '', place)] : []),
  ];
};
const instance = (id: string, of: string, host: string): FlowNode =>
  ({ id, type: `subflow:${of}`, ...PLACE, name: '', env: env('HOST', host), wires: [[`${id}-out`], [`${id}-out`]] });

interface Told { topic: string; payload: { event: string; state: string; tenant: string; code: string | null; since: string; heldMs: number; failed: number } }

for (const major of MAJORS) {
  describe(`what is seen of a tenant in Node-RED ${major}`, () => {
    let red: NodeRed;
    let good: ScriptedTenant;
    let other: ScriptedTenant;
    let wrong: ScriptedTenant;
    let changing: ScriptedTenant;

    const flows = (withLater = false): FlowNode[] => [
      { id: 'tab', type: 'tab', label: 'Seen', env: [...env('HOST_OF_TAB', good.url), ...env('TOKEN_OF_TAB', '', 'cred')], credentials: { TOKEN_OF_TAB: 'a-token-of-the-tab' } },
      { id: 'empty', type: 'tab', label: 'Empty', env: env('HOST_OF_EMPTY', good.url) },
      { id: 'group', type: 'group', z: 'empty', nodes: [], env: env('HOST_OF_GROUP', good.url) },
      { id: 'globals', type: 'global-config', name: '', env: env('HOST_OF_ALL', good.url), modules: {} },

      ...subflow('plain', false), ...subflow('telling', true),
      ...[['one', 'telling', good.url], ['two', 'telling', other.url], ['three', 'plain', good.url]].flatMap(([id = '', of = '', host = '']) =>
        [instance(id, of, host), click(`${id}-go`, id), debug(`${id}-out`)]),
      statusNode('around', ['three'], 'around-out'), debug('around-out'),

      click('later-go', 'later-user'), user('later-user', 'later', 'later-out'), debug('later-out'),
      { id: 'later-state', type: 'ciam-status', ...PLACE, name: '', tenant: 'later', wires: [['later-told']] }, debug('later-told'),
      ...(withLater ? [{ id: 'later', type: 'ciam-tenant', name: 'later one', auth: 'token', domain: good.url, warmUp: false, credentials: { token: 'a-token-that-comes-later' } }] : []),

      { id: 'quiet', type: 'ciam-tenant', name: 'quiet one', auth: 'token', domain: good.url, credentials: { token: 'a-token-of-the-quiet' } },
      click('unwired-go', 'unwired-user'), { ...user('unwired-user', 'quiet', ''), wires: [['unwired-out'], []] }, debug('unwired-out'),
      { id: 'unwired-catch', type: 'catch', ...PLACE, name: '', scope: ['unwired-user'], uncaught: false, wires: [['unwired-out']] },

      { id: 'wrong', type: 'ciam-tenant', name: 'wrong one', domain: wrong.url, credentials: CLIENT },
      user('wrong-user', 'wrong', ''), statusNode('wrong-status', ['wrong-user', 'wrong-state'], 'wrong-out'), debug('wrong-out'),
      { id: 'wrong-state', type: 'ciam-status', ...PLACE, name: '', tenant: 'wrong', wires: [['wrong-told']] }, debug('wrong-told'),

      { id: 'changing', type: 'ciam-tenant', name: 'changing one', domain: changing.url, timeout: 2, retries: 1, credentials: CLIENT },
      click('changing-go', 'changing-user'), user('changing-user', 'changing', 'changing-out'), debug('changing-out'),
      statusNode('changing-status', ['changing-user'], 'changing-shown'), debug('changing-shown'),
      click('changing-ask', 'changing-state'),
      { id: 'changing-state', type: 'ciam-status', ...PLACE, name: '', tenant: 'changing', wires: [['changing-told']] }, debug('changing-told'),
    ];

    before(async () => {
      [good, other, wrong, changing] = await Promise.all([0, 1, 2, 3].map(() => ScriptedTenant.start())) as [ScriptedTenant, ScriptedTenant, ScriptedTenant, ScriptedTenant];
      wrong.onToken = answer(401, { error: 'invalid_client' });
      other.onLookup = notFound;
      red = await startNodeRed({ major, flows: flows(), env: { HOST_OF_PROCESS: good.url, LANG: 'en_US.UTF-8', LC_ALL: undefined } });
    });
    after(async () => {
      await red.stop();
      await Promise.all([good, other, wrong, changing].map((server) => server.close()));
    });

    const shown = (id: string): unknown[] => red.debug.filter((line) => line.id === id).map(({ msg }) => msg);
    const arrived = (id: string, count = 1): Promise<unknown> => red.until(() => shown(id)[count - 1], `message ${count} at ${id}`);
    const told = (id: string): Told[] => (shown(id) as Told[]).filter(({ payload }) => 'event' in payload);
    const events = (id: string): string[] => told(id).map(({ topic }) => topic);
    const until = (id: string, event: string): Promise<unknown> => red.until(() => (events(id).at(-1) === event ? true : undefined), `${event} at ${id}`);
    const host = (server: ScriptedTenant): string => `127.0.0.1:${server.port}`;
    /** Of a config node of this name; a line each. */
    const logOf = (name: string): string[] => [...red.log().matchAll(/ - \[(info|warn|error)\] \[ciam-tenant:([\w -]+)\] (.*)$/gm)].filter(([, , own]) => own === name).map(([, level = '', , text = '']) => `${level}: ${text}`);
    const get = async <T>(path: string): Promise<T> => await (await fetch(`${red.url}${path}`)).json() as T;
    const test = async (values: object, id = 'fresh'): Promise<ConnectionTestAnswer> => {
      const response = await fetch(`${red.url}ciam-tenant/${id}/test`, {
        method: 'POST', headers: { 'content-type': 'application/json', 'accept-language': 'en-US' }, body: JSON.stringify(values),
      });
      expect(response.status).to.equal(200);
      return await response.json() as ConnectionTestAnswer;
    };

    describe('of a subflow', () => {
      before(async () => {
        for (const id of ['one', 'two', 'three']) await red.inject(`${id}-go`);
        for (const id of ['one', 'two', 'three']) await arrived(`${id}-out`);
      });

      it('each instance asks the tenant that its own variable names', () => {
        expect((shown('one-out') as { lookup: object }[])[0]?.lookup).to.include({ tenant: host(good), source: 'tenant' });
        expect((shown('two-out') as { lookup: object; payload: string }[])[0]).to.include({ payload: 'IDAAS.TENANT.USER.0001' }).and.to.have.nested.property('lookup.tenant', host(other));
      });

      it('each instance shows its own status, as a text that can be translated there', async () => {
        const textOf = (id: string): string => red.status.get(id)?.text ?? '';
        await red.until(() => (textOf('one').endsWith('found') && textOf('two').endsWith('not-found') ? true : undefined), 'both statuses');
        for (const id of ['one', 'two']) expect(textOf(id).startsWith(PACKAGE), textOf(id)).to.equal(true);
        expect([english(textOf('one')), english(textOf('two'))]).to.deep.equal(['found', 'not found']);
      });

      it('a Status node around an instance gets code, category and tenant', async () => {
        const status = await red.until(() => (shown('around-out') as { status: Status }[]).map((message) => message.status).find(({ fill }) => fill === 'green'), 'the status of the instance');
        expect(status).to.include({ code: null, category: null, tenant: host(good) });
      });

      it('the figures have an entry for each instance', async () => {
        const stats = await get<{ tenant: string; lookups: { found: number; notFound: number } }[]>('ciam-tenant/telling-tenant/stats');
        expect(stats.map(({ tenant, lookups }) => [tenant, lookups.found, lookups.notFound])).to.have.deep.members([[host(good), 1, 0], [host(other), 0, 1]]);
        expect(await get<unknown[]>('ciam-tenant/plain-tenant/stats')).to.have.length(1);
      });
    });

    it('a lookup and a ciam-status find a tenant that is deployed after them', async () => {
      await until('later-told', 'misconfigured');
      expect(english(red.status.get('later-user')?.text ?? '')).to.equal('a setting is missing or makes no sense');
      await red.inject('later-go');
      expect(await arrived('later-out')).to.have.nested.property('error.code', 'CIAM.CONFIG');
      // Credentials sent again would be a change of the nodes that have them.
      await red.deploy(flows(true).map(({ credentials, ...node }) => ({ ...node, ...(node.id === 'later' && { credentials }) })), 'nodes');
      await red.inject('later-go');
      expect(await arrived('later-out', 2)).to.have.nested.property('payload.user_id', `id of ${VALUE}`);
      await until('later-told', 'ready');
      await red.until(() => (red.status.get('later-user')?.fill === 'green' ? true : undefined), 'green');
    });

    it('a failure without a wire reaches Catch nodes with its cause and what to do, and a not-found ends quietly', async () => {
      good.onLookup = notFound;
      await red.inject('unwired-go');
      await red.until(() => (red.status.get('unwired-user')?.text?.endsWith('not-found') ? true : undefined), 'the not-found');
      good.onLookup = answer(400, { error: 'access_denied', error_description: 'User Zhang San may not' });
      await red.inject('unwired-go');
      const { payload, error } = await arrived('unwired-out') as { payload: string; error: { message: string; cause: object } };
      good.onLookup = found;
      expect(payload).to.equal('access_denied');
      expect(error.message).to.match(/^access_denied: /);
      expect(error.cause).to.include({ code: 'access_denied', category: 'forbidden', status: 400, retryable: false }).and.have.property('advice').that.matches(/^Grant the API user_read/);
      expect(shown('unwired-out'), 'the not-found left nothing').to.have.length(1);
      expect(red.log()).to.not.include('Zhang');
    });

    it('wrong credentials are told at the deployment, before any message: log, event and both statuses', async () => {
      await until('wrong-told', 'refused');
      expect(told('wrong-told').at(-1)?.payload).to.include({ state: 'refused', code: 'invalid_client', tenant: host(wrong) });
      const lines = logOf('wrong one');
      expect(lines).to.have.length(1);
      expect(lines[0]).to.include('error: ').and.include('invalid_client').and.include(host(wrong)).and.match(/Check the client id and client secret/);
      const seen = await red.until(() => {
        const statuses = (shown('wrong-out') as { status: Status & { source: { id: string } } }[]).map(({ status }) => status).filter(({ fill }) => fill === 'red');
        return ['wrong-user', 'wrong-state'].every((id) => statuses.some(({ source }) => source.id === id)) ? statuses : undefined;
      }, 'both statuses');
      for (const status of seen) {
        expect(status).to.include({ code: 'invalid_client', tenant: host(wrong) });
        expect(english(status.text ?? '')).to.equal('credentials refused');
      }
      expect(seen.find(({ source }) => source.id === 'wrong-user')).to.include({ category: 'unauthorized' });
      expect(wrong.lookups).to.be.empty;
    });

    describe('each change of state', () => {
      const STEPS = ['unknown', 'ready', 'paused', 'resumed', 'unreachable', 'failing', 'recovered', 'refused', 'accepted'];
      const LEVELS = ['info', 'warn', 'info', 'warn', 'error', 'info', 'error', 'info'];
      const outcomes = async (): Promise<void> => {
        const count = shown('changing-out').length;
        await red.inject('changing-go');
        await arrived('changing-out', count + 1);
      };

      before(async () => {
        await until('changing-told', 'ready');
        let isFirst = true;
        changing.onLookup = (seen, response) => {
          (isFirst ? answer(429, '', { 'retry-after': '1' }) : found)(seen, response);
          isFirst = false;
        };
        await outcomes();
        await until('changing-told', 'resumed');

        changing.onLookup = (seen) => seen.socket.destroy();
        await outcomes();
        await until('changing-told', 'failing');
        changing.onLookup = found;
        await until('changing-told', 'recovered');

        changing.onToken = answer(401, { error: 'invalid_client' });
        changing.onLookup = answer(401, { error: 'invalid_token' });
        await outcomes();
        await until('changing-told', 'refused');
        changing.onToken = grants();
        changing.onLookup = found;
        // Tried again while messages come.
        while (events('changing-told').at(-1) === 'refused') await outcomes();
      });

      it('is one event', () => {
        expect(events('changing-told')).to.deep.equal(STEPS);
        for (const { topic, payload } of told('changing-told')) {
          expect(payload).to.include({ event: topic, tenant: host(changing) }).and.have.all.keys('event', 'state', 'tenant', 'code', 'since', 'heldMs', 'failed');
          expect(payload.since).to.match(/^\d{4}-\d\d-\d\dT.*Z$/);
        }
        expect(told('changing-told').map(({ payload }) => payload.code)).to.deep.equal([null, null, 'CIAM.HTTP.429', null, 'CIAM.NETWORK', 'CIAM.NETWORK', null, 'invalid_client', null]);
      });

      it('is one line of the log, with host and code, and there is no other', () => {
        const lines = logOf('changing one');
        expect(lines.map((line) => line.split(':')[0])).to.deep.equal(LEVELS);
        for (const line of lines) expect(line).to.include(host(changing));
        for (const [index, words] of [/signed in/, /pause \(CIAM\.HTTP\.429\)/, /takes calls again/, /unreachable \(CIAM\.NETWORK/, /fail from now on/, /recovered after [\d.]+ s/, /refused \(invalid_client\)/, /accepted again/].entries()) expect(lines[index]).to.match(words);
        expect(red.log()).to.not.match(/1380000|a-secret-that|a-token-/);
      });

      it('is in the status of the lookup, with code, category and tenant', () => {
        const statuses = (shown('changing-shown') as { status: Status & { tenant?: string } }[]).map(({ status }) => status).filter(({ fill }) => fill !== undefined);
        for (const { tenant } of statuses) expect(tenant).to.equal(host(changing));
        const codes = statuses.map(({ code, category }) => `${String(code)} ${String(category)}`);
        expect(codes).to.include.members(['CIAM.HTTP.429 rate-limited', 'CIAM.NETWORK unavailable', 'invalid_client unauthorized', 'null null']);
      });

      it('is in the figures that a message asks ciam-status for', async () => {
        const before = shown('changing-told').length;
        await red.inject('changing-ask');
        const { payload } = await arrived('changing-told', before + 1) as { payload: Record<string, unknown> };
        expect(payload).to.have.all.keys('tenant', 'state', 'since', 'inFlight', 'limit', 'queued', 'circuit', 'heldMs', 'heldBy', 'token', 'lookups', 'failures', 'lastFailure', 'latencyMs', 'cache');
        expect(payload).to.include({ tenant: host(changing), state: 'ready', inFlight: 0, queued: 0 });
        expect(payload.failures).to.include.keys('CIAM.NETWORK', 'invalid_client');
        expect(await get('ciam-tenant/changing/stats')).to.have.all.keys(payload);
      });
    });

    describe('with the connection test', () => {
      const values = (): object => ({ domain: good.url, auth: 'client-credentials', ...CLIENT });
      after(() => Object.assign(good, { onToken: grants(), onLookup: found }));

      it('every rung that holds is shown although a later one breaks, with the clock and a pause', async () => {
        const date = { date: new Date(Date.now() - 300_000).toUTCString() };
        good.onToken = answer(200, { access_token: 'a-token-with-a-date', expires_in: 600 }, date);
        good.onLookup = (seen, response) => {
          const script = seen.path.endsWith('email') ? answer(429, '', { 'retry-after': '30', ...date })
            : seen.method === 'GET' ? answer(403, { error: 'access_denied' }, date) : answer(400, { error_code: 'USER.0001' }, date);
          script(seen, response);
        };
        const result = await test(values());
        expect(result).to.deep.include({ ok: false, reached: { ok: true }, mobile: { available: true }, username: { available: true } });
        expect(result.token.ok).to.equal(true);
        expect(result.token.expiresIn).to.be.within(590, 600);
        expect(result.email.error).to.include({ code: 'CIAM.HTTP.429', category: 'rate-limited' });
        expect(result.id.error).to.include({ code: 'access_denied', category: 'forbidden' }).and.have.property('advice').that.includes('user_read');
        expect(result.error).to.include({ code: 'CIAM.HTTP.429' });
        expect(result.paused?.code).to.equal('CIAM.HTTP.429');
        expect(result.paused?.heldMs).to.be.within(25_000, 30_000);
        expect(result.clock.skewMs).to.be.within(299_000, 315_000);
      });

      it('a token that is granted is told though no lookup is answered, and a host that is reached though it gives no token', async () => {
        good.onToken = grants({ expires_in: 600 });
        good.onLookup = answer(500, '');
        expect(await test(values())).to.deep.include({ ok: false, reached: { ok: true } }).and.have.nested.property('token.ok', true);
        good.onToken = answer(401, { error: 'invalid_client' });
        const result = await test(values());
        expect(result).to.deep.include({ ok: false, reached: { ok: true }, token: { ok: false, expiresIn: null }, mobile: { available: false } });
        expect(result.error).to.include({ code: 'invalid_client' });
      });

      it('what is longer than Node-RED itself takes is refused with 413, as what is longer than the routes take', async () => {
        for (const path of ['ciam-tenant/fresh/test', 'ciam-user/try']) {
          for (const length of [70_000, 6_000_000]) {
            const { status } = await fetch(`${red.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ value: '1'.repeat(length) }) });
            expect(status, `${path} ${length}`).to.equal(413);
          }
        }
      });

      describe('variables of a node that is not deployed yet', () => {
        before(() => Object.assign(good, { onToken: grants(), onLookup: notFound }));

        for (const [what, variable, z] of [
          ['the process', 'HOST_OF_PROCESS', undefined], ['the process, for a node of a tab', 'HOST_OF_PROCESS', 'tab'], ['all flows', 'HOST_OF_ALL', undefined], ['all flows, for a node of a tab', 'HOST_OF_ALL', 'tab'],
          ['a tab', 'HOST_OF_TAB', 'tab'], ['a tab where nothing runs', 'HOST_OF_EMPTY', 'empty'], ['a group', 'HOST_OF_GROUP', 'group'], ['the process, for a node of a subflow', 'HOST_OF_PROCESS', 'plain'],
        ] as const) {
          it(`of ${what} are known`, async () => {
            expect(await test({ ...values(), domain: `\${${variable}}`, ...(z && { z }) })).to.include({ ok: true });
          });
        }

        it('of a tab that are secret are known where something runs, and are not sent to the browser', async () => {
          good.lookups.length = 0;
          const result = await test({ domain: good.url, auth: 'token', token: '${TOKEN_OF_TAB}', z: 'tab' });
          expect(result).to.include({ ok: true });
          expect(good.lookups[0]?.headers.authorization).to.equal('Bearer a-token-of-the-tab');
          expect(JSON.stringify(result)).to.not.include('a-token-of-the-tab');
        });

        it('of a subflow, and of a tab that is new, are told as known after Deploy', async () => {
          for (const [variable, z] of [['HOST', 'plain'], ['HOST_OF_NEW', 'a-new-tab']]) {
            expect((await test({ ...values(), domain: `\${${variable}}`, z })).error?.message, z).to.match(new RegExp(`^domain: .*${variable} .*known after Deploy`));
          }
        });

        it('that nobody has set are told by the name of the property', async () => {
          expect((await test({ ...values(), domain: '${HOST_OF_NOBODY}', z: 'tab' })).error).to.include({ code: 'CIAM.CONFIG' }).and.have.property('message').that.matches(/^domain: .*not set/);
          expect((await test({ ...values(), domain: '${HOST_OF_TAB}' })).error?.message).to.match(/^domain: /);
        });
      });
    });
  });
}
