/** "Try it" and fields by picking; the only tenant chosen, a demo tenant at a click. */
import { expect } from 'chai';
import type { Route } from 'playwright-core';
import { MAJORS, type FlowNode } from '../support/runtime';
import { type Editor, openEditor } from './browser';
import { useDesk } from './desk';

const TAB = { id: 'flow', type: 'tab', label: 'Users' };
const FLOWS: FlowNode[] = [
  TAB,
  { id: 'tenant', type: 'ciam-tenant', name: 'the demo', demo: true },
  { id: 'lookup', type: 'ciam-user', z: 'flow', name: '', tenant: 'tenant', by: 'mobile', x: 300, y: 80, wires: [[], []] },
];

/** Drags a new lookup from the palette; gives its id. */
const drag = async ({ page, value }: Editor): Promise<string> => {
  const before = await value<string[]>(`RED.nodes.filterNodes({ type: 'ciam-user' }).map(({ id }) => id)`);
  const palette = page.locator('.red-ui-palette-node[data-palette-type="ciam-user"]');
  await palette.scrollIntoViewIfNeeded();
  const from = await palette.boundingBox();
  if (!from) throw new Error('the palette shows no node');
  await page.mouse.move(from.x + 30, from.y + 10);
  await page.mouse.down();
  await page.mouse.move(500, 500, { steps: 8 });
  await page.mouse.up();
  return await value<string>(`RED.nodes.filterNodes({ type: 'ciam-user' }).map(({ id }) => id).find((id) => !${JSON.stringify(before)}.includes(id))`);
};

const tryIt = async ({ page }: Editor, value: string): Promise<string[]> => {
  await page.fill('#ciam-user-try-value', value);
  await page.press('#ciam-user-try-value', 'Enter');
  await page.waitForSelector('#ciam-user-try-result > :is(.ciam-good, .ciam-bad, .ciam-caution)', { timeout: 20_000 });
  return (await page.locator('#ciam-user-try-result > div').allTextContents()).map((line) => line.trim());
};

/** In place of Node-RED's answer. */
const triedWith = async (editor: Editor, answer: (route: Route) => Promise<void>): Promise<string[]> => {
  await editor.page.route('**/ciam-user/try', answer);
  const lines = await tryIt(editor, '13800001111');
  await editor.page.unroute('**/ciam-user/try');
  return lines;
};

/** The user as shown, by path. */
const shownUser = ({ value }: Editor): Promise<Record<string, string>> => value<Record<string, string>>(
  `Object.fromEntries($('.ciam-result-row').toArray().map((row) => [row.dataset.path, $(row).find('.ciam-result-value').text()]))`);

