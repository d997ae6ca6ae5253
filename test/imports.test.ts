/** Imports run one way, from the top of this list to its end (ARCHITECTURE.md). */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import manifest from '../package.json';

const root = resolve(__dirname, '..');

/** Each imports only from those below it: files by their name, folders by theirs with a slash; within a folder there is no circle. */
const LAYERS = [
  'test/', 'bench/', 'scripts/',
  'nodes/',
  'src/index.ts', 'src/redis-pace.ts', 'src/node-api.ts',
  'src/tenant/', 'src/lookup/', 'src/auth/', 'src/http/', 'src/resilience/', 'src/api/', 'src/settings/', 'src/failures/',
  'src/simulator/',
  'src/clock.ts', 'src/version.ts',
];

interface Import {
  /** Files by their path in the project, packages by their name. */
  from: string;
  to: string;
  /** Nothing of it is left when the program runs. */
  typeOnly: boolean;
}

const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) return filesIn(path);
    return name.endsWith('.ts') ? [path.split(sep).join('/')] : [];
  });

const target = (from: string, specifier: string): string => {
  if (!specifier.startsWith('.')) return specifier.startsWith('node:') || isBuiltin(specifier) ? `node:${specifier.replace('node:', '')}` : specifier;
  const path = resolve(root, dirname(from), specifier).replace(/\.js$/, '');
  const file = [`${path}.ts`, join(path, 'index.ts'), `${path}.d.ts`, path].find((name) => ts.sys.fileExists(name));
  if (file === undefined) throw new Error(`${from} imports ${specifier}, which does not exist`);
  return relative(root, file).split(sep).join('/');
};

const isTypeOnly = (node: ts.ImportDeclaration | ts.ExportDeclaration): boolean => {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const clause = node.importClause;
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { namedBindings: names } = clause;
  return !clause.name && names !== undefined && ts.isNamedImports(names) && names.elements.length > 0 && names.elements.every((name) => name.isTypeOnly);
};

/** import, export … from, import(), require() and typeof import(). */
const importsOf = (from: string): Import[] => {
  const imports: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier && ts.isStringLiteralLike(specifier)) imports.push({ from, to: target(from, specifier.text), typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && (node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === 'require')) add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(from, readFileSync(join(root, from), 'utf8'), ts.ScriptTarget.ES2022, true));
  return imports;
};

const isEditor = (path: string): boolean => /\/editor(\.ts|\/)/.test(path);
const isPackage = (name: string): boolean => !/^(node:|src\/|nodes\/)/.test(name);
const lines = (imports: Import[]): string[] => imports.map(({ from, to }) => `${from} → ${to}`);
const layerOf = (path: string): number => LAYERS.findIndex((layer) => path === layer || (layer.endsWith('/') && path.startsWith(layer)));

/** What is true in the client and shown by the dialogs: words and numbers only. */
const TABLES = new Set(['src/lookup/stats.ts', 'src/settings/schema.ts', 'src/failures/advice.ts', 'src/failures/advice-texts.ts', 'src/failures/codes.ts', 'src/resilience/states.ts']);

