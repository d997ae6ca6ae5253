/** The button "Test connection" against each kind of tenant there is, and live figures. */
import { once } from 'node:events';
import { type RequestListener, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { type Simulator, startSimulator } from '../../src/simulator/simulator';
import { MAJORS, type FlowNode } from '../support/runtime';
import { answer, type Script, ScriptedTenant } from '../support/servers';
import { type Editor, openEditor } from './browser';
import { useDesk } from './desk';

const flows = (tenant: object): FlowNode[] => [
  { id: 'flow', type: 'tab', label: 'Users' },
  { id: 'tenant', type: 'ciam-tenant', name: '', ...tenant },
  { id: 'ask', type: 'inject', z: 'flow', name: 'ask', props: [{ p: 'payload' }], repeat: '', crontab: '', once: false, onceDelay: 0.1, topic: '', payload: 'zhangsan', payloadType: 'str', x: 120, y: 80, wires: [['lookup']] },
  { id: 'lookup', type: 'ciam-user', z: 'flow', name: '', tenant: 'tenant', by: 'username', x: 300, y: 80, wires: [[], []] },
];

/** Closed after each test, also after one that fails: what still listens keeps the test run from ending. */
const servers: Server[] = [];
const closeServers = (): void => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
};

const serve = async (listener: RequestListener): Promise<{ server: Server; url: string }> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

/** The simulator behind a gateway that answers the lookup by mobile itself. */
const withoutMobile = (simulator: Simulator, status: number, body: string): RequestListener => (request, response) => {
  if (request.url?.endsWith('user-by-mobile')) {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
    const { method = 'GET', headers: { authorization = '', 'content-type': type = '' } } = request;
    fetch(`${simulator.url}${request.url ?? ''}`, { method, headers: { authorization, 'content-type': type }, ...(method === 'POST' && { body: Buffer.concat(chunks) }) })
      .then(async (answer) => {
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' }).end(await answer.text());
      })
      .catch((error: unknown) => response.destroy(error as Error));
  });
};

/** Asks every lookup to come back later; its clock is ahead of this one by so much. */
const pausedFor = (seconds: number, aheadMs: number): Script => (seen, response) =>
  answer(429, '', { 'retry-after': String(seconds), date: new Date(Date.now() + aheadMs).toUTCString() })(seen, response);

const input = (name: string): string => `#node-config-input-${name}`;

const openTenant = async (editor: Editor): Promise<void> => {
  await editor.open('lookup');
  await editor.openTenant();
};

/** What the dialog says, line by line. */
const test = async ({ page }: Editor): Promise<string[]> => {
  await page.click('#ciam-tenant-test');
  await page.waitForSelector('#ciam-tenant-test-result .ciam-good, #ciam-tenant-test-result .ciam-bad', { timeout: 15_000 });
  return (await page.locator('#ciam-tenant-test-result > div').allTextContents()).map((line) => line.trim());
};

const fill = async ({ page }: Editor, values: Record<string, string>): Promise<void> => {
  for (const [name, value] of Object.entries(values)) await page.fill(input(name), value);
};