for (const major of MAJORS) {
  describe(`trying a lookup in its dialog on Node-RED ${major}`, () => {
    const desk = useDesk({ major, flows: FLOWS });

    it('shows the user as it would enter the message, before anything is deployed', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('lookup');
      expect((await tryIt(editor, '138 0000 1111'))[0]).to.match(/^Found in \d+ ms\. The message would get this user:$/);
      expect(await shownUser(editor)).to.include({ user_name: 'zhangsan', usr_auth_times: '4', created_at: '2022-02-10 12:23:23', 'extension.age': '28' });
      await page.check('#node-input-normalise');
      expect(await page.locator('#ciam-user-try-result > div').count(), 'what was shown is of other settings').to.equal(0);
      await page.selectOption('#node-input-by', 'username');
      await page.fill('#node-input-fields', 'user_name, locked, last_login_at');
      await tryIt(editor, 'lisi');
      const user = await shownUser(editor);
      expect(user).to.include({ user_name: 'lisi', locked: 'true' });
      expect(Object.keys(user)).to.not.include('mobile');
      await editor.cancel();
      expect(await editor.value<boolean>('RED.nodes.dirty()')).to.equal(false);
    });

    it('brings what it shows on the screen: the button stands at the lower edge of the form', async () => {
      const { editor, editor: { page } } = desk;
      await page.setViewportSize({ width: 1280, height: 800 });
      await editor.open('lookup');
      await tryIt(editor, '13800001111');
      const [{ bottom }, edge] = await editor.value<[{ bottom: number }, number]>(
        `[document.querySelector('#ciam-user-try-result').getBoundingClientRect(), document.querySelector('.red-ui-tray-footer').getBoundingClientRect().top]`);
      expect(bottom).to.be.greaterThan(0).and.at.most(edge + 1);
      await editor.cancel();
      await page.setViewportSize({ width: 1280, height: 1000 });
    });

    it('says what a failure is, and where the message would go', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('lookup');
      const [advice, code, way] = await tryIt(editor, '13800000404');
      expect(advice).to.match(/^Check that this user exists/);
      expect(code).to.match(/^IDAAS\.TENANT\.USER\.0001: /);
      expect(way).to.equal('The message would leave by the second output.');
      await page.selectOption('#node-input-onFailure', 'catch');
      expect((await tryIt(editor, ''))[2]).to.equal('The error would go to Catch nodes.');
      await editor.cancel();
    });

    it('keeps a field at a click, of the user shown or of those that are known', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('lookup');
      await tryIt(editor, '13800001111');
      await page.locator('.ciam-result-row[data-path="name"] input').check();
      await page.locator('.ciam-result-row[data-path="extension.age"] input').check();
      expect(await page.inputValue('#node-input-fields')).to.equal('name, extension.age');
      expect(await page.locator('.ciam-result-row[data-path="mobile"]').getAttribute('class')).to.include('ciam-left-out');
      expect(await page.locator('.ciam-result-row[data-path="name"]').getAttribute('class')).to.not.include('ciam-left-out');
      await page.click('.ciam-picker > summary');
      const picks = page.locator('#ciam-user-fields-known .ciam-pick');
      expect(await picks.filter({ hasText: 'attr_manager_id' }).textContent()).to.equal('attr_manager_idUser ID of the manager');
      expect(await picks.filter({ hasText: 'extension.age' }).locator('input').isChecked()).to.equal(true);
      await picks.filter({ hasText: 'attr_manager_id' }).locator('input').check();
      await picks.filter({ hasText: /^name/ }).locator('input').uncheck();
      expect(await page.inputValue('#node-input-fields')).to.equal('extension.age, attr_manager_id');
      await page.fill('#node-input-fields', 'email, something_else');
      expect(await picks.filter({ hasText: /^email/ }).locator('input').isChecked()).to.equal(true);
      await editor.confirm();
      expect(await editor.value<string>(`RED.nodes.node('lookup').fields`)).to.equal('email, something_else');
      await editor.press('Control+z');
    });

    it('says that a value is too long, whoever refuses it', async () => {
      const { editor } = desk;
      await editor.open('lookup');
      const words = ['This is longer than 64 kB.'];
      expect(await tryIt(editor, '1'.repeat(70_000)), 'the route').to.deep.equal(words);
      // Without the time that a browser needs for 5 MB in a field.
      expect(await triedWith(editor, (route) => route.fulfill({ status: 413, contentType: 'text/html', body: '<pre>PayloadTooLargeError</pre>' })), 'Node-RED').to.deep.equal(words);
      await editor.cancel();
    });

    it('tells an answer that is none of ours from no answer', async () => {
      const { editor } = desk;
      await editor.open('lookup');
      expect(await triedWith(editor, (route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' })))
        .to.deep.equal(['There is no result: HTTP 502 came back, from Node-RED or from a proxy in front of it.']);
      expect(await triedWith(editor, (route) => route.abort())).to.deep.equal(['Node-RED did not answer. Check that it runs, then try again.']);
      await editor.cancel();
    });

    it('tries a list, written as JSON, the way the node is set', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('lookup');
      await page.click('.ciam-section:has(#node-input-item) > summary');
      await page.fill('#node-input-item', 'phone');
      await page.selectOption('#node-input-list', 'together');
      expect((await tryIt(editor, '[{"phone":"13800001111"},{"name":"nobody"}]'))[0]).to.equal('1 of 2 found.');
      const shown = JSON.parse(await page.locator('#ciam-user-try-result pre').textContent() ?? '') as { user: { user_name: string } | null; error: { code: string } | null }[];
      expect(shown.map(({ user, error }) => user?.user_name ?? error?.code)).to.deep.equal(['zhangsan', 'CIAM.INPUT']);
      await editor.cancel();
    });

    it('tries with a tenant that is on screen only', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('lookup');
      await editor.openTenant();
      await page.uncheck('#node-config-input-demo');
      await page.fill('#node-config-input-domain', 'http://127.0.0.1:9');
      await page.fill('#node-config-input-clientId', 'an-app');
      await page.fill('#node-config-input-clientSecret', 'its-secret');
      await editor.confirm();
      const [advice, code] = await tryIt(editor, '13800001111');
      expect(advice).to.equal('Check host and port: nobody listens at 127.0.0.1:9.');
      expect(code).to.match(/^CIAM\.NETWORK: .*ECONNREFUSED/);
      await editor.cancel();
    });

    it('chooses the only tenant in a new lookup, none where there are two', async () => {
      const editor = await desk.reopen();
      const id = await drag(editor);
      expect(await editor.value<string>(`RED.nodes.node('${id}').tenant`)).to.equal('tenant');
      expect(await editor.value<boolean>(`RED.nodes.node('${id}').valid`)).to.equal(true);
      expect(await editor.value<string[]>(`RED.nodes.node('tenant').users.map(({ id }) => id)`)).to.include(id);
      await desk.nodeRed.deploy([...FLOWS, { id: 'other', type: 'ciam-tenant', name: 'another', demo: true }]);
      const later = await desk.reopen();
      expect(await later.value<string>(`RED.nodes.node('${await drag(later)}').tenant`)).to.equal('');
    });

    it('makes a demo tenant at a click where there is none, which works at once', async () => {
      await desk.nodeRed.deploy([TAB, { id: 'lookup', type: 'ciam-user', z: 'flow', name: '', tenant: '', by: 'mobile', x: 300, y: 80, wires: [[], []] }]);
      const editor = await desk.reopen();
      const { page } = editor;
      await editor.open('lookup');
      await page.click('#ciam-user-demo button');
      expect(await page.locator('#ciam-user-demo').isVisible()).to.equal(false);
      expect(await page.locator('#node-input-tenant-reason').count()).to.equal(0);
      expect((await tryIt(editor, '13800001111'))[0]).to.match(/^Found/);
      await editor.confirm();
      const tenant = await editor.value<string>(`RED.nodes.node('lookup').tenant`);
      expect(await editor.value<unknown>(`(({ type, demo, valid, users }) => [type, demo, valid, users.map(({ id }) => id)])(RED.nodes.node('${tenant}'))`))
        .to.deep.equal(['ciam-tenant', true, true, ['lookup']]);
      await editor.deploy();
      await desk.nodeRed.deploy(FLOWS);
    });

    it('offers no demo tenant any more once a tenant was added by hand', async () => {
      await desk.nodeRed.deploy([TAB, { id: 'lookup', type: 'ciam-user', z: 'flow', name: '', tenant: '', by: 'mobile', x: 300, y: 80, wires: [[], []] }]);
      const editor = await desk.reopen();
      const { page } = editor;
      await editor.open('lookup');
      expect(await page.locator('#ciam-user-demo').isVisible()).to.equal(true);
      await page.click('#node-input-btn-tenant-add');
      await page.waitForSelector('#node-config-input-demo');
      await editor.settled();
      await page.check('#node-config-input-demo');
      await page.click('.ciam-section:has(#ciam-tenant-cache-digest) > summary');
      await page.fill('#node-config-input-cacheStale', '86400');
      await page.press('#node-config-input-cacheStale', 'Tab');
      expect(await page.locator('#ciam-tenant-cache-digest').textContent()).to.equal('found 0 s, not found 0 s, in trouble 86400 s longer');
      await editor.confirm();
      expect(await page.locator('#ciam-user-demo').isVisible()).to.equal(false);
      await editor.cancel();
      await desk.nodeRed.deploy(FLOWS);
    });

    it('speaks Chinese to Chinese readers', async () => {
      const editor = await openEditor(desk.browser, desk.nodeRed.url, { language: 'zh-CN' });
      await editor.open('lookup');
      expect((await tryIt(editor, '13800001111'))[0]).to.match(/^已找到，用时 \d+ 毫秒/);
      expect(await triedWith(editor, (route) => route.fulfill({ status: 413 }))).to.deep.equal(['内容超过 64 kB。']);
      expect(await triedWith(editor, (route) => route.fulfill({ status: 502 }))).to.deep.equal(['没有结果：Node-RED 或其前面的代理返回了 HTTP 502。']);
      await editor.page.click('.ciam-picker > summary');
      expect(await editor.page.locator('#ciam-user-fields-known .ciam-pick').filter({ hasText: 'attr_hire_date' }).textContent()).to.equal('attr_hire_date入职日期');
      await editor.cancel();
      await editor.close();
    });
  });
}