/** Every way that leads from a file back to it, types included. */
const circles = (imports: Import[]): string[] => {
  const targets = new Map<string, Set<string>>();
  for (const { from, to } of imports) targets.set(from, (targets.get(from) ?? new Set()).add(to));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, way: string[]): void => {
    if (way.includes(file)) found.push([...way.slice(way.indexOf(file)), file].join(' → '));
    if (way.includes(file) || done.has(file)) return;
    for (const to of targets.get(file) ?? []) visit(to, [...way, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return found;
};

describe('imports', () => {
  const [src, nodes, around] = [['src'], ['nodes'], ['bench', 'scripts', 'test']].map((folders) => folders.flatMap(filesIn).flatMap(importsOf)) as [Import[], Import[], Import[]];
  const shipped = [...src, ...nodes];

  it('stand in files that are, around the package, less than 45 % of its own lines', () => {
    const count = (...folders: string[]): number => folders.flatMap(filesIn).reduce((sum, path) => sum + readFileSync(join(root, path), 'utf8').split('\n').length, 0);
    expect(count('bench', 'scripts') / count('src', 'nodes')).to.be.within(0.1, 0.45);
  });

  it('are found at all', () => {
    expect(lines(src)).to.include.members(['src/node-api.ts → src/tenant/tenant.ts', 'src/http/transport.ts → undici', 'src/tenant/demo.ts → src/simulator/simulator.ts']);
    expect(lines(nodes)).to.include('nodes/ciam-user/ciam-user.ts → src/node-api.ts');
    expect(lines(around)).to.include('bench/main.ts → test/support/package.ts');
  });

  it('run down the layers, and every file of the package stands in one', () => {
    const local = shipped.filter(({ to }) => layerOf(to) >= 0);
    expect(lines(local.filter(({ from, to }) => layerOf(to) < layerOf(from)))).to.deep.equal([]);
    expect([...filesIn('src'), ...filesIn('nodes')].filter((file) => layerOf(file) < 0)).to.deep.equal([]);
  });

  it('lead nowhere back to where they began', () => {
    expect(circles([...shipped, ...around])).to.deep.equal([]);
  });

  it('of undici stand in one file, and its types in that folder', () => {
    const undici = shipped.filter(({ to }) => /^undici(\/|$)/.test(to));
    expect(new Set(undici.filter(({ typeOnly }) => !typeOnly).map(({ from }) => from))).to.deep.equal(new Set(['src/http/transport.ts']));
    expect(lines(undici.filter(({ from }) => !from.startsWith('src/http/')))).to.deep.equal([]);
  });

  it('of src are Node.js, the dependencies and nothing else: no Node-RED', () => {
    const packages = new Set(src.filter(({ to }) => isPackage(to)).map(({ to }) => to));
    packages.delete('@ciam-flows/node-red-ciam/package.json'); // its own
    expect([...packages].sort()).to.deep.equal(Object.keys(manifest.dependencies).sort());
  });

  it('of the nodes reach the client through src/node-api.ts; a dialog may read the tables it shows, which hold no code of the client', () => {
    const beyond = nodes.filter(({ from, to }) => to.startsWith('src/') && to !== 'src/node-api.ts' && !(isEditor(from) && TABLES.has(to)));
    expect(lines(beyond)).to.deep.equal([]);
    expect(lines(src.filter(({ from, to, typeOnly }) => TABLES.has(from) && !typeOnly && !TABLES.has(to)))).to.deep.equal([]);
  });

  it('of the nodes load the client with the first node that is deployed, not with the palette', () => {
    const atOnce = [...new Set(nodes.filter(({ from }) => !isEditor(from)).map(({ from }) => from))].flatMap((file) => {
      const tree = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.ES2022, true);
      return tree.statements.filter((node) => ts.isImportDeclaration(node) && !isTypeOnly(node) && node.moduleSpecifier.getText().includes('src/')).map(() => file);
    });
    expect(atOnce).to.deep.equal([]);
  });

  it('of the simulator stay in its folder, but for the version, and the client knows its start alone', () => {
    const isSimulator = (path: string): boolean => path.startsWith('src/simulator/');
    expect(lines(src.filter(({ from, to }) => isSimulator(from) && to.startsWith('src/') && !isSimulator(to)))).to.deep.equal(['src/simulator/cli.ts → src/version.ts']);
    expect(lines(src.filter(({ from, to }) => !isSimulator(from) && isSimulator(to)))).to.deep.equal(['src/tenant/demo.ts → src/simulator/simulator.ts']);
  });

  it('of the dialogs know no Node.js and no Node-RED', () => {
    expect(lines(nodes.filter(({ from, to, typeOnly }) => isEditor(from) && !typeOnly && !to.startsWith('src/') && !to.startsWith('nodes/')))).to.deep.equal([]);
  });
});
