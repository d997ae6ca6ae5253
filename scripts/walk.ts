/**
 * `npm run walk`: which functions of the client one plain lookup enters, file by file, into docs/walk.md. A tenant at its defaults,
 * with a token and an open connection; found at the first try. What undici does between its calls to us is not shown.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { build, type Plugin } from 'esbuild';
import ts from 'typescript';
import { startSimulator } from '../src/simulator/simulator';

const root = resolve(__dirname, '..');
export const PAGE = join(root, 'docs/walk.md');
const BUNDLE = join(root, 'build-output/walk.cjs');

/** A run of functions in one file. */
interface Stay { file: string; functions: string[] }

type Body = ts.FunctionLikeDeclaration & { body: ts.Block | ts.Expression };
const hasBody = (node: ts.Node): node is Body => ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;

/** Empty for a function without one. */
const ownName = (node: Body): string => {
  if (ts.isConstructorDeclaration(node)) return `new ${node.parent.name?.text ?? 'class'}`;
  if (node.name) return node.name.getText();
  const { parent } = node;
  const isNamed = (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent)) && parent.initializer === node;
  return isNamed ? parent.name.getText() : '';
};

const owner = (node: ts.Node): string => {
  if (ts.isSourceFile(node)) return 'the file';
  return (hasBody(node) ? ownName(node) : '') || owner(node.parent);
};

const nameOf = (node: Body): string => ownName(node) || `(in ${owner(node.parent)})`;

/** The same source, telling of each function that it is entered. */
const telling = (file: string, source: string): string => {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ES2022, true);
  const inserts: { at: number; text: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (hasBody(node)) {
      const call = `globalThis.entered(${JSON.stringify(file)}, ${JSON.stringify(nameOf(node))})`;
      const { body } = node;
      if (ts.isBlock(body)) inserts.push({ at: body.getStart() + 1, text: `${call};` });
      else inserts.push({ at: body.getStart(), text: `(${call}, (` }, { at: body.getEnd(), text: '))' });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return inserts.sort((a, b) => b.at - a.at).reduce((text, { at, text: added }) => text.slice(0, at) + added + text.slice(at), source);
};

const tell: Plugin = {
  name: 'tell of functions that are entered',
  setup(bundler) {
    bundler.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => ({
      loader: 'ts', contents: telling(relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8')),
    }));
  },
};

const walked = async (): Promise<Stay[]> => {
  const stays: Stay[] = [];
  await build({
    entryPoints: [join(root, 'src/node-api.ts')], bundle: true, outfile: BUNDLE, platform: 'node', format: 'cjs', target: 'node20', packages: 'external',
    external: ['../simulator/simulator.js'], plugins: [tell], logLevel: 'warning',
  });
  Object.assign(globalThis, {
    entered: (file: string, name: string) => {
      if (file === 'src/clock.ts') return; // to read the time is no step
      if (name === 'hashAt') return; // whether a place is looked at more closely depends on the token, which is random
      const last = stays.at(-1);
      if (last?.file !== file) stays.push({ file, functions: [name] });
      else if (!last.functions.includes(name)) last.functions.push(name);
    },
  });
  const client = require(BUNDLE) as typeof import('../src/node-api');
  const simulator = await startSimulator();
  const tenant = client.createTenant({ domain: simulator.url, clientId: 'walk', clientSecret: 'walk', proxy: false });
  try {
    await tenant.lookup({ by: 'username', value: 'lisi' });
    stays.length = 0;
    await tenant.lookup({ by: 'username', value: 'zhangsan' });
    return stays.splice(0);
  } finally {
    await tenant.close();
    await simulator.close();
  }
};

/** The page as it should be. */
export const page = async (): Promise<string> => {
  const stays = await walked();
  const rows = stays.map(({ file, functions }, index) => `| ${index} | \`${file}\` | ${functions.map((name) => `\`${name}\``).join(', ')} |`);
  return `# The walk of one plain lookup

Which functions of the client are entered, in their order, from \`lookup()\` until its promise resolves: a found user, the token at hand, the connection open. Readings of the clock are left out. Written by \`npm run walk\`; a test says when it is out of date. More lines after a change mean more back-and-forth between files.

**${stays.length - 1} changes of file.**

| | file | functions entered |
|---|---|---|
${rows.join('\n')}
`;
};

if (require.main === module) void page().then((text) => writeFileSync(PAGE, text));
