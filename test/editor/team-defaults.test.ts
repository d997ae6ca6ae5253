/** The recipe for a team's own tenant, as docs/reference.md has it, in the settings file of a real Node-RED: new nodes have it, others keep what they have. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { codeBlocks } from '../support/markdown';
import { MAJORS, type FlowNode } from '../support/runtime';
import { root } from '../support/versions';
import { useDesk } from './desk';

type NodeDefaults = Record<string, Record<string, unknown>>;

const recipe = (page: string): NodeDefaults => {
  const text = codeBlocks(readFileSync(join(root, 'docs', page), 'utf8')).find((block) => block.text.includes('nodeDefaults'))?.text;
  return (runInNewContext(`({${text ?? ''}})`) as { nodeDefaults: NodeDefaults }).nodeDefaults;
};

const FLOWS: FlowNode[] = [
  { id: 'flow', type: 'tab', label: 'Users' },
  { id: 'old-tenant', type: 'ciam-tenant', z: 'other', name: '', domain: 'old.example.com', credentials: { clientId: 'id', clientSecret: 'secret' } },
  { id: 'other', type: 'tab', label: 'Others' },
  // Without `fields`, `normalise`, `rateLimit` and `cacheTtl`, as a flow written by hand may be.
  { id: 'old', type: 'ciam-user', z: 'other', name: '', tenant: 'old-tenant', by: 'mobile', x: 300, y: 80, wires: [[], []] },
  { id: 'note', type: 'comment', z: 'flow', name: 'note', x: 300, y: 80, wires: [] },
];

for (const major of MAJORS) {
  describe(`a team's defaults on Node-RED ${major}`, () => {
    const desk = useDesk({ major, flows: FLOWS, settings: { nodeDefaults: recipe('reference.md') } });

    it('are the same recipe in both languages', () => {
      expect(recipe('reference.zh-CN.md')).to.deep.equal(recipe('reference.md'));
    });

    it('fill a new lookup node and its new tenant', async () => {
      const { editor, editor: { page, value } } = desk;
      const palette = page.locator('.red-ui-palette-node[data-palette-type="ciam-user"]');
      await palette.scrollIntoViewIfNeeded();
      await palette.dragTo(page.locator('#red-ui-workspace-chart'), { targetPosition: { x: 400, y: 300 } });
      const id = await value<string>(`RED.nodes.filterNodes({ type: 'ciam-user', z: 'flow' })[0].id`);
      await editor.open(id);
      expect(await page.inputValue('#node-input-fields')).to.equal('user_id, name, mobile');
      expect(await page.isChecked('#node-input-normalise')).to.equal(true);
      await page.click('#node-input-btn-tenant-add');
      await page.waitForSelector('#node-config-input-demo');
      await editor.settled();
      expect(await page.inputValue('#node-config-input-domain')).to.equal('tenant.example.com');
      expect(await page.inputValue('#node-config-input-rateLimit')).to.equal('20');
      expect(await page.inputValue('#node-config-input-cacheTtl')).to.equal('60');
      await page.fill('#node-config-input-clientId', '${CIAM_CLIENT_ID}');
      await page.fill('#node-config-input-clientSecret', '${CIAM_CLIENT_SECRET}');
      await editor.confirm();
      await editor.confirm();
      const stored = await value<unknown>(`(({ fields, normalise, valid, tenant }) => [fields, normalise, valid, (({ domain, rateLimit, cacheTtl, valid }) => [domain, Number(rateLimit), Number(cacheTtl), valid])(RED.nodes.node(tenant))])(RED.nodes.node('${id}'))`);
      expect(stored).to.deep.equal(['user_id, name, mobile', true, true, ['tenant.example.com', 20, 60, true]]);
    });

    it('leave nodes that exist as they are, also in what their dialogs show', async () => {
      const { editor, editor: { page } } = desk;
      await page.locator('#red-ui-workspace-tabs').getByText('Others').click();
      await page.waitForSelector('#old');
      await editor.open('old');
      expect(await page.inputValue('#node-input-fields')).to.equal('');
      expect(await page.isChecked('#node-input-normalise')).to.equal(false);
      await editor.openTenant();
      expect(await page.inputValue('#node-config-input-domain')).to.equal('old.example.com');
      expect(await page.inputValue('#node-config-input-rateLimit')).to.equal('0');
      expect(await page.inputValue('#node-config-input-cacheTtl')).to.equal('0');
      await editor.cancel();
      await editor.cancel();
    });
  });
}
