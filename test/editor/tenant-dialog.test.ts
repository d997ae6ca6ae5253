/** The tenant's dialog in a browser: what applies is shown, wrong values are refused with a reason, secrets stay where they are. */
import { expect } from 'chai';
import { MAJORS, type FlowNode } from '../support/runtime';
import { controls } from './browser';
import { useDesk } from './desk';

const SECRET = 'dialog-secret-7f3a';
const FLOWS: FlowNode[] = [
  { id: 'flow', type: 'tab', label: 'Users' },
  { id: 'tenant', type: 'ciam-tenant', name: '', domain: 'tenant.example.com', credentials: { clientId: 'dialog-client', clientSecret: SECRET } },
  { id: 'lookup', type: 'ciam-user', z: 'flow', name: '', tenant: 'tenant', by: 'mobile', x: 300, y: 80, wires: [[], []] },
  { id: 'wrong-tenant', type: 'ciam-tenant', name: 'wrong', domain: 'wrong.example.com', concurrency: 5000, credentials: { clientId: 'id', clientSecret: 'secret' } },
  { id: 'wrong', type: 'ciam-user', z: 'flow', name: 'wrong', tenant: 'wrong-tenant', by: 'mobile', x: 300, y: 240, wires: [[], []] },
  { id: 'fresh', type: 'ciam-user', z: 'flow', name: 'fresh', tenant: 'tenant', by: 'mobile', x: 300, y: 160, wires: [[], []] },
];

/** Value, and the reason it is refused for; `null` where it is accepted. */
type Trial = [value: string, reason: RegExp | null];
const ENV: Trial = ['${CIAM_SETTING}', null];
const DOMAIN: Trial[] = [
  ['', /is missing/], ['tenant.example.com/path', /host name/], ['http://tenant.example.com', /https/], ['user@tenant.example.com', /host name/],
  ['tenant example', /host name/], ['${HOST}.example.com', /host name/], ['tenant.example.com', null], ['https://tenant.example.com:8443', null], ['http://127.0.0.1:8899', null], ENV,
];
const number = (name: string, min: number, max: number, whole: boolean): [string, Trial[]] => {
  const reason = new RegExp(`${whole ? 'whole number' : 'number'} from ${min} to ${max}$`);
  return [name, [[String(max + 1), reason], ['many', reason], ['', reason], ['-1', reason], ...(whole ? [['1.5', reason] as Trial] : []), [String(min), null], [String(max), null], ENV]];
};
const TRIALS: [string, Trial[]][] = [
  ['domain', DOMAIN],
  ['clientId', [['', /is missing/], ['my-app', null], ENV]],
  ['clientSecret', [['', /is missing/], ['any thing', null], ENV]],
  number('timeout', 0.1, 3600, false),
  number('queueTimeout', 0, 86400, false),
  number('retries', 0, 10, true),
  number('concurrency', 1, 1024, true),
  number('queueLimit', 0, 1000000, true),
  number('rateLimit', 0, 100000, false),
  number('cacheTtl', 0, 2592000, false),
  number('cacheMissTtl', 0, 2592000, false),
  number('cacheStale', 0, 2592000, false),
  number('cacheSize', 1, 1000000, true),
  ['timezone', [['8', /\+08:00/], ['+15:00', /\+08:00/], ['', /\+08:00/], ['-03:30', null], ENV]],
];

