/** A tenant in trouble, as it is seen in the editor: its figures in the dialog, its state on the canvas, in both languages. */
import { expect } from 'chai';
import { MAJORS, type FlowNode } from '../support/runtime';
import { answer, found, type Script, ScriptedTenant } from '../support/servers';
import { type Editor, openEditor } from './browser';
import { useDesk } from './desk';

const NAMES = JSON.stringify(Array.from({ length: 400 }, (_, index) => `user${index}`));
const FLOWS: FlowNode[] = [
  { id: 'flow', type: 'tab', label: 'Trouble' },
  { id: 'ask', type: 'inject', z: 'flow', name: 'ask', props: [{ p: 'payload' }], repeat: '', crontab: '', once: false, onceDelay: 0.1, topic: '', payload: NAMES, payloadType: 'json', x: 120, y: 80, wires: [['lookup']] },
  { id: 'lookup', type: 'ciam-user', z: 'flow', name: '', tenant: 'tenant', by: 'username', x: 300, y: 80, wires: [[], []] },
  { id: 'state', type: 'ciam-status', z: 'flow', name: '', tenant: 'tenant', x: 300, y: 160, wires: [[]] },
];
const tenantAt = ({ url }: ScriptedTenant): FlowNode =>
  ({ id: 'tenant', type: 'ciam-tenant', name: '', domain: url, auth: 'token', timeout: 1, warmUp: false, credentials: { token: 'a-token-of-the-test' } });

/** One call in so many milliseconds; one that comes sooner is refused. */
const limiter = (everyMs: number): Script => {
  let next = 0;
  return (seen, response) => {
    const allowed = seen.at >= next;
    if (allowed) next = seen.at + everyMs;
    (allowed ? found : answer(429, ''))(seen, response);
  };
};

const openTenant = async (editor: Editor): Promise<void> => {
  await editor.open('lookup');
  await editor.openTenant();
};

const FIGURES = `Object.fromEntries($('#ciam-tenant-figures dl > div').get().map((row) => [$(row).find('dt').text(), $(row).find('dd').text()]))`;
/** The figures on screen, as soon as one of them is like that. */
const figures = async ({ page, value }: Editor, name: string, pattern: RegExp): Promise<Record<string, string>> => {
  await page.waitForFunction(`${pattern.toString()}.test((${FIGURES})['${name}'] ?? '')`);
  return await value<Record<string, string>>(FIGURES);
};

/** Lookups by the code they failed with. */
const sumOfCodes = (shown: Record<string, string>): number =>
  Object.entries(shown).reduce((sum, [name, value]) => sum + (name.startsWith('· ') ? Number(value) : 0), 0);

const statusOf = (id: string): string => `$('[id="${id}"] .red-ui-flow-node-status-label').text()`;
const shows = async ({ page }: Editor, id: string, text: string): Promise<void> => {
  await page.waitForFunction(`${statusOf(id)} === '${text}'`);
};

for (const major of MAJORS) {
  describe(`a tenant in trouble, in the editor of Node-RED ${major}`, () => {
    const desk = useDesk({ major, flows: FLOWS });
    let tenant: ScriptedTenant;
    let chinese: Editor;
    before(async () => {
      tenant = await ScriptedTenant.start();
      chinese = await openEditor(desk.browser, desk.nodeRed.url, { language: 'zh-CN' });
    });
    after(async () => {
      await chinese.drop();
      await tenant.close();
    });

    it('is found by a lookup and a ciam-status when it is deployed after them', async () => {
      const { nodeRed } = desk;
      for (const id of ['lookup', 'state']) {
        await shows(desk.editor, id, 'a setting is missing or makes no sense');
        await shows(chinese, id, '设置缺失或有误');
      }
      await nodeRed.deploy([...await nodeRed.flows(), tenantAt(tenant)], 'nodes');
      await shows(desk.editor, 'state', 'not asked yet');
      await shows(desk.editor, 'lookup', '');
      await shows(chinese, 'state', '尚未访问');
    });

    /** A new client, whatever an earlier test or try has done to the one before. */
    const startAgain = (): Promise<void> => desk.nodeRed.deploy([...FLOWS, tenantAt(tenant)]);

    it('shows the limit just now, then how long its pause takes, what failed last, and how often', async () => {
      tenant.onLookup = limiter(50);
      await startAgain();
      const editor = await desk.reopen();
      await openTenant(editor);
      await desk.nodeRed.inject('ask');
      const limited = await figures(editor, 'Limit just now', /^[\d.]+ a second$/);
      expect(limited['Tenant']).to.equal('ready');
      expect(Number(limited['In flight']) + Number(limited['Waiting'])).to.be.above(0);

      tenant.onLookup = answer(429, '', { 'retry-after': '30' });
      const { Failed: failed = '', ...paused } = await figures(editor, 'Tenant', /^asked for a pause: lookups wait \((30|2\d|1\d) s left\)$/);
      expect(failed).to.match(/^\d+$/);
      expect(paused['Found']).to.match(/^[1-9]\d*$/);
      const ended = await figures(editor, 'Last failure', /^CIAM\.HTTP\.429 · \d{1,2}:\d\d:\d\d [AP]M$/);
      expect(ended['· CIAM.HTTP.429']).to.match(/^[1-9]\d*$/);
      expect(sumOfCodes(ended)).to.equal(Number(ended['Failed']));
      await editor.cancel();
      await editor.cancel();
      await shows(editor, 'state', 'asked for a pause: lookups wait');
    });

    it('shows the same to Chinese readers', async () => {
      tenant.onLookup = answer(429, '', { 'retry-after': '30' });
      await startAgain();
      await desk.nodeRed.inject('ask');
      await shows(chinese, 'state', '要求暂停访问，查询等待中');
      await chinese.close();
      chinese = await openEditor(desk.browser, desk.nodeRed.url, { language: 'zh-CN' });
      await openTenant(chinese);
      await figures(chinese, '租户状态', /^要求暂停访问，查询等待中（剩余 \d+ 秒）$/);
      const shown = await figures(chinese, '最近一次失败', /^CIAM\.HTTP\.429 · \d{1,2}:\d\d:\d\d$/);
      expect(shown).to.have.property('当前限速').that.matches(/^(不限|[\d.]+ 次\/秒)$/);
      expect(sumOfCodes(shown)).to.equal(Number(shown['失败'])).and.to.be.above(0);
      await chinese.cancel();
      await chinese.cancel();
    });
  });
}
