/**
 * All dialogs in each language and theme: judged by axe-core, measured for contrast and for text that is cut off or has no translation,
 * and kept as pictures in build-output/screenshots for people to look at.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { MAJORS, type FlowNode } from '../support/runtime';
import { type Editor, LANGUAGES, type Theme, openEditor, screenshot } from './browser';
import { useDesk } from './desk';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const FLOWS: FlowNode[] = [
  { id: 'flow', type: 'tab', label: 'Users' },
  { id: 'tenant', type: 'ciam-tenant', name: '', domain: 'tenant.example.com', credentials: { clientId: 'id', clientSecret: 'secret' } },
  { id: 'demo', type: 'ciam-tenant', name: '', demo: true },
  { id: 'lookup', type: 'ciam-user', z: 'flow', name: '', tenant: 'demo', by: 'msg', x: 300, y: 80, wires: [[], []] },
  { id: 'real', type: 'ciam-user', z: 'flow', name: 'real', tenant: 'tenant', by: 'username', x: 300, y: 160, wires: [[], []] },
  { id: 'state', type: 'ciam-status', z: 'flow', name: '', tenant: 'demo', x: 300, y: 240, wires: [[]] },
];

const FORM = '.red-ui-tray:last-child .ciam-form';

interface Violation { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }

/** What is serious or worse of what axe finds in the form on top. */
const serious = async ({ page }: Editor): Promise<string[]> => {
  if (!await page.evaluate<boolean>(`'axe' in window`)) await page.evaluate(AXE);
  const found = await page.evaluate<Violation[]>(`axe.run(document.querySelector('${FORM}')).then(({ violations }) => violations)`);
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
};

/** Texts of our own with less contrast to what they stand on than 4.5:1; axe passes over some that it cannot tell. */
const faint = (editor: Editor): Promise<string[]> => editor.value<string[]>(`(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const channel = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
  const ground = (element) => {
    const colour = parts(getComputedStyle(element).backgroundColor);
    return colour[3] === 0 ? ground(element.parentElement) : colour;
  };
  const contrast = (element) => {
    const [one, other] = [luminance(parts(getComputedStyle(element).color)), luminance(ground(element))];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  };
  const texts = [...document.querySelectorAll('${FORM} :is(.ciam-hint, .ciam-unit, .ciam-reason, .ciam-digest, .ciam-detail, .ciam-line > span, .ciam-pick > *, .ciam-result-value, label, summary, dt, dd)')];
  return texts.filter((element) => element.offsetParent && element.textContent.trim() && contrast(element) < 4.5).map((element) => contrast(element).toFixed(2) + ' ' + element.className + ': ' + element.textContent.trim());
})()`);

/** No text may be cut off or run out of the form. */
const overflowing = (editor: Editor): Promise<string[]> => editor.value<string[]>(
  `[...document.querySelectorAll('${FORM} > *, ${FORM} :is(label, .ciam-control, summary, .ciam-hint, .ciam-unit, dd, dt)')]
    .filter((element) => element.offsetParent && element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline')
    .map((element) => element.className + ': ' + element.textContent.trim())`);

/** Keys that have no text show as themselves. */
const untranslated = async ({ page }: Editor): Promise<string[]> =>
  (await page.locator('.red-ui-tray').last().innerText()).match(/ciam-(user|tenant|status)\.[\w.-]+/g)?.filter((key) => !/\.(read|write)$/.test(key)) ?? [];

const judge = async (editor: Editor, name: string): Promise<void> => {
  await screenshot(editor.page, name);
  expect(await untranslated(editor), `${name}: untranslated`).to.deep.equal([]);
  expect(await overflowing(editor), `${name}: cut off`).to.deep.equal([]);
  expect(await faint(editor), `${name}: faint`).to.deep.equal([]);
  expect(await serious(editor), `${name}: axe`).to.deep.equal([]);
};

/** On a small window; Node-RED gives a form 420 pixels at the least. */
const judgeNarrow = async (editor: Editor, name: string): Promise<void> => {
  const { page } = editor;
  const usual = page.viewportSize() ?? { width: 1280, height: 1000 };
  await page.setViewportSize({ ...usual, width: 700 });
  await page.waitForFunction(`document.querySelector('${FORM}').clientWidth <= 420`);
  await screenshot(page, `${name} narrow`);
  expect(await overflowing(editor), `${name} narrow`).to.deep.equal([]);
  await page.setViewportSize(usual);
};

const unfold = (editor: Editor): Promise<unknown> => editor.value(`$('.ciam-form details').prop('open', true).length`);

for (const major of MAJORS) {
  describe(`dialogs for everybody, on Node-RED ${major}`, () => {
    const desk = useDesk({ major, flows: FLOWS });
    const themes: Theme[] = major === 4 ? ['light'] : ['light', 'dark'];

    for (const language of LANGUAGES) {
      for (const theme of themes) {
        it(`can be read and used: ${language} ${theme}`, async () => {
          const name = `node-red-${major} ${language} ${theme}`;
          const editor = await openEditor(desk.browser, desk.nodeRed.url, { language, theme });
          const { page } = editor;
          await editor.open('lookup');
          await judge(editor, `${name} lookup`);
          await unfold(editor);
          await page.fill('#ciam-user-try-value', '13800001111');
          await page.click('#ciam-user-try');
          await page.waitForSelector('.ciam-result-row');
          await page.locator('.ciam-result-row input').first().check();
          await judge(editor, `${name} lookup tried`);
          await judgeNarrow(editor, `${name} lookup`);
          await editor.openTenant();
          await page.click('#ciam-tenant-test');
          await page.waitForSelector('#ciam-tenant-test-result .ciam-good');
          await page.waitForSelector('#ciam-tenant-figures dl > div');
          await judge(editor, `${name} demo tested`);
          await page.click('.red-ui-tray-footer-left button');
          await page.waitForSelector('.red-ui-help h3');
          await screenshot(page, `${name} help`);
          await editor.cancel();
          await editor.cancel();

          await editor.open('real');
          await editor.openTenant();
          await judge(editor, `${name} tenant`);
          await unfold(editor);
          await page.fill('#node-config-input-domain', 'no host');
          await page.fill('#node-config-input-clientSecret', '');
          await page.fill('#node-config-input-concurrency', '0');
          await judge(editor, `${name} tenant refusing`);
          await page.locator('#node-config-input-timezone').scrollIntoViewIfNeeded();
          await screenshot(page, `${name} tenant limits`);
          await judgeNarrow(editor, `${name} tenant`);
          await editor.cancel();
          await editor.cancel();

          await editor.open('state');
          await judge(editor, `${name} status`);
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
      expect((await told('#node-input-by')).join()).to.match(/^Such as lisi@example\.com/);
      await editor.type('#node-input-value-text', '');
      expect(await told('#node-input-value-text')).to.deep.equal(['An array looks up every item.', 'must not be empty']);
      await editor.cancel();
      await editor.open('real');
      await editor.openTenant();
      expect((await told('#node-config-input-clientSecret')).join()).to.match(/^Stored, and never sent/);
      await unfold(editor);
      await editor.page.fill('#node-config-input-retries', '11');
      expect(await told('#node-config-input-retries')).to.have.lengthOf(2).and.include('must be a whole number from 0 to 10');
      await editor.cancel();
      await editor.cancel();
    });
  });
}
