/** Pictures of each dialog in each language and theme, kept in build-output/screenshots for people to look at; what has no look is checked. */
import { expect } from 'chai';
import { MAJORS, type FlowNode } from '../support/runtime';
import { type Editor, LANGUAGES, type Theme, openEditor, screenshot, useDesk } from './browser';

const FLOWS: FlowNode[] = [
  { id: 'flow', type: 'tab', label: 'Users' },
  { id: 'tenant', type: 'ciam-tenant', name: '', domain: 'tenant.example.com', credentials: { clientId: 'id', clientSecret: 'secret' } },
  { id: 'demo', type: 'ciam-tenant', name: '', demo: true },
  { id: 'lookup', type: 'ciam-user', z: 'flow', name: '', tenant: 'tenant', by: 'mobile', x: 300, y: 80, wires: [[], []] },
  { id: 'tried', type: 'ciam-user', z: 'flow', name: '', tenant: 'demo', by: 'username', x: 300, y: 160, wires: [[], []] },
];

/** No text may be cut off or run out of the form. */
const overflowing = (editor: Editor): Promise<string[]> => editor.value<string[]>(`[...document.querySelectorAll('.ciam-form :is(label, .ciam-control, summary, .ciam-hint, .ciam-unit, dd, dt)')]
  .filter((element) => element.offsetParent && element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline')
  .map((element) => element.textContent.trim())`);

/** Keys that have no text show as themselves. */
const untranslated = async ({ page }: Editor): Promise<string[]> =>
  (await page.locator('.red-ui-tray').last().innerText()).match(/ciam-(user|tenant)\.[\w.-]+/g)?.filter((key) => !/\.(read|write)$/.test(key)) ?? [];

const look = async (editor: Editor, name: string): Promise<void> => {
  await screenshot(editor.page, name);
  expect(await untranslated(editor), name).to.deep.equal([]);
  expect(await overflowing(editor), name).to.deep.equal([]);
};

for (const major of MAJORS) {
  describe(`looks of Node-RED ${major}`, () => {
    const desk = useDesk({ major, flows: FLOWS });
    const themes: Theme[] = major === 4 ? ['light'] : ['light', 'dark'];

    for (const language of LANGUAGES) {
      for (const theme of themes) {
        it(`${language} ${theme}`, async () => {
          const name = `node-red-${major} ${language} ${theme}`;
          const editor = await openEditor(desk.browser, desk.nodeRed.url, { language, theme });
          const { page } = editor;
          await editor.open('lookup');
          await look(editor, `${name} lookup`);
          await editor.openTenant();
          await look(editor, `${name} tenant`);
          await page.fill('#node-config-input-domain', 'http://tenant.example.com/');
          await page.fill('#node-config-input-clientSecret', '');
          await editor.value(`$('.ciam-section').prop('open', true).length`);
          await page.fill('#node-config-input-concurrency', '0');
          await look(editor, `${name} tenant refusing`);
          await page.locator('#ciam-tenant-limits-digest').scrollIntoViewIfNeeded();
          await page.locator('#node-config-input-timezone').scrollIntoViewIfNeeded();
          await look(editor, `${name} tenant limits`);
          await editor.cancel();
          await editor.cancel();

          await editor.open('tried');
          await editor.openTenant();
          await page.click('#ciam-tenant-test');
          await page.waitForSelector('#ciam-tenant-test-result .ciam-good');
          await page.waitForSelector('#ciam-tenant-figures dl > div');
          await look(editor, `${name} demo tested`);
          await page.click('.red-ui-tray-footer-left button');
          await page.waitForSelector('.red-ui-help h3');
          await screenshot(page, `${name} help`);
          await editor.cancel();
          await editor.cancel();
          await editor.close();
        });
      }
    }
  });
}
