/** Every lookup mode of the client is there in every other place: dialog, texts, help, reference, simulator, examples. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { BY, createTenant, type Tenant } from '../src/node-api';

const root = resolve(__dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const KNOWN: Record<(typeof BY)[number], string> = {
  mobile: '+86-13900002222', username: 'lisi', email: 'lisi@example.com', id: '20220513091530215-7C2E-4B81D9F3A',
};

describe('lookup modes', () => {
  let tenant: Tenant;
  before(() => {
    tenant = createTenant({ demo: true });
  });
  after(() => tenant.close());

  it('are offered by the dialog', () => {
    const choices = /<select id="node-input-by" data-choices="([^"]*)">/.exec(read('nodes/ciam-user/editor.html'))?.[1] ?? '';
    expect(choices.split(' ')).to.deep.equal([...BY, 'msg']);
    expect(read('nodes/ciam-tenant/editor/connection.ts')).to.include(`MODES = [${BY.map((mode) => `'${mode}'`).join(', ')}]`);
    expect(read('nodes/ciam-user/editor/checks.ts')).to.include(`MODES = [${[...BY, 'msg'].map((mode) => `'${mode}'`).join(', ')}]`);
  });

  for (const by of BY) {
    it(`${by}: has texts in both languages`, () => {
      for (const language of ['en-US', 'zh-CN']) {
        const { 'ciam-user': texts } = JSON.parse(read(`nodes/ciam-user/locales/${language}/ciam-user.json`)) as { 'ciam-user': Record<string, Record<string, string>> };
        for (const text of [texts.by?.[by], texts.hint?.[by], texts.node?.[`by-${by}`]]) expect(text, language).to.be.a('string').and.not.equal('');
        expect(read(`nodes/ciam-user/locales/${language}/ciam-user.html`), language).to.include(`\`${by}\``);
      }
    });

    it(`${by}: is in the reference in both languages`, () => {
      for (const page of ['docs/reference.md', 'docs/reference.zh-CN.md']) expect(/^\| `by` \|.*$/m.exec(read(page))?.[0], page).to.include(`\`"${by}"\``);
    });

    it(`${by}: finds a user of the demo tenant`, async () => {
      const { user, lookup } = await tenant.lookup({ by, value: KNOWN[by] });
      expect(user.user_id).to.equal(KNOWN.id);
      expect(lookup).to.include({ by, value: KNOWN[by] });
    });

    it(`${by}: is shown by an example`, () => {
      const nodes = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.json'))
        .flatMap((name) => JSON.parse(read(`examples/${name}`)) as { type: string; by?: string }[]);
      expect(nodes.filter((node) => node.type === 'ciam-user').map((node) => node.by)).to.include(by);
    });
  }
});
