/** The editor of a real Node-RED in a real browser, handled as a person would. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Browser, type BrowserContext, type Locator, type Page, type Request, chromium } from 'playwright-core';
import { root } from '../support/versions';

export const LANGUAGES = ['en-US', 'zh-CN'] as const;
export type Language = (typeof LANGUAGES)[number];
export type Theme = 'light' | 'dark';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const QUIET = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export const launchBrowser = async (): Promise<Browser> => {
  if (!existsSync(CHROMIUM)) throw new Error(`There is no ${CHROMIUM}: install the package chromium, or name another one in the variable CHROMIUM.`);
  return await chromium.launch({ executablePath: CHROMIUM, args: QUIET });
};

export interface Editor {
  page: Page;
  /** Bodies of everything the server sent as JSON. */
  received: string[];
  /** Errors that the page reported so far. */
  problems: string[];
  /** Opens a node's dialog; waits until it can be used. */
  open: (id: string) => Promise<void>;
  /** Opens the dialog of the tenant chosen in the dialog that is open. */
  openTenant: () => Promise<void>;
  /** Waits until the dialog on top stands still. */
  settled: () => Promise<unknown>;
  press: (...keys: string[]) => Promise<void>;
  /** Fills a field as typing does: the editor's own widgets listen to keys. */
  type: (field: string, text: string) => Promise<void>;
  /** Done, Update or Add of the dialog on top; waits until it is gone. */
  confirm: () => Promise<void>;
  cancel: () => Promise<void>;
  deploy: () => Promise<void>;
  /** What the editor holds, by an expression of its own. */
  value: <T>(expression: string) => Promise<T>;
  /** The form of the dialog on top. */
  form: Locator;
  /** Ends the page; fails if it asked another host, or reported an error. */
  close: () => Promise<void>;
  /** Ends the page, whatever it met. */
  drop: () => Promise<void>;
}

export interface OpenOptions {
  language?: Language;
  theme?: Theme;
  /** Name and password of an administrator, where the editor asks for one. */
  user?: [string, string];
}

/**
 * A request that ended without 2xx is told by the browser too; the tests look at the status themselves. Node-RED's own debug panel fails
 * at a log line of a global config node that arrives while the page still loads the flows.
 */
const isNews = (text: string): boolean => !/^Failed to load resource|RED\.comms\.subscribe|\bhandleDebugMessage\b/.test(text);

const logIn = async (page: Page, [name, password]: [string, string]): Promise<void> => {
  await page.fill('#node-dialog-login-username', name);
  await page.fill('#node-dialog-login-password', password);
  await page.click('#node-dialog-login-submit');
};

const contexts = new WeakMap<Browser, Map<string, Promise<BrowserContext>>>();

/** One for each language: a page finds in the cache what another one has loaded. One for each user, whose login it keeps. */
const contextFor = (browser: Browser, language: Language, name: string): Promise<BrowserContext> => {
  const known = contexts.get(browser) ?? new Map<string, Promise<BrowserContext>>();
  contexts.set(browser, known);
  const key = `${language} ${name}`;
  const context = known.get(key) ?? browser.newContext({ locale: language, viewport: { width: 1280, height: 1000 } });
  known.set(key, context);
  return context;
};

