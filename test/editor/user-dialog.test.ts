/** The lookup's dialog in a browser: by keyboard, refusing and accepting, outputs that follow the choice, values that stay. */
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { MAJORS, type FlowNode } from '../support/runtime';
import { controls } from './browser';
import { useDesk } from './desk';

const FLOWS: FlowNode[] = [
  { id: 'flow', type: 'tab', label: 'Users' },
  { id: 'tenant', type: 'ciam-tenant', name: '', demo: true },
  { id: 'lookup', type: 'ciam-user', z: 'flow', name: '', tenant: 'tenant', by: 'mobile', x: 300, y: 80, wires: [['seen'], ['failed']] },
  { id: 'quiet', type: 'ciam-user', z: 'flow', name: 'quiet one', tenant: 'tenant', by: 'msg', onFailure: 'catch', x: 300, y: 180, wires: [['seen']] },
  { id: 'seen', type: 'debug', z: 'flow', name: 'seen', active: true, tosidebar: true, complete: 'payload', targetType: 'msg', x: 520, y: 60, wires: [] },
  { id: 'failed', type: 'debug', z: 'flow', name: 'failed', active: true, tosidebar: true, complete: 'payload', targetType: 'msg', x: 520, y: 120, wires: [] },
];

const wiresOf = (id: string): string =>
  `RED.nodes.filterLinks({ source: RED.nodes.node('${id}') }).map((link) => link.sourcePort + '>' + link.target.id).sort()`;

/** The canvas is drawn a frame later. */
const drawn = async (page: Page, outputs: number): Promise<void> => {
  await page.waitForFunction(`document.querySelectorAll('#lookup .red-ui-flow-port-output').length === ${outputs}`);
};

