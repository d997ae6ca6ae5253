/** Nodes within a subflow: the status under each instance in the language of the reader, and the figures of all instances in the dialog. */
import { expect } from 'chai';
import { MAJORS, type FlowNode } from '../support/runtime';
import { type Editor, openEditor } from './browser';
import { useDesk } from './desk';

const click = (id: string, payload: string, y: number): FlowNode => ({
  id: `${id}-go`, type: 'inject', z: 'flow', name: id, props: [{ p: 'payload' }], repeat: '', crontab: '', once: false, onceDelay: 0.1, topic: '', payload, payloadType: 'str', x: 120, y, wires: [[id]],
});
const instance = (id: string, y: number): FlowNode => ({ id, type: 'subflow:sub', z: 'flow', name: id, x: 340, y, wires: [[], []] });

const FLOWS: FlowNode[] = [
  { id: 'flow', type: 'tab', label: 'Instances' },
  {
    id: 'sub', type: 'subflow', name: 'Look up', info: '', category: '', in: [{ x: 40, y: 60, wires: [{ id: 'lookup' }] }],
    out: [0, 1].map((port) => ({ x: 400, y: 40 + 40 * port, wires: [{ id: 'lookup', port }] })), env: [], meta: {}, color: '#DDAA99', status: { x: 400, y: 160, wires: [{ id: 'status', port: 0 }] },
  },
  { id: 'tenant', type: 'ciam-tenant', z: 'sub', name: '', demo: true },
  { id: 'lookup', type: 'ciam-user', z: 'sub', name: '', tenant: 'tenant', by: 'mobile', x: 200, y: 60, wires: [[], []] },
  { id: 'status', type: 'status', z: 'sub', name: '', scope: ['lookup'], x: 200, y: 160, wires: [[]] },
  instance('one', 80), click('one', '13800001111', 80),
  instance('two', 160), click('two', '13800000404', 160),
];

const statuses = ({ page }: Editor, one: string, two: string): Promise<unknown> =>
  page.waitForFunction(`['one', 'two'].map((id) => RED.nodes.node(id).status?.text).join(' ') === '${one} ${two}'`);

for (const major of MAJORS) {
  describe(`a subflow in the editor of Node-RED ${major}`, () => {
    const desk = useDesk({ major, flows: FLOWS });
    before(async () => {
      for (const id of ['one-go', 'two-go']) await desk.nodeRed.inject(id);
    });

    it('shows the status of each instance in words', async () => {
      await statuses(desk.editor, 'found', 'not found');
      expect(await desk.editor.page.locator('[id="two"] .red-ui-flow-node-status-label').textContent()).to.equal('not found');
    });

    it('shows it in Chinese to Chinese readers', async () => {
      const editor = await openEditor(desk.browser, desk.nodeRed.url, { language: 'zh-CN' });
      await statuses(editor, '已找到', '未找到');
      await editor.close();
    });

    it('shows the figures of each instance in the dialog of its tenant', async () => {
      const { editor, editor: { page } } = desk;
      await editor.value(`RED.workspaces.show('sub')`);
      await page.waitForSelector('[id="lookup"] rect.red-ui-flow-node');
      await editor.open('lookup');
      await editor.openTenant();
      await page.waitForFunction(`$('#ciam-tenant-figures .ciam-instance').length === 2`);
      expect(await page.locator('#ciam-tenant-figures .ciam-instance').allTextContents()).to.deep.equal(['Instance 1 of 2: demo', 'Instance 2 of 2: demo']);
      const figures = (name: string): Promise<string[]> => editor.value<string[]>(
        `$('#ciam-tenant-figures dt').filter((index, element) => $(element).text() === '${name}').next().toArray().map((element) => element.textContent).sort()`);
      expect([await figures('Found'), await figures('Not found')]).to.deep.equal([['0', '1'], ['0', '1']]);
      await editor.cancel();
      await editor.cancel();
    });
  });
}
