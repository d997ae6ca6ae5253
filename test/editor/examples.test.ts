/** The examples as a person meets them: imported, deployed, clicked, read in the debug panel. */
import { expect } from 'chai';
import { EXAMPLES, example, nodeOf } from '../support/examples';
import { type FlowNode, MAJORS } from '../support/runtime';
import { type Editor, openEditor, screenshot } from './browser';
import { useDesk } from './desk';

const START = [{ id: 'start', type: 'tab', label: 'Start' }, { id: 'note', type: 'comment', z: 'start', name: 'start', x: 100, y: 40, wires: [] }];

const giveToImport = async ({ page, press }: Editor, flow: FlowNode[]): Promise<void> => {
  await press('Control+i');
  await page.waitForSelector('#red-ui-clipboard-dialog-import-text', { state: 'visible' });
  await page.fill('#red-ui-clipboard-dialog-import-text', JSON.stringify(flow));
  await press('End');
  await page.click('#red-ui-clipboard-dialog-ok:not([disabled])');
};

const importFlow = async (editor: Editor, flow: FlowNode[]): Promise<void> => {
  await giveToImport(editor, flow);
  await editor.page.locator('#red-ui-workspace-tabs').getByText(labelOf(flow)).waitFor();
};

const labelOf = (flow: FlowNode[]): string => String(nodeOf(flow, 'tab')['label']);

const show = async ({ page }: Editor, label: string): Promise<void> => {
  await page.locator('#red-ui-workspace-tabs').getByText(label).click();
  await page.waitForFunction(`RED.nodes.workspace(RED.workspaces.active()).label === ${JSON.stringify(label)}`);
};

/** Clicks the button of an inject node on the flow that is shown. */
const inject = async ({ page, value }: Editor, name: string): Promise<void> => {
  const id = await value<string>(`RED.nodes.filterNodes({ z: RED.workspaces.active(), type: 'inject' }).find((node) => node.name === ${JSON.stringify(name)}).id`);
  await page.locator(`[id="${id}"] .red-ui-flow-node-button-button`).click();
};

const debugged = async ({ page }: Editor, words: RegExp): Promise<void> => {
  await page.locator('.red-ui-debug-msg').filter({ hasText: words }).first().waitFor({ state: 'attached' });
};

const statusOf = (name: string): string =>
  `$('[id="' + RED.nodes.filterNodes({ z: RED.workspaces.active(), type: 'ciam-user' }).find((node) => node.name === ${JSON.stringify(name)}).id + '"] .red-ui-flow-node-status-label').text()`;

const DRAWN = `RED.nodes.filterNodes({ z: RED.workspaces.active() }).every(({ id }) => document.getElementById(id))`;
/** Nodes of the flow on screen that begin at the left edge of the canvas or beyond it, or lie on another one, as wide as they are drawn. */
const ILL_PLACED = `(() => {
  const places = RED.nodes.filterNodes({ z: RED.workspaces.active() })
    .map(({ name, x, y, w, h }) => ({ name, left: x - w / 2, right: x + w / 2, top: y - h / 2, bottom: y + h / 2 }));
  const overlap = (one, other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
  return places.filter((place, index) => place.left < 20 || places.slice(0, index).some((other) => overlap(place, other))).map(({ name }) => name);
})()`;

for (const major of MAJORS) {
  describe(`examples in the editor of Node-RED ${major}`, () => {
    const desk = useDesk({ major, flows: START });

    it('are imported with no node unknown or not properly configured, and answer at a click', async () => {
      const { editor } = desk;
      for (const file of EXAMPLES) {
        await importFlow(editor, example(file));
        await show(editor, labelOf(example(file)));
        await editor.page.waitForFunction(DRAWN);
        expect(await editor.value(ILL_PLACED), file).to.deep.equal([]);
      }
      const wrong = await editor.value<unknown[]>(`(() => {
        const all = [];
        RED.nodes.eachNode((node) => all.push(node));
        RED.nodes.eachConfig((node) => all.push(node));
        return all.filter((node) => node.type === 'unknown' || node.valid === false).map(({ id, type, name, validationErrors }) => ({ id, type, name, validationErrors }));
      })()`);
      expect(wrong).to.deep.equal([]);
      await editor.deploy();

      await editor.press('Control+g', 'd');
      await show(editor, '01 Look up by mobile');
      await inject(editor, '15200000000');
      await debugged(editor, /user_id: "20220126/);
      await editor.page.waitForFunction(`${statusOf('look up by mobile')} === 'found'`);
      await inject(editor, '13800000404');
      await debugged(editor, /IDAAS\.TENANT\.USER\.0001/);
      await editor.page.waitForFunction(`${statusOf('look up by mobile')} === 'not found'`);
      await screenshot(editor.page, `node-red-${major} example 01`);
      await show(editor, '02 Look up by username');
      await inject(editor, 'zhangsan');
      await debugged(editor, /user_id: "20220126/);
    });

    it('can be imported once more, as a copy with ids of its own', async () => {
      const flow = example('02-look-up-by-username.json');
      await desk.nodeRed.deploy(flow);
      const editor = await desk.reopen();
      await giveToImport(editor, flow);
      await editor.page.getByText('Import copy').click();
      await editor.page.waitForFunction(`RED.nodes.filterNodes({ type: 'ciam-user' }).length === 2`);
      const flows = (await editor.value<{ z: string }[]>(`RED.nodes.filterNodes({ type: 'ciam-user' }).map(({ z }) => ({ z }))`)).map(({ z }) => z);
      expect(flows[0]).to.equal(nodeOf(flow, 'tab').id);
      expect(flows[1]).to.not.equal(flows[0]);
      await editor.deploy();
      await editor.page.locator('#red-ui-workspace-tabs').getByText(labelOf(flow)).last().click();
      await editor.page.waitForFunction(`RED.workspaces.active() === '${flows[1]}'`);
      await inject(editor, 'zhangsan');
      await editor.page.waitForFunction(`${statusOf('look up by username')} === 'found'`);
    });

    it('have core nodes whose dialogs open and close, though they leave out what the editor takes for granted', async () => {
      const dialogs = {
        '02-look-up-by-username.json': ['inject', 'debug'], '03-handle-every-failure.json': ['split', 'switch'],
        '05-http-endpoint.json': ['inject', 'http in', 'function'], '10-table-of-workers.json': ['join'],
      };
      await desk.nodeRed.deploy(Object.keys(dialogs).flatMap(example));
      const editor = await desk.reopen();
      for (const [file, types] of Object.entries(dialogs)) {
        const flow = example(file);
        await show(editor, labelOf(flow));
        for (const type of types) {
          const id = flow.find((node) => node.type === type)?.id ?? '';
          await editor.open(id);
          await editor.confirm();
          expect(await editor.value(`RED.nodes.node('${id}').valid`), `${file}: ${type}`).to.equal(true);
        }
      }
    });

    it('show their status in Chinese to Chinese readers, and none after a redeploy', async () => {
      await desk.nodeRed.deploy(example('01-look-up-by-mobile.json'));
      const editor = await openEditor(desk.browser, desk.nodeRed.url, { language: 'zh-CN' });
      await show(editor, '01 Look up by mobile');
      await inject(editor, '15200000000');
      await editor.page.waitForFunction(`${statusOf('look up by mobile')} === '已找到'`);
      await desk.nodeRed.deploy(await desk.nodeRed.flows());
      await editor.page.waitForFunction(`${statusOf('look up by mobile')} === ''`);
      await editor.close();
    });
  });
}
