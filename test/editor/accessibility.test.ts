/** Both dialogs for people who see little or nothing, or use no mouse: judged by axe-core, in each theme and language. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { MAJORS, type FlowNode } from '../support/runtime';
import { type Editor, LANGUAGES, type Theme, openEditor, useDesk } from './browser';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const FLOWS: FlowNode[] = [
  { id: 'flow', type: 'tab', label: 'Users' },
  { id: 'tenant', type: 'ciam-tenant', name: '', domain: 'tenant.example.com', credentials: { clientId: 'id', clientSecret: 'secret' } },
  { id: 'demo', type: 'ciam-tenant', name: '', demo: true },
  { id: 'lookup', type: 'ciam-user', z: 'flow', name: '', tenant: 'demo', by: 'msg', x: 300, y: 80, wires: [[], []] },
  { id: 'real', type: 'ciam-user', z: 'flow', name: 'real', tenant: 'tenant', by: 'username', x: 300, y: 160, wires: [[], []] },
];

interface Violation { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }

/** What is serious or worse of what axe finds in the form on top. */
const judge = async ({ page }: Editor): Promise<string[]> => {
  if (!await page.evaluate<boolean>(`'axe' in window`)) await page.evaluate(AXE);
  const forms = '.red-ui-tray:last-child .ciam-form';
  const found = await page.evaluate<Violation[]>(`axe.run(document.querySelector('${forms}')).then(({ violations }) => violations)`);
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
};

/** The narrowest that a tray is ever dragged to. */
const narrow = (editor: Editor): Promise<unknown> => editor.value(`$('.red-ui-tray').last().width(300) && $(window).trigger('resize').length`);

const overflowing = (editor: Editor): Promise<string[]> => editor.value<string[]>(
  `[...document.querySelectorAll('.red-ui-tray:last-child .ciam-form > *')].filter((element) => element.offsetParent && element.scrollWidth > element.clientWidth + 1).map((element) => element.textContent.trim())`);

for (const major of MAJORS) {
  describe(`dialogs for everybody, on Node-RED ${major}`, () => {
    const desk = useDesk({ major, flows: FLOWS });
    const themes: Theme[] = major === 4 ? ['light'] : ['light', 'dark'];

    for (const language of LANGUAGES) {
      for (const theme of themes) {
        it(`axe finds nothing serious: ${language} ${theme}`, async () => {
          const editor = await openEditor(desk.browser, desk.nodeRed.url, { language, theme });
          const { page } = editor;
          await editor.open('lookup');
          await editor.value(`$('.ciam-form details').prop('open', true).length`);
          expect(await judge(editor), 'lookup').to.deep.equal([]);
          await page.fill('#ciam-user-try-value', '13800001111');
          await page.click('#ciam-user-try');
          await page.waitForSelector('.ciam-result-row');
          await page.locator('.ciam-result-row input').first().check();
          expect(await judge(editor), 'lookup tried').to.deep.equal([]);
          await narrow(editor);
          expect(await overflowing(editor), 'narrow').to.deep.equal([]);
          await editor.openTenant();
          await page.click('#ciam-tenant-test');
          await page.waitForSelector('#ciam-tenant-test-result .ciam-good');
          await page.waitForSelector('#ciam-tenant-figures dl > div');
          await editor.value(`$('.ciam-form details').prop('open', true).length`);
          expect(await judge(editor), 'demo tested').to.deep.equal([]);
          await editor.cancel();
          await editor.cancel();
          await editor.open('real');
          await editor.openTenant();
          await editor.value(`$('.ciam-form details').prop('open', true).length`);
          await page.fill('#node-config-input-domain', 'no host');
          await page.fill('#node-config-input-concurrency', '0');
          expect(await judge(editor), 'tenant refusing').to.deep.equal([]);
          await narrow(editor);
          expect(await overflowing(editor), 'narrow tenant').to.deep.equal([]);
          await editor.cancel();
          await editor.cancel();
          await editor.close();
        });
      }
    }

    it('tells each field\'s hints and its fault together, and only those that apply', async () => {
      const { editor } = desk;
      const told = (field: string): Promise<string[]> => editor.value<string[]>(
        `($('${field}').attr('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? 'nothing has the id ' + id)`);
      await editor.open('lookup');
      expect(await told('#node-input-by')).to.deep.equal(['Each message says it in msg.by: mobile, username, email or id.']);
      await editor.page.selectOption('#node-input-by', 'email');
      expect((await told('#node-input-by')).join()).to.match(/^Such as zhangsan@example\.com/);
      await editor.type('#node-input-value-text', '');
      expect(await told('#node-input-value-text')).to.deep.equal(['An array looks up every item.', 'must not be empty']);
      await editor.cancel();
      await editor.open('real');
      await editor.openTenant();
      expect((await told('#node-config-input-clientSecret')).join()).to.match(/^Stored, and never sent/);
      await editor.value(`$('.ciam-form details').prop('open', true).length`);
      await editor.page.fill('#node-config-input-retries', '11');
      expect(await told('#node-config-input-retries')).to.have.lengthOf(2).and.include('must be a whole number from 0 to 10');
      await editor.cancel();
      await editor.cancel();
    });
  });
}