for (const major of MAJORS) {
  describe(`connection test on Node-RED ${major}`, () => {
    const desk = useDesk({ major, flows: flows({ demo: true }) });
    let simulator: Simulator;
    let paused: ScriptedTenant;
    before(async () => {
      [simulator, paused] = await Promise.all([startSimulator(), ScriptedTenant.start()]);
    });
    after(() => Promise.all([simulator.close(), paused.close()]));
    afterEach(closeServers);

    it('says that all works, before anything is deployed', async () => {
      const { editor } = desk;
      await openTenant(editor);
      await editor.page.uncheck(input('demo'));
      await fill(editor, { domain: simulator.url, clientId: 'my-app', clientSecret: 'right' });
      expect(await test(editor)).to.deep.equal([
        `Reached ${simulator.url.slice('http://'.length)}.`, 'Signed in: the access token is valid for 30 minutes.', 'Lookup by mobile works.', 'Lookup by username works.',
        'Lookup by email address works.', 'Lookup by user ID works.', 'The clocks of this machine and of the tenant agree.', 'The tenant answers as CIAM does.',
      ]);
      // What was said is about the values that were on screen.
      await fill(editor, { clientSecret: 'wrong' });
      expect(await editor.page.locator('#ciam-tenant-test-result > div').count()).to.equal(0);
      const lines = await test(editor);
      expect(lines[0], 'what holds is shown').to.match(/^Reached 127\.0\.0\.1:\d+\.$/);
      expect(lines.at(-2)).to.match(/^Check the client id and client secret in the tenant node against the admin portal/);
      expect(lines.at(-1)).to.match(/^invalid_client: .*Bad client credentials/);
      await editor.cancel();
      await editor.cancel();
    });

    it('tests a tenant that is new, and the demo', async () => {
      const { editor, editor: { page } } = desk;
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await editor.open('lookup');
      await page.click('#node-input-btn-tenant-add');
      await page.waitForSelector(input('demo'));
      await editor.settled();
      await page.check(input('demo'));
      expect(await test(editor)).to.include.members(['Lookup by mobile works.', 'Lookup by username works.']);
      expect(asked.filter((url) => url.endsWith('/stats')), 'what is not deployed has no figures').to.deep.equal([]);
      await editor.cancel();
      await editor.cancel();
    });

    it('tells a wrong domain, a dead network and a bad setting apart', async () => {
      const { editor } = desk;
      const page = await serve((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>'));
      const gone = await serve(() => undefined);
      gone.server.close();
      await openTenant(editor);
      await editor.page.uncheck(input('demo'));
      await fill(editor, { domain: page.url, clientId: 'my-app', clientSecret: 'right' });
      expect(await test(editor)).to.include('Check the domain: something other than the tenant seems to answer, such as a proxy or a login page.');
      await fill(editor, { domain: gone.url });
      const [advice, detail, ...more] = await test(editor);
      expect(advice).to.equal(`Check host and port: nobody listens at ${gone.url.slice('http://'.length)}.`);
      expect(detail).to.match(/^CIAM\.NETWORK: .*ECONNREFUSED/);
      expect(more).to.deep.equal([]);
      await fill(editor, { domain: 'http://tenant.example.com' });
      expect((await test(editor)).at(-1)).to.match(/^CIAM\.CONFIG: domain: must use https/);
      await editor.cancel();
      await editor.cancel();
    });

    it('tells a lookup that is missing from one that is not granted', async () => {
      const { editor } = desk;
      const unserved = await serve(withoutMobile(simulator, 404, ''));
      const ungranted = await serve(withoutMobile(simulator, 400, '{"error":"insufficient_scope","error_description":"Insufficient scope"}'));
      await openTenant(editor);
      await editor.page.uncheck(input('demo'));
      await fill(editor, { domain: unserved.url, clientId: 'my-app', clientSecret: 'right' });
      expect(await test(editor)).to.include.members(['This tenant does not offer lookup by mobile.', 'Lookup by username works.', 'Lookup by user ID works.', 'The tenant answers as OneAccess does.']);
      await fill(editor, { domain: ungranted.url });
      expect(await test(editor)).to.include.members(['Lookup by mobile is not granted to this app: grant user_read in the admin portal.', 'Lookup by username works.']);
      await editor.cancel();
      await editor.cancel();
    });

    it('tells a clock that is wrong, and for how long the tenant has asked for a pause', async () => {
      const { editor } = desk;
      paused.onLookup = pausedFor(30, 3_600_000);
      await openTenant(editor);
      await editor.page.uncheck(input('demo'));
      await fill(editor, { domain: paused.url, clientId: 'my-app', clientSecret: 'right' });
      const [reached, signedIn, clock, pause, ...more] = await test(editor);
      expect(reached).to.match(/^Reached 127\.0\.0\.1:\d+\.$/);
      expect(signedIn).to.equal('Signed in: the access token is valid for 30 minutes.');
      expect(clock).to.match(/^This machine's clock is 3[56]\d\d seconds behind the tenant's: set it\.$/);
      expect(pause).to.match(/^The tenant has asked for a pause: \d\d seconds to go \(CIAM\.HTTP\.429\)\.$/);
      expect(more.at(-1)).to.match(/^CIAM\.HTTP\.429: /);
      await editor.cancel();
      await editor.cancel();
    });

    it('knows the variables of the flow that a new tenant is for, and says which are known after Deploy', async () => {
      const env = [{ name: 'CIAM_HOST', value: simulator.url, type: 'str' }];
      const [flow, ...rest] = flows({ demo: true });
      await desk.nodeRed.deploy([{ id: 'flow', type: 'tab', ...flow, env }, { id: 'sub', type: 'subflow', name: 'Sub', in: [], out: [], env }, ...rest]);
      const editor = await desk.reopen();
      await editor.open('lookup');
      await editor.page.click('#node-input-btn-tenant-add');
      await editor.page.waitForSelector(input('demo'));
      await editor.settled();
      await editor.page.uncheck(input('demo'));
      await fill(editor, { domain: '${CIAM_HOST}', clientId: 'my-app', clientSecret: 'right' });
      const testIn = async (scope: string): Promise<string[]> => {
        await editor.page.selectOption('#red-ui-editor-config-scope', scope);
        return await test(editor);
      };
      expect(await testIn('flow')).to.include('Lookup by username works.');
      expect((await testIn('')).at(-1)).to.match(/^CIAM\.CONFIG: domain: .*CIAM_HOST is not set|^CIAM\.CONFIG: domain: names an environment variable that is not set/);
      expect((await testIn('sub')).at(-1)).to.match(/^CIAM\.CONFIG: domain: .*CIAM_HOST.*known after Deploy/);
      await editor.cancel();
      await editor.cancel();
    });

    it('is stopped by its button, and by closing the dialog', async () => {
      const { editor, editor: { page } } = desk;
      const arrivals: Promise<unknown>[] = [];
      // Well before the 10 s after which the test would end by itself.
      const silent = await serve((request) => arrivals.push(once(request.socket, 'close', { signal: AbortSignal.timeout(5_000) })));
      const arrived = async (): Promise<void> => {
        await once(silent.server, 'request');
      };
      await openTenant(editor);
      await page.uncheck(input('demo'));
      await fill(editor, { domain: silent.url, clientId: 'my-app', clientSecret: 'right' });
      let arrival = arrived();
      await page.click('#ciam-tenant-test');
      await arrival;
      expect(await page.locator('#ciam-tenant-test').textContent()).to.match(/Stop the test/);
      expect(await page.locator('#ciam-tenant-test-result').textContent()).to.match(/Asking the tenant/);
      await page.click('#ciam-tenant-test');
      await arrivals[0];
      expect(await page.locator('#ciam-tenant-test-result').textContent()).to.equal('');
      arrival = arrived();
      await page.click('#ciam-tenant-test');
      await arrival;
      await editor.cancel();
      await arrivals[1];
      await editor.cancel();
    });

    it('shows live figures, and keeps them fresh while the dialog is open', async () => {
      const { editor, editor: { page } } = desk;
      await openTenant(editor);
      const figure = (name: string): Promise<string> => editor.value<string>(
        `$('#ciam-tenant-figures dt').filter((index, element) => $(element).text() === '${name}').next().text()`);
      await page.waitForSelector('#ciam-tenant-figures dl > div');
      expect(await figure('Tenant')).to.match(/^(ready|not asked yet)$/);
      expect(await figure('Limit just now')).to.equal('none');
      const before = Number(await figure('Found'));
      await desk.nodeRed.inject('ask');
      await desk.nodeRed.inject('ask');
      await page.waitForFunction(`$('#ciam-tenant-figures dt').filter((index, element) => $(element).text() === 'Found').next().text() === '${before + 2}'`);
      expect(await figure('p50 · p95 · p99')).to.match(/^[\d.,]+ · [\d.,]+ · [\d.,]+ ms$/);
      await editor.cancel();
      await editor.cancel();
    });

    it('speaks Chinese to Chinese readers', async () => {
      const editor = await openEditor(desk.browser, desk.nodeRed.url, { language: 'zh-CN' });
      await openTenant(editor);
      await editor.page.uncheck(input('demo'));
      await fill(editor, { domain: simulator.url, clientId: 'my-app', clientSecret: 'wrong' });
      expect((await test(editor)).at(-2)).to.match(/^请对照管理门户检查租户节点中的 ClientId 和 ClientSecret/);
      await fill(editor, { clientSecret: 'right' });
      expect(await test(editor)).to.include.members(['可以按手机号查询。', '本机时钟与租户一致。']);
      paused.onLookup = pausedFor(30, -3_600_000);
      await fill(editor, { domain: paused.url });
      const [, , clock, pause] = await test(editor);
      expect(clock).to.match(/^本机时钟比租户快 36\d\d 秒：请校准。$/);
      expect(pause).to.match(/^租户要求暂停访问：还需 \d\d 秒（CIAM\.HTTP\.429）。$/);
      await editor.cancel();
      await editor.cancel();
      await editor.close();
    });
  });

  describe(`an administrator who may only read, on Node-RED ${major}`, () => {
    // bcrypt of "reader-password"
    const password = '$2b$04$d4ugfHArjZ9CAFvoHIzciuZHR/ris/.Kd4503k4bzApkWHkfLB9bq';
    const adminAuth = { type: 'credentials', users: [{ username: 'reader', password, permissions: 'read' }] };
    const desk = useDesk({ major, flows: flows({ demo: true }), settings: { adminAuth } }, { user: ['reader', 'reader-password'] });

    it('sees the figures, and is told why there is no test', async () => {
      const { editor, editor: { page } } = desk;
      await openTenant(editor);
      await page.waitForSelector('#ciam-tenant-figures dl > div');
      expect(await page.locator('#ciam-tenant-test').isDisabled()).to.equal(true);
      expect(await page.locator('#ciam-tenant-test-result').textContent()).to.match(/flows\.write/);
      await editor.cancel();
      await editor.cancel();
    });

    it('is refused by the route too, as anybody without a login is', async () => {
      const token = JSON.parse(await desk.editor.value<string>(`localStorage.getItem('auth-tokens')`)) as { access_token: string };
      const ask = async (path: string, method: string, headers: Record<string, string>): Promise<number> =>
        (await fetch(`${desk.nodeRed.url}ciam-tenant/tenant/${path}`, { method, headers })).status;
      const login = { authorization: `Bearer ${token.access_token}` };
      expect(await ask('stats', 'GET', login)).to.equal(200);
      expect(await ask('test', 'POST', login)).to.equal(401);
      expect(await ask('stats', 'GET', {})).to.equal(401);
      expect(await ask('test', 'POST', {})).to.equal(401);
    });
  });
}
