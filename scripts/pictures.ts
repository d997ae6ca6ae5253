/** `npm run pictures`: takes the pictures of both READMEs from a real Node-RED in a real browser. Look at them before you commit them. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { launchBrowser } from '../test/editor/browser';
import { launchNodeRed } from './node-red';
import { example, linkPackage, writeFlow } from './user-directory';

const images = resolve(__dirname, '../docs/images');
const LANGUAGES = [['en-US', ''], ['zh-CN', '.zh-CN']] as const;
const FLOW = example('01-look-up-by-mobile.json');

/** Not in the picture: what has nothing to do with it. */
const HIDE = `
  #red-ui-sidebar-separator, .red-ui-workspace-footer, #red-ui-workspace-footer, .red-ui-notification, #red-ui-header-button-user { display: none !important; }
  * { animation: none !important; transition: none !important; caret-color: transparent !important; }
`;

const openEditor = async (context: BrowserContext, url: string): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForSelector('.red-ui-palette-node[data-palette-type="ciam-user"]', { state: 'attached' });
  await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
  await page.addStyleTag({ content: HIDE });
  return page;
};

const idOf = (type: string, name?: string): string => FLOW.find((node) => node.type === type && (name === undefined || node['name'] === name))?.id ?? '';

const flow = async (page: Page, url: string, path: string): Promise<void> => {
  await page.setViewportSize({ width: 1280, height: 480 });
  await page.evaluate(`RED.sidebar.show('debug')`);
  for (const [name, shown] of [['13800000404', 1], ['15200000000', 2]] as const) {
    await page.request.post(`${url}inject/${idOf('inject', name)}`);
    await page.waitForFunction(`document.querySelectorAll('.red-ui-debug-msg').length === ${shown}`);
  }
  await page.locator('.red-ui-debug-msg').last().locator('.red-ui-debug-msg-expandable').first().click();
  await page.evaluate(`RED.view.select({ nodes: [] }); document.querySelector('.red-ui-palette-node[data-palette-type="ciam-user"]').scrollIntoView({ block: 'center' })`);
  await page.mouse.move(640, 440);
  await page.locator('.red-ui-flow-node-status-label', { hasText: /^(found|已找到)$/ }).waitFor();
  await page.screenshot({ path });
};

/** The dialog on top, when it stands still and is filled. */
const tray = async (page: Page, ready: string): Promise<Locator> => {
  await page.waitForSelector(ready);
  await page.waitForFunction(`document.querySelector('#red-ui-editor-stack').style.zIndex === '13'`);
  return page.locator('.red-ui-tray').last();
};

const dialogs = async (page: Page, suffix: string): Promise<void> => {
  await page.setViewportSize({ width: 1120, height: 980 });
  await page.evaluate(`RED.editor.edit(RED.nodes.node('${idOf('ciam-user')}'))`);
  const user = await tray(page, '#node-input-name');
  await page.evaluate('document.activeElement.blur()');
  await user.screenshot({ path: join(images, `user-dialog${suffix}.png`) });

  await page.click('#node-input-btn-tenant-edit');
  const tenant = await tray(page, '#node-config-input-demo');
  await page.uncheck('#node-config-input-demo');
  await page.fill('#node-config-input-name', '');
  await page.fill('#node-config-input-domain', 'tenant.example.com');
  await page.fill('#node-config-input-clientId', '${CIAM_CLIENT_ID}');
  await page.fill('#node-config-input-clientSecret', '${CIAM_CLIENT_SECRET}');
  await page.evaluate('document.activeElement.blur()');
  await tenant.screenshot({ path: join(images, `tenant-dialog${suffix}.png`) });
};

const helpDesk = async (context: BrowserContext, url: string, path: string): Promise<void> => {
  const page = await context.newPage();
  await page.setViewportSize({ width: 760, height: 560 });
  await page.goto(`${url}ciam/help-desk`);
  await page.locator('input').first().fill('lisi');
  await page.keyboard.press('Enter');
  await page.getByText('lisi@example.com').waitFor();
  await page.screenshot({ path });
};

const picturesOf = async (browser: Browser, url: string, language: string, suffix: string): Promise<void> => {
  const context = await browser.newContext({ locale: language, timezoneId: 'Asia/Shanghai' });
  context.setDefaultTimeout(30_000);
  const page = await openEditor(context, url);
  await flow(page, url, join(images, `flow${suffix}.png`));
  await dialogs(page, suffix);
  await helpDesk(context, url, join(images, `help-desk${suffix}.png`));
  await context.close();
};

const main = async (): Promise<void> => {
  mkdirSync(images, { recursive: true });
  const userDir = mkdtempSync(join(tmpdir(), 'node-red-pictures-'));
  linkPackage(userDir);
  writeFlow(userDir, [...FLOW, ...example('07-help-desk-page.json')]);
  const browser = await launchBrowser();
  try {
    for (const [language, suffix] of LANGUAGES) {
      const nodeRed = await launchNodeRed({ redJs: require.resolve('node-red/red.js'), userDir, settings: { lang: language } });
      await picturesOf(browser, nodeRed.url, language, suffix).finally(nodeRed.stop);
    }
  } finally {
    await browser.close();
    rmSync(userDir, { recursive: true, force: true });
  }
};

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
