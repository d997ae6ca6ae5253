/** The page of example 07 in a real browser, as somebody at a help desk uses it. */
import { expect } from 'chai';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { startSimulator, type Simulator } from '../../src/simulator/simulator';
import { example } from '../support/examples';
import { MAJORS, startNodeRed, type NodeRed } from '../support/runtime';
import { sharedBrowser } from './desk';

const FLOW = example('07-help-desk-page.json');
const SLY = '<img src=x onerror="document.title=\'broken\'">';

for (const major of MAJORS) {
  describe(`the help desk page from Node-RED ${major}`, () => {
    let browser: Browser;
    let nodeRed: NodeRed;
    let simulator: Simulator;
    before(async () => {
      [browser, nodeRed, simulator] = await Promise.all([
        sharedBrowser(), startNodeRed({ major, flows: FLOW }), startSimulator({ users: [{ user_id: 'sly', user_name: 'sly', name: SLY, email: SLY }] }),
      ]);
    });
    after(() => Promise.all([nodeRed.stop(), simulator.close()]));

    /** Opens the page; what it reported as an error, or asked of another host, fails the test at the end. */
    const withPage = async (options: BrowserContextOptions, use: (page: Page) => Promise<void>): Promise<void> => {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      const problems: string[] = [];
      page.on('pageerror', ({ message }) => problems.push(message));
      page.on('console', (message) => {
        // A lookup that fails is answered with its own status, which the browser reports too.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) problems.push(message.text());
      });
      page.on('request', (request) => {
        if (!request.url().startsWith(nodeRed.url) && !request.url().startsWith('data:')) problems.push(request.url());
      });
      await page.goto(`${nodeRed.url}ciam/help-desk`);
      await use(page);
      await context.close();
      expect(problems).to.deep.equal([]);
    };
    const lookUp = async (page: Page, value: string): Promise<string> => {
      await page.getByRole('textbox').fill(value);
      await page.keyboard.press('Enter');
      await page.waitForSelector('section');
      return await page.getByRole('status').innerText();
    };

    it('shows a user, in words as well as in colours, in English', () => withPage({ locale: 'en-US' }, async (page) => {
      expect(await page.locator(':focus').and(page.getByLabel('Mobile number or username')).count()).to.equal(1);
      expect(await lookUp(page, '138 0000 1111')).to.contain('张三').and.contain('Enabled').and.contain('zhangsan');
    }));

    it('shows a user who may not log in, in Chinese, and says so in the other language when asked', () => withPage({ locale: 'zh-CN', colorScheme: 'dark' }, async (page) => {
      expect(await lookUp(page, 'lisi')).to.contain('李四').and.contain('已停用').and.contain('已锁定');
      await page.getByRole('button', { name: 'English' }).click();
      expect(await page.getByRole('status').innerText()).to.contain('Disabled').and.contain('Locked');
      expect(await page.evaluate('document.documentElement.lang')).to.equal('en');
    }));

    it('says what to do when there is no such user, and when the number is none', () => withPage({ locale: 'en-US' }, async (page) => {
      expect(await lookUp(page, '13800000404')).to.contain('No such user').and.contain('IDAAS.TENANT.USER.0001');
      await page.getByRole('button', { name: '12345' }).click();
      await page.getByText('This cannot be looked up').waitFor();
    }));

    it('fits a phone, and every control has a name', () => withPage({ viewport: { width: 340, height: 640 }, locale: 'zh-CN' }, async (page) => {
      await lookUp(page, 'lisi');
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).to.equal(true);
      for (const button of await page.getByRole('button').all()) expect((await button.innerText()).trim()).to.not.equal('');
    }));

    it('shows what a user record holds as text, never as HTML', async () => {
      const credentials = { clientId: 'id', clientSecret: 'secret' };
      await nodeRed.deploy(FLOW.map((node) => (node.type === 'ciam-tenant' ? { ...node, demo: false, domain: simulator.url, credentials } : node)));
      await withPage({ locale: 'en-US' }, async (page) => {
        expect(await lookUp(page, 'sly')).to.contain(SLY);
        expect(await page.locator('img').count()).to.equal(0);
        expect(await page.title()).to.equal('Help desk');
      });
    });

    it('says so when its server is gone', () => withPage({ locale: 'en-US' }, async (page) => {
      await nodeRed.stop();
      expect(await lookUp(page, 'lisi')).to.contain('This page has lost its server');
    }));
  });
}
