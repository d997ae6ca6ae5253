/** The example for FlowFuse dashboard 2 in a real browser: a form, the user, and nobody else's. */
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { example } from '../support/examples';
import { MAJORS, startNodeRed, type NodeRed } from '../support/runtime';
import { dashboard } from '../support/versions';
import { screenshot } from './browser';
import { sharedBrowser } from './desk';

const FLOW = example('dashboard/look-up-a-user.json');

for (const major of MAJORS) {
  describe(`the form on a dashboard of Node-RED ${major}`, () => {
    let browser: Browser;
    let nodeRed: NodeRed;
    before(async () => {
      [browser, nodeRed] = await Promise.all([
        sharedBrowser(), dashboard().then((folder) => startNodeRed({ major, flows: FLOW, packages: { '@flowfuse/node-red-dashboard': folder } })),
      ]);
    });
    after(() => nodeRed.stop());

    const open = async (): Promise<Page> => {
      const page = await (await browser.newContext({ viewport: { width: 900, height: 700 } })).newPage();
      await page.goto(`${nodeRed.url}dashboard/look-up`);
      await page.getByLabel('Mobile number').waitFor();
      return page;
    };
    const ask = async (page: Page, mobile: string): Promise<void> => {
      await page.getByLabel('Mobile number').fill(mobile);
      await page.getByRole('button', { name: 'Look up' }).click();
    };
    const shown = (page: Page): Promise<string> => page.getByRole('status').first().innerText();

    it('shows a user, then clears it before the next answer is there', async () => {
      const page = await open();
      await ask(page, '13800001111');
      await page.getByRole('heading', { name: '张三' }).waitFor();
      expect(await shown(page)).to.contain('Active').and.contain('zhangsan');
      await screenshot(page, `node-red-${major} dashboard`);
      // Answers after many seconds: nothing of the old user stays meanwhile.
      await ask(page, '13800000408');
      await page.getByText('Looking up').waitFor();
      expect(await shown(page)).to.not.contain('张三');
      await ask(page, '+86-13900002222');
      await page.getByRole('heading', { name: '李四' }).waitFor();
      expect(await shown(page)).to.contain('Disabled');
      await ask(page, '13800000404');
      await page.getByText('IDAAS.TENANT.USER.0001').waitFor();
      expect(await shown(page)).to.not.contain('李四');
      await page.context().close();
    });

    it('shows a browser nothing of what another one asked', async () => {
      const [one, other] = await Promise.all([open(), open()]);
      await ask(one, '13800001111');
      await one.getByRole('heading', { name: '张三' }).waitFor();
      // Its own answer comes after whatever the other one's question might have brought.
      await ask(other, '13800000404');
      await other.getByText('IDAAS.TENANT.USER.0001').waitFor();
      expect(await shown(one)).to.contain('张三');
      await one.reload();
      await one.getByLabel('Mobile number').waitFor();
      expect(await one.getByText('张三').count()).to.equal(0);
      await Promise.all([one, other].map((page) => page.context().close()));
    });
  });
}
