import { readFileSync } from 'node:fs';
import { startNodeRed, type Major } from '../support/runtime';
import { launchBrowser, openEditor, controls, type Language, type Theme } from './browser';
const [major, language, theme, width] = process.argv.slice(2);
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const flows = [
  { id: 'flow', type: 'tab', label: 'Users' },
  { id: 'lookup', type: 'ciam-user', z: 'flow', name: '', tenant: '', by: 'msg', x: 300, y: 80, wires: [[], []] },
];
const main = async (): Promise<void> => {
  const nodeRed = await startNodeRed({ major: Number(major) as Major, flows });
  const browser = await launchBrowser();
  try {
    const editor = await openEditor(browser, nodeRed.url, { language: language as Language, theme: theme as Theme });
    const { page } = editor;
    await page.route('**/ciam-user/try', (route) => { console.log(route.request().postData()); return route.fulfill({ json: { output: 1, lookup: { durationMs: 12.3 }, payload: { user_id: '20220126153857263-A04D-60E0D446C', user_name: 'zhangsan', name: '张三', mobile: '15200000000', disabled: false, extension: { age: '28', dept: { id: 3 } }, user_org_relation_list: [{ org_id: 'x', relation_type: 1 }] } } }); });
    const shot = (name: string) => page.screenshot({ path: `/tmp/editor-tools/shots/${major}-${language}-${theme}-${name}.png` });
    const check = async (name: string): Promise<void> => {
      await page.evaluate(axe);
      const found = await page.evaluate<{ id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[]>(`axe.run(document.querySelector('.ciam-form')).then((r) => r.violations)`);
      for (const { id, impact, nodes } of found) console.log(name, impact, id, nodes.map((n) => `${n.html.slice(0, 150)} -- ${n.failureSummary.slice(0, 300)}`));
    };
    if (width) await page.setViewportSize({ width: Number(width), height: 1000 });
    await editor.open('lookup');
    await shot('1-lookup');
    console.log(JSON.stringify(await controls(page, '.ciam-form')));
    await page.click('#ciam-user-demo button');
    await page.waitForTimeout(300);
    await page.click('.ciam-picker summary');
    await page.fill('#ciam-user-try-value', '15200000000');
    await page.click('#ciam-user-try');
    await page.waitForSelector('.ciam-result-row');
    await page.click('.ciam-result-row >> nth=1 >> input');
    await page.click('.ciam-result-row >> nth=6 >> input');
    await page.locator('#ciam-user-try-result').scrollIntoViewIfNeeded();
    await shot('2-tried');
    await check('user');
    console.log(await page.evaluate(`[...document.querySelectorAll('.ciam-form [aria-describedby]')].map((e) => e.id + ' <- ' + e.getAttribute('aria-describedby'))`));
    await page.click('.ciam-section >> nth=0');
    await page.locator('.ciam-picks').scrollIntoViewIfNeeded();
    await shot('3-picker');
    await editor.openTenant();
    await shot('4-demo');
    await page.click('#ciam-tenant-test');
    await page.waitForSelector('#ciam-tenant-test-result .ciam-good');
    await shot('5-tested');
    await check('tenant');
    await editor.cancel();
    await page.click('#node-input-btn-tenant-add');
    await page.waitForSelector('#node-config-input-demo');
    await editor.settled();
    await shot('6-new');
    await check('new');
    console.log('errors of new', await page.evaluate(`[$('.input-error').length, $('.ciam-reason').length]`));
    await page.fill('#node-config-input-domain', 'x y');
    await page.focus('#node-config-input-clientId');
    await page.focus('#node-config-input-name');
    await page.waitForTimeout(200);
    await shot('7-new-typed');
  } finally {
    await browser.close();
    await nodeRed.stop();
  }
};
main().catch((error: unknown) => { console.error(error); process.exitCode = 1; });
