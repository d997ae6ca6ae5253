/** What the Flow Library's scorecard looks at, as far as it can be known without the network (the rest is in test/publish). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import { EXAMPLES, example } from './support/examples';
import { tarball } from './support/package';
import { root } from './support/versions';

interface Manifest {
  name: string;
  license: string;
  repository: { url: string };
  bugs: { url: string };
  keywords: string[];
  engines: { node: string };
  dependencies: Record<string, string>;
  'node-red': { version: string; nodes: Record<string, string> };
}
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

const asNumber = (version: string): number => version.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0);

/** `>=1.2.3`, the only form in use here. */
const accepts = (range: string, version: string): boolean => {
  const least = /^>=(\d+\.\d+\.\d+)$/.exec(range)?.[1];
  return least !== undefined && asNumber(version) >= asNumber(least);
};

interface Registration { type: string; category: string }

/** As the scorecard reads them: literals only, in the script of the html beside the nodes. */
const registrations = (file: string): Registration[] => {
  const html = readFileSync(join(root, file.replace(/\.js$/, '.html')), 'utf8');
  const script = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
  const found: Registration[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText(source) === 'RED.nodes.registerType') {
      const [type, definition] = node.arguments;
      const category = definition && ts.isObjectLiteralExpression(definition)
        ? definition.properties.find((property) => ts.isPropertyAssignment(property) && property.name.getText(source) === 'category')
        : undefined;
      if (type && ts.isStringLiteral(type) && category && ts.isPropertyAssignment(category) && ts.isStringLiteral(category.initializer)) {
        found.push({ type: type.text, category: category.initializer.text });
      }
    }
    ts.forEachChild(node, visit);
  };
  const source = ts.createSourceFile('editor.js', script, ts.ScriptTarget.Latest);
  visit(source);
  return found;
};

describe('scorecard', () => {
  let registered: Registration[];
  before(async function () {
    this.timeout(120_000);
    await tarball(); // built, if dist is older than its sources
    registered = Object.values(manifest['node-red'].nodes).flatMap(registrations);
  });

  it('P01 P03 has a licence, a repository and a place for bugs', () => {
    expect(manifest.license).to.equal('Apache-2.0');
    expect(readFileSync(join(root, 'LICENSE'), 'utf8')).to.contain('Apache License');
    expect(manifest.repository.url).to.match(/^git\+https:\/\/.+\.git$/);
    expect(manifest.bugs.url).to.match(/^https:\/\//);
  });

  it('P04 P05 has a scope and the keyword', () => {
    expect(manifest.name).to.match(/^@[\w-]+\/node-red-[\w-]+$/);
    expect(manifest.keywords).to.include('node-red');
  });

  it('is found in the palette by the words that people search for, in English and in Chinese', () => {
    expect(manifest.keywords).to.include.members(['华为云', '竹云', '用户', '手机号', 'mobile', 'phone', 'email', 'iam', 'sso', 'directory']);
    expect(manifest.keywords).to.include.members(['oneaccess', 'ciam', 'eiam', 'idaas', 'identity', 'user', 'lookup', 'huaweicloud', 'bamboocloud']);
  });

  it('P06 P07 takes both majors of Node-RED and the Node.js they need', () => {
    for (const version of ['4.1.0', '4.1.15', '5.0.7']) expect(accepts(manifest['node-red'].version, version), version).to.equal(true);
    expect(accepts(manifest['node-red'].version, '4.0.9')).to.equal(false);
    for (const version of ['20.18.1', '22.9.0', '24.0.0']) expect(accepts(manifest.engines.node, version), version).to.equal(true);
  });

  it('N01 registers each type once, in a way that the scorecard can read', () => {
    expect(registered.map(({ type }) => type)).to.deep.equal(['ciam-tenant', 'ciam-user', 'ciam-status']);
    expect(registered.find(({ type }) => type === 'ciam-tenant')?.category).to.equal('config');
  });

  it('N02 shows every type on the canvas in an example', () => {
    const used = new Set(EXAMPLES.flatMap(example).map(({ type }) => type));
    for (const { type, category } of registered) if (category !== 'config') expect(used).to.include(type);
  });

  it('D01 needs few packages', () => {
    expect(Object.keys(manifest.dependencies)).to.have.length.of.at.most(3);
  });
});