export const openEditor = async (browser: Browser, url: string, { language = 'en-US', theme = 'light', user }: OpenOptions = {}): Promise<Editor> => {
  const context = await contextFor(browser, language, user?.[0] ?? '');
  const page = await context.newPage();
  // A page takes two seconds to load, and half a minute where several test runs share a machine.
  page.setDefaultTimeout(60_000);
  await page.addInitScript(`localStorage.setItem('view-dark-theme', '${theme}')`);
  const foreign: string[] = [];
  const problems: string[] = [];
  const received: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) foreign.push(request.url());
  });
  page.on('response', (response) => {
    if (response.headers()['content-type']?.includes('json')) response.text().then((text) => received.push(text), () => undefined);
  });
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (/error|warning/.test(message.type()) && isNews(message.text())) problems.push(message.text());
  });
  const pending = new Set<Request>();
  page.on('request', (request) => pending.add(request));
  page.on('requestfinished', (request) => pending.delete(request));
  page.on('requestfailed', (request) => pending.delete(request));
  try {
    await page.goto(url);
    if (user) await logIn(page, user);
    await page.waitForSelector('.red-ui-palette-node[data-palette-type="ciam-user"]', { state: 'attached' });
    await page.waitForSelector('.red-ui-flow-node', { state: 'attached' });
    // The header, the palette and the canvas are there; what covers them while the flows load goes last.
    await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
  } catch (error) {
    await screenshot(page, 'editor that did not open');
    throw new Error(`The editor did not open. It waits for: ${[...pending].map((request) => request.url()).join(', ') || 'nothing'}; problems: ${problems.join(', ') || 'none'}`, { cause: error });
  }

  const trays = page.locator('.red-ui-tray');
  const form = trays.last().locator('form').first();
  // The editor lifts the trays to the front as the last thing, when they stand still and the focus is where it stays.
  // Asked by the clock: a page that has nothing more to paint may get no frame on a busy machine.
  const settled = (): Promise<unknown> => page.waitForFunction(`document.querySelector('#red-ui-editor-stack').style.zIndex === '13'`, undefined, { polling: 50 });
  const leave = async (button: string): Promise<void> => {
    // A dialog under another one is out of the document: the stack knows it.
    const before = await page.evaluate<number>('RED.editor.getEditStack().length');
    await trays.last().locator(button).click();
    await page.waitForFunction(`RED.editor.getEditStack().length < ${before}`);
    if (before > 1) await settled();
    else await page.waitForFunction('RED.view.state() === RED.state.DEFAULT');
  };

  return {
    page, received, problems, form, settled,
    open: async (id) => {
      // Two clicks are a double click only within a time that a busy machine may miss.
      // Not the group, whose middle may lie beside the node: a long status makes it wider.
      await page.locator(`[id="${id}"] rect.red-ui-flow-node`).click();
      await page.keyboard.press('Enter');
      await page.waitForSelector('#node-input-name');
      await settled();
    },
    openTenant: async () => {
      await page.click('#node-input-btn-tenant-edit');
      await page.waitForSelector('#node-config-input-demo');
      await settled();
    },
    press: async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
    },
    type: async (field, text) => {
      await page.fill(field, text);
      await page.press(field, 'End');
    },
    confirm: () => leave('#node-dialog-ok, #node-config-dialog-ok'),
    cancel: () => leave('#node-dialog-cancel, #node-config-dialog-cancel'),
    deploy: async () => {
      const answered = page.waitForResponse((response) => response.url() === `${url}flows` && response.request().method() === 'POST');
      await page.click('#red-ui-header-button-deploy');
      expect((await answered).status()).to.equal(200);
    },
    value: <T>(expression: string) => page.evaluate<T>(expression),
    drop: () => page.close(),
    close: async () => {
      await page.close();
      expect(foreign, 'requests to other hosts').to.deep.equal([]);
      expect(problems, 'errors of the page').to.deep.equal([]);
    },
  };
};

/** Screenshots are output of the tests, for people to look at. */
export const screenshot = async (page: Page, name: string): Promise<void> => {
  const folder = join(root, 'build-output/screenshots');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
};

/** Everything in a form that can be operated, with the name that a screen reader says. */
export const controls = async (page: Page, form: string): Promise<{ role: string; name: string }[]> => {
  const session = await page.context().newCDPSession(page);
  const { result } = await session.send('Runtime.evaluate', { expression: `document.querySelector(${JSON.stringify(form)})` });
  const { nodes } = await session.send('Accessibility.queryAXTree', { objectId: result.objectId ?? '' });
  await session.detach();
  const text = (value: { value?: unknown } | undefined): string => (typeof value?.value === 'string' ? value.value : '');
  return nodes.filter(({ ignored }) => !ignored).map(({ role, name }) => ({ role: text(role), name: text(name) }))
    .filter(({ role }) => ['textbox', 'combobox', 'checkbox', 'button', 'spinbutton', 'DisclosureTriangle'].includes(role));
};
