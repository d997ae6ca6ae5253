/** The dialog of ciam-status in a browser: it opens, chooses the tenant, has names for all controls, and refuses nothing that is right. */
import { expect } from 'chai';
import { MAJORS, type FlowNode } from '../support/runtime';
import { controls, openEditor } from './browser';
import { useDesk } from './desk';

const FLOWS: FlowNode[] = [
  { id: 'flow', type: 'tab', label: 'States' },
  { id: 'tenant', type: 'ciam-tenant', name: 'the demo', demo: true },
  { id: 'other', type: 'ciam-tenant', name: 'the other', demo: true },
  { id: 'state', type: 'ciam-status', z: 'flow', name: '', tenant: 'tenant', x: 300, y: 80, wires: [[]] },
  { id: 'lost', type: 'ciam-status', z: 'flow', name: '', tenant: '', x: 300, y: 160, wires: [[]] },
];

for (const major of MAJORS) {
  describe(`status dialog on Node-RED ${major}`, () => {
    const desk = useDesk({ major, flows: FLOWS });

    it('opens without anything red, and names every control', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('state');
      expect(await page.locator('.red-ui-tray .input-error').count()).to.equal(0);
      const names = await controls(page, '.red-ui-tray:last-child .ciam-form');
      expect(names.map(({ role }) => role)).to.include.members(['textbox', 'combobox', 'button']);
      expect(names.filter(({ name }) => name === '')).to.deep.equal([]);
      await editor.cancel();
    });

    it('speaks Chinese to Chinese readers, dialog and help', async () => {
      const editor = await openEditor(desk.browser, desk.nodeRed.url, { language: 'zh-CN' });
      await editor.open('state');
      expect((await editor.page.locator('.red-ui-tray .ciam-form label').allTextContents()).map((label) => label.trim())).to.include.members(['租户', '名称']);
      expect(await editor.value<string>(`RED.nodes.getNodeHelp('ciam-status')`)).to.match(/租户/);
      await editor.cancel();
      await editor.close();
    });

    it('chooses the tenant, and marks a node that has none', async () => {
      const { editor, editor: { page } } = desk;
      expect(await editor.value<boolean[]>(`['state', 'lost'].map((id) => RED.nodes.node(id).valid)`)).to.deep.equal([true, false]);
      await editor.open('state');
      await page.selectOption('#node-input-tenant', 'other');
      await editor.confirm();
      expect(await editor.value<string>(`RED.nodes.node('state').tenant`)).to.equal('other');
      expect(await editor.value<boolean>(`RED.nodes.node('state').valid`)).to.equal(true);
    });
  });
}