for (const major of MAJORS) {
  describe(`tenant dialog on Node-RED ${major}`, () => {
    const desk = useDesk({ major, flows: FLOWS });
    const input = (name: string): string => `#node-config-input-${name}`;

    it('says for every property why a value is refused, and takes it back when it is right', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('lookup');
      await editor.openTenant();
      await editor.value(`$('.ciam-section').prop('open', true).length`);
      for (const [name, trials] of TRIALS) {
        for (const [value, reason] of trials) {
          await page.fill(input(name), value);
          const told = await page.locator(`${input(name)}-reason`).allTextContents();
          if (reason) expect(told.join(), `${name}: ${value}`).to.match(reason);
          else expect(told, `${name}: ${value}`).to.deep.equal([]);
        }
      }
      await page.selectOption(input('auth'), 'token');
      for (const [value, reason] of [['', /is missing/], ['two words', /characters/], ['-opaque_Token.1', null], ['Bearer -opaque_Token.1', null]] as Trial[]) {
        await page.fill(input('token'), value);
        expect((await page.locator(`${input('token')}-reason`).allTextContents()).join(), value).to.match(reason ?? /^$/);
      }
      await editor.cancel();
      await editor.cancel();
    });

    it('opens the section that holds a value to mend', async () => {
      const { editor, editor: { page } } = desk;
      expect(await editor.value<string[]>(`RED.nodes.node('wrong-tenant').validationErrors`)).to.deep.equal(['In flight: must be a whole number from 1 to 1024']);
      await editor.open('wrong');
      expect(await page.locator('#node-input-tenant-reason').textContent()).to.equal('this tenant is not properly configured: edit it');
      await editor.openTenant();
      expect(await page.locator(`${input('concurrency')}-reason`).isVisible()).to.equal(true);
      expect(await page.locator(input('cacheSize')).isVisible()).to.equal(false);
      await editor.cancel();
      await editor.cancel();
    });

    it('shows what applies: demo or not, secrets or a token', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('lookup');
      await editor.openTenant();
      const visible = async (): Promise<string[]> => await editor.value<string[]>(
        `['domain', 'auth', 'clientId', 'clientSecret', 'clientAuth', 'token', 'tls', 'proxy'].filter((name) => $('#node-config-input-' + name).is(':visible'))`);
      expect(await visible()).to.deep.equal(['domain', 'auth', 'clientId', 'clientSecret', 'clientAuth', 'tls', 'proxy']);
      await page.selectOption(input('auth'), 'token');
      expect(await visible()).to.deep.equal(['domain', 'auth', 'token', 'tls', 'proxy']);
      await page.check(input('demo'));
      expect(await visible()).to.deep.equal([]);
      expect(await page.locator('.ciam-reason').count()).to.equal(0);
      await page.uncheck(input('demo'));
      expect(await visible()).to.deep.equal(['domain', 'auth', 'token', 'tls', 'proxy']);
      await editor.cancel();
      await editor.cancel();
    });

    it('makes a tenant by keyboard alone, with every default in its field', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('fresh');
      await page.focus('#node-input-btn-tenant-add');
      await editor.press('Enter');
      await page.waitForSelector(input('demo'));
      await editor.settled();
      await page.focus(input('name'));
      await page.keyboard.type('head office');
      await editor.press('Tab', 'Tab');
      await page.keyboard.type('office.example.com:8443');
      await editor.press('Tab', 'Tab');
      await page.keyboard.type('my-id');
      await editor.press('Tab');
      await page.keyboard.type('${OFFICE_SECRET}');
      await editor.press('Tab', 'ArrowDown');
      await page.focus('.ciam-section > summary');
      await editor.press('Enter', 'Tab', 'Control+a');
      await page.keyboard.type('2.5');
      await page.waitForFunction(`$('#ciam-tenant-limits-digest').text().startsWith('2.5 s')`);
      await editor.confirm();
      const stored = await editor.value<Record<string, unknown>>(`(() => {
        const node = RED.nodes.node($('#node-input-tenant').val());
        const values = Object.fromEntries(Object.keys(node._def.defaults).map((name) => [name, node[name]]));
        return { ...values, valid: node.valid, secret: node.credentials.clientSecret };
      })()`);
      expect(stored).to.deep.equal({
        name: 'head office', demo: false, domain: 'office.example.com:8443', auth: 'client-credentials', clientAuth: 'body', tls: '', proxy: '',
        timeout: '2.5', queueTimeout: '0', retries: 4, concurrency: 16, queueLimit: 10000, rateLimit: '0', cacheTtl: '0', cacheMissTtl: '0', cacheStale: '0', cacheSize: 1000,
        timezone: '+08:00', warmUp: true, valid: true, secret: '${OFFICE_SECRET}',
      });
      await editor.cancel();
    });

    it('has nothing red in a new tenant before somebody has been there', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('fresh');
      await page.click('#node-input-btn-tenant-add');
      await page.waitForSelector(input('demo'));
      await editor.settled();
      const red = (): Promise<string[]> => editor.value<string[]>(`$('.red-ui-tray').last().find('.input-error').toArray().map(({ id }) => id)`);
      expect(await red()).to.deep.equal([]);
      expect(await page.locator('.red-ui-tray:last-child .ciam-reason').count()).to.equal(0);
      await page.focus(input('clientId'));
      await page.focus(input('name'));
      expect(await page.locator(`${input('clientId')}-reason`).textContent()).to.equal('is missing');
      expect(await page.locator('.red-ui-tray:last-child .ciam-reason').count()).to.equal(1);
      await editor.cancel();
      await editor.cancel();
    });

    it('tells which app is stored by the end of its client id', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('lookup');
      await editor.openTenant();
      await page.waitForFunction(`$('#ciam-tenant-clientId-stored').text() === 'Stored: the app whose client ID ends in ient. Type to replace it.'`);
      await editor.cancel();
      await editor.cancel();
    });

    it('shows a stored secret as stored, and never gets it', async () => {
      const { editor, editor: { page } } = desk;
      await editor.open('lookup');
      await editor.openTenant();
      expect(await page.inputValue(input('clientSecret'))).to.equal('__PWRD__');
      expect(await page.locator('#ciam-tenant-clientSecret-stored').isVisible()).to.equal(true);
      expect(await page.locator(input('clientSecret')).getAttribute('type')).to.equal('password');
      await page.focus(input('clientSecret'));
      await page.keyboard.type('n');
      expect(await page.inputValue(input('clientSecret')), 'typing replaces the whole').to.equal('n');
      expect(await page.locator('#ciam-tenant-clientSecret-stored').isVisible()).to.equal(false);
      await editor.cancel();
      await editor.cancel();
      expect(editor.received.length).to.be.above(3);
      for (const body of editor.received) expect(body).to.not.include(SECRET);
    });

    it('names every control, sections and config buttons too', async () => {
      const { editor } = desk;
      await editor.open('lookup');
      await editor.openTenant();
      const all = await controls(editor.page, '.ciam-form');
      const names = all.map(({ name }) => name);
      expect(names).to.include.members(['Domain', 'Client secret', 'Test connection', 'Edit: TLS settings', 'Add: Proxy']);
      expect(all.filter(({ name }) => !name.trim())).to.deep.equal([]);
      await editor.cancel();
      await editor.cancel();
    });

    it('keeps every value: saved, deployed, loaded again', async () => {
      const { editor, editor: { page } } = desk;
      const values = {
        name: 'kept', domain: 'kept.example.com', timeout: '3.5', queueTimeout: '60', retries: '1', concurrency: '8', queueLimit: '500', rateLimit: '20',
        cacheTtl: '300', cacheMissTtl: '30', cacheSize: '2000', timezone: '+00:00',
      };
      await editor.open('lookup');
      await editor.openTenant();
      await editor.value(`$('.ciam-section').prop('open', true).length`);
      for (const [name, value] of Object.entries(values)) await page.fill(input(name), value);
      await page.selectOption(input('clientAuth'), 'body');
      await editor.confirm();
      await editor.confirm();
      // What is wrong would make the editor ask whether to deploy.
      await editor.value(`(() => {
        RED.nodes.node('wrong-tenant').concurrency = 5;
        for (const id of ['wrong-tenant', 'wrong']) RED.editor.validateNode(RED.nodes.node(id));
      })()`);
      await editor.deploy();

      const later = await desk.reopen();
      await later.open('lookup');
      await later.openTenant();
      for (const [name, value] of Object.entries({ ...values, clientAuth: 'body', auth: 'client-credentials', clientSecret: '__PWRD__' })) {
        expect(await later.page.inputValue(input(name)), name).to.equal(value);
      }
      await later.cancel();
      await later.cancel();
      expect(await later.value<boolean>('RED.nodes.dirty()')).to.equal(false);
    });
  });
}