for (const major of MAJORS) {
  describe(`lookup dialog on Node-RED ${major}`, () => {
    const desk = useDesk({ major, flows: FLOWS });

    it('shows without being opened what a node does', async () => {
      const { editor } = desk;
      const label = (id: string): Promise<string | null> => editor.page.locator(`#${id} .red-ui-flow-node-label`).textContent();
      expect(await label('lookup')).to.equal('by mobile');
      expect(await label('quiet')).to.equal('quiet one');
      expect(await editor.page.locator('#quiet .red-ui-flow-node-label').getAttribute('class')).to.include('italic');
      expect(await editor.page.locator('#quiet .red-ui-flow-port-output').count()).to.equal(1);
      expect(await editor.page.locator('#lookup .red-ui-flow-port-output').count()).to.equal(2);
      expect(await editor.value<string[]>(`[0, 1].map((index) => RED.nodes.node('lookup')._def.outputLabels(index))`)).to.deep.equal(['user', 'failure']);
      // Loading flows of an older version is no change to deploy.
      expect(await editor.value<boolean>('RED.nodes.dirty()')).to.equal(false);
    });

    it('takes a fresh node from the palette and fills it by keyboard alone', async () => {
      const { editor, editor: { page } } = desk;
      const palette = page.locator('.red-ui-palette-node[data-palette-type="ciam-user"]');
      await palette.scrollIntoViewIfNeeded();
      const from = await palette.boundingBox();
      if (!from) throw new Error('the palette shows no node');
      await page.mouse.move(from.x + 30, from.y + 10);
      await page.mouse.down();
      await page.mouse.move(500, 500, { steps: 8 });
      await page.mouse.up();
      const id = await editor.value<string>(`RED.nodes.filterNodes({ type: 'ciam-user' }).map((node) => node.id).find((id) => id !== 'lookup' && id !== 'quiet')`);

      await editor.open(id);
      await page.focus('#node-input-name');
      await page.keyboard.type('who is it');
      await editor.press('Tab');
      await page.keyboard.type('demo');
      await editor.press('Tab', 'Tab', 'Tab');
      await page.keyboard.type('user');
      await editor.press('Tab', 'ArrowDown');
      await page.waitForFunction(`document.activeElement.getAttribute('value') === 'msg'`);
      await editor.press('ArrowDown', 'ArrowDown', 'ArrowDown', 'Enter');
      await editor.press('Control+a');
      await page.keyboard.type('zhangsan');
      await editor.press('Tab', 'Control+a');
      await page.keyboard.type('user');
      await editor.press('Escape', 'Tab');
      await page.keyboard.type('user_id, na');
      await editor.press('Escape', 'Tab', 'Tab', 'Space', 'Tab', 'ArrowDown');
      await editor.press('Control+Enter');
      await page.waitForFunction(`document.querySelectorAll('.red-ui-tray').length === 0`);

      const stored = await editor.value<Record<string, unknown>>(
        `(({ name, tenant, by, value, valueType, item, output, list, fields, normalise, onFailure, outputs, valid }) =>
          ({ name, tenant, by, value, valueType, item, output, list, fields, normalise, onFailure, outputs, valid }))(RED.nodes.node('${id}'))`);
      expect(stored).to.deep.equal({
        name: 'who is it', tenant: 'tenant', by: 'username', value: 'zhangsan', valueType: 'str', item: '', output: 'user',
        list: 'split', fields: 'user_id, na', normalise: true, onFailure: 'catch', outputs: 1, valid: true,
      });
    });

    it('says why a value is refused, and takes it back when it is right', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('lookup');
      await page.click('.ciam-section:has(#node-input-item) > summary');
      const text = async (field: string, value: string, reason: RegExp | null): Promise<void> => {
        const selector = field === 'fields' || field === 'item' ? `#node-input-${field}` : `#node-input-${field}-text`;
        await editor.type(selector, value);
        const control = page.locator(selector);
        const told = page.locator(`#node-input-${field}-reason`);
        const described = (await control.getAttribute('aria-describedby') ?? '').split(' ');
        if (reason) {
          expect(await told.textContent()).to.match(reason);
          expect(await control.getAttribute('aria-invalid')).to.equal('true');
          expect(described).to.include(`node-input-${field}-reason`);
        } else {
          expect(described).to.not.include(`node-input-${field}-reason`);
          expect(await told.count(), `${field}: ${value}`).to.equal(0);
          expect(await control.getAttribute('aria-invalid')).to.equal(null);
        }
      };
      await text('value', '', /must not be empty/);
      await text('value', 'a b', /space|property|invalid/i);
      await text('value', 'req.params.mobile', null);
      await text('value', '${CIAM_VALUE}', null);
      await text('output', 'error', /msg\.error or msg\.lookup/);
      await text('output', 'lookup.user', /msg\.error or msg\.lookup/);
      await text('output', '', /must not be empty/);
      await text('output', 'user ', /space|property|invalid/i);
      await text('output', 'user', null);
      await text('item', 'contact..mobile', /property|invalid|unexpected/i);
      await text('item', 'contact.mobile', null);
      await text('item', 'Phone number', null);
      await text('output', 'msg.error.code', /msg\.error or msg\.lookup/);
      await text('item', '', null);
      await text('fields', 'user_id、name', /commas/);
      await text('fields', 'user_id; name', /commas/);
      await text('fields', 'user_id, name,attr_gender', null);
      await text('fields', '', null);
      await page.selectOption('#node-input-tenant', '_ADD_');
      expect(await page.locator('#node-input-tenant-reason').textContent()).to.equal('choose a tenant, or add one');
      await page.selectOption('#node-input-tenant', 'tenant');
      expect(await page.locator('#node-input-tenant-reason').count()).to.equal(0);
      await editor.cancel();
      expect(await editor.value<string[] | undefined>(`(RED.nodes.node('lookup').validationErrors)`)).to.deep.equal([]);
    });

    it('refuses a wrong number and a wrong expression, by the type of the value', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('lookup');
      for (const [type, wrong, right] of [['num', 'twelve', '13800001111'], ['jsonata', 'payload.(', 'payload.mobile']] as const) {
        await page.click('#node-input-value + .red-ui-typedInput-container .red-ui-typedInput-type-select');
        await page.click(`.red-ui-typedInput-options:visible a[value="${type}"]`);
        await editor.type('#node-input-value-text', wrong);
        await page.waitForSelector('#node-input-value-reason');
        await editor.type('#node-input-value-text', right);
        await page.waitForSelector('#node-input-value-reason', { state: 'detached' });
      }
      await editor.confirm();
      expect(await editor.value<string[]>(`[RED.nodes.node('lookup').valueType, RED.nodes.node('lookup').value]`)).to.deep.equal(['jsonata', 'payload.mobile']);
      await editor.press('Control+z');
    });

    it('goes on judging what is on screen when the dialog of its tenant has been open over it', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('lookup');
      await page.click('#node-input-value + .red-ui-typedInput-container .red-ui-typedInput-type-select');
      await page.click('.red-ui-typedInput-options:visible a[value="num"]');
      await editor.openTenant();
      await editor.cancel();
      await editor.type('#node-input-value-text', 'twelve');
      await page.waitForSelector('#node-input-value-reason');
      await editor.cancel();
    });

    it('offers the fields it knows, and message properties', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('lookup');
      await page.focus('#node-input-fields');
      await page.keyboard.type('user_id, user_n');
      await page.locator('.red-ui-autoComplete-container').getByText('user_name').click();
      expect(await page.inputValue('#node-input-fields')).to.equal('user_id, user_name');
      await page.fill('#node-input-output-text', '');
      await page.focus('#node-input-output-text');
      await page.keyboard.type('top');
      await page.locator('.red-ui-autoComplete-container').getByText('topic').first().click();
      expect(await page.inputValue('#node-input-output-text')).to.equal('topic');
      await editor.cancel();
    });

    it('takes the second output away with its wires, and undoes both together', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('lookup');
      await page.selectOption('#node-input-onFailure', 'catch');
      await editor.confirm();
      expect(await editor.value<string[]>(wiresOf('lookup'))).to.deep.equal(['0>seen']);
      await drawn(page, 1);

      await editor.press('Control+z');
      expect(await editor.value<string[]>(wiresOf('lookup'))).to.deep.equal(['0>seen', '1>failed']);
      await drawn(page, 2);
      await editor.open('lookup');
      expect(await page.inputValue('#node-input-onFailure')).to.equal('output');
      await editor.cancel();
    });

    it('names every control', async () => {
      const { editor } = desk;
      await editor.open('lookup');
      const all = await controls(editor.page, '.ciam-form');
      expect(all.length).to.be.at.least(12);
      expect(all.filter(({ name }) => !name.trim())).to.deep.equal([]);
      expect(all.map(({ name }) => name)).to.include.members(['Value: type of value', 'Result in: type of value', 'Pick fields', 'Look up']);
      await editor.cancel();
    });

    it('keeps every value: saved, deployed, loaded again', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('lookup');
      await page.selectOption('#node-input-by', 'id');
      await editor.type('#node-input-value-text', 'userId');
      await page.fill('#node-input-fields', 'user_id,name');
      await page.check('#node-input-normalise');
      await page.click('.ciam-section:has(#node-input-item) > summary');
      await page.fill('#node-input-item', 'contact.mobile');
      await page.selectOption('#node-input-list', 'together');
      await editor.confirm();
      await editor.deploy();

      const later = await desk.reopen();
      await later.open('lookup');
      const shown = await later.value<unknown[]>(
        `['by', 'value', 'valueType', 'item', 'output', 'list', 'fields', 'onFailure', 'tenant'].map((name) => $('#node-input-' + name).val()).concat($('#node-input-normalise').prop('checked'))`);
      expect(shown).to.deep.equal(['id', 'userId', 'msg', 'contact.mobile', 'payload', 'together', 'user_id,name', 'output', 'tenant', true]);
      expect(await later.page.locator('#ciam-user-list-digest').textContent()).to.equal('every item in its place, value in contact.mobile');
      await later.cancel();
      expect(await later.value<boolean>('RED.nodes.dirty()')).to.equal(false);
    });
  });
}
