import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLES } from '../support/examples';
import { MAJORS, startNodeRed, type NodeRed } from '../support/runtime';

const MODULE = '@ciam-flows/node-red-ciam';
const TYPES = ['ciam-tenant', 'ciam-user', 'ciam-status'];

for (const major of MAJORS) {
  describe(`the packed package in Node-RED ${major}, installed as the palette does`, () => {
    let nodeRed: NodeRed;
    before(async () => {
      nodeRed = await startNodeRed({ major });
    });
    after(() => nodeRed.stop());

    const get = async (path: string, accept = 'application/json'): Promise<string> => {
      const response = await fetch(`${nodeRed.url}${path}`, { headers: { accept } });
      expect(response.status, path).to.equal(200);
      return await response.text();
    };

    it('runs in the version it should', () => {
      expect(nodeRed.log()).to.match(new RegExp(`Node-RED version: v${major}\\.`));
    });

    it('loads all types without an error', async () => {
      const sets = (await nodeRed.nodes()).filter(({ module }) => module === MODULE);
      expect(sets).to.have.lengthOf(1);
      expect(sets[0]).to.deep.include({ types: TYPES, enabled: true }).and.not.have.property('err');
    });

    it('serves dialogs, help, texts in both languages, and icons', async () => {
      const html = await get('nodes', 'text/html');
      for (const type of TYPES) {
        expect(html).to.contain(`data-template-name="${type}"`).and.contain(`data-help-name="${type}"`);
      }
      for (const language of ['en-US', 'zh-CN']) {
        const catalogue = JSON.parse(await get(`locales/${MODULE}/ciam?lng=${language}`)) as Record<string, object>;
        expect(Object.keys(catalogue), language).to.deep.equal(TYPES);
        for (const texts of Object.values(catalogue)) expect(texts, language).to.be.an('object').that.is.not.empty;
      }
      const icons = (JSON.parse(await get('icons')) as Record<string, string[]>)[MODULE] ?? [];
      expect(icons).to.have.members(TYPES.map((type) => `${type}.svg`));
      for (const icon of icons) expect(await get(`icons/${MODULE}/${icon}`, 'image/*')).to.contain('<svg');
    });

    it('offers the examples in the import dialog', async () => {
      for (const file of EXAMPLES) {
        const offered = await get(`library/examples/flows/${MODULE}/${file.replace('.json', '')}`);
        expect(JSON.parse(offered), file).to.be.an('array').that.is.not.empty;
      }
    });

    it('has the HTTP client that fits its Node.js, and nothing of the development', () => {
      const modules = join(nodeRed.userDir, 'node_modules');
      const { version } = JSON.parse(readFileSync(join(modules, 'undici/package.json'), 'utf8')) as { version: string };
      const node = Number(/Node\.js +version: v(\d+)/.exec(nodeRed.log())?.[1]);
      expect(version).to.match(node >= 24 ? /^8\./ : /^7\./);
      expect(existsSync(join(modules, 'typescript'))).to.equal(false);
    });
  });
}
