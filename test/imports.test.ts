/** Imports run one way: nodes → src/node-api.ts → the rest of src → undici (ARCHITECTURE.md). */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';

const root = resolve(__dirname, '..');

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
    return /\.ts$/.test(name) ? [path.split(sep).join('/')] : [];
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
const isSimulator = (path: string): boolean => path.startsWith('src/simulator/');
const isPackage = (name: string): boolean => !name.startsWith('node:') && !name.startsWith('src/') && !name.startsWith('nodes/');

describe('imports', () => {
  const src = filesIn('src').flatMap(importsOf);
  const nodes = filesIn('nodes').flatMap(importsOf);
  const lines = (imports: Import[]): string[] => imports.map(({ from, to }) => `${from} → ${to}`);

  it('are found at all', () => {
    expect(lines(src)).to.include.members(['src/node-api.ts → src/tenant/tenant.ts', 'src/http/transport.ts → undici', 'src/tenant/demo.ts → src/simulator/simulator.ts']);
    expect(lines(nodes)).to.include('nodes/ciam-user/ciam-user.ts → src/node-api.ts');
  });

  it('only src/http/transport.ts knows undici', () => {
    expect(new Set([...src, ...nodes].filter(({ to }) => /^undici(\/|$)/.test(to)).map(({ from }) => from))).to.deep.equal(new Set(['src/http/transport.ts']));
  });

  it('src knows Node.js, its two dependencies and nothing else', () => {
    const packages = new Set(src.filter(({ to }) => isPackage(to)).map(({ to }) => to));
    packages.delete('@ciam-flows/node-red-ciam/package.json'); // its own
    expect([...packages].sort()).to.deep.equal(['lru-cache', 'undici']);
  });

  it('src never looks back at the nodes', () => {
    expect(lines(src.filter(({ to }) => to.startsWith('nodes/')))).to.deep.equal([]);
  });

  it('nothing behind it knows the face, src/node-api.ts', () => {
    expect(lines(src.filter(({ from, to, typeOnly }) => to === 'src/node-api.ts' && from !== 'src/index.ts' && !typeOnly))).to.deep.equal([]);
  });

  it('nodes reach the client through src/node-api.ts; a dialog may read the lists it shows, which hold no code of the client', () => {
    const shared = new Set(['src/settings/schema.ts', 'src/failures/advice.ts']);
    const beyond = nodes.filter(({ from, to }) => to.startsWith('src/') && to !== 'src/node-api.ts' && !(isEditor(from) && shared.has(to)));
    expect(lines(beyond)).to.deep.equal([]);
    expect(lines(src.filter(({ from, typeOnly }) => shared.has(from) && !typeOnly))).to.deep.equal([]);
  });

  it('nodes load the client with the first node that is deployed, not with the palette', () => {
    const runtime = nodes.filter(({ from, to }) => !isEditor(from) && to.startsWith('src/'));
    const files = [...new Set(runtime.map(({ from }) => from))];
    const atOnce = files.flatMap((file) => {
      const tree = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.ES2022, true);
      return tree.statements.filter((node) => ts.isImportDeclaration(node) && !isTypeOnly(node) && node.moduleSpecifier.getText().includes('src/')).map(() => file);
    });
    expect(atOnce).to.deep.equal([]);
  });

  it('the simulator knows nothing of the client but types, and the client of the simulator its start alone', () => {
    expect(lines(src.filter(({ from, to, typeOnly }) => isSimulator(from) && to.startsWith('src/') && !isSimulator(to) && !typeOnly))).to.deep.equal([]);
    expect(lines(src.filter(({ from, to }) => !isSimulator(from) && isSimulator(to)))).to.deep.equal(['src/tenant/demo.ts → src/simulator/simulator.ts']);
  });

  it('dialogs know no Node.js and no Node-RED', () => {
    expect(lines(nodes.filter(({ from, to, typeOnly }) => isEditor(from) && !typeOnly && !to.startsWith('src/') && !to.startsWith('nodes/')))).to.deep.equal([]);
  });

  it('nobody imports himself through others', () => {
    const values = src.filter(({ typeOnly }) => !typeOnly);
    const reach = (file: string, seen: Set<string>): Set<string> => {
      for (const { from, to } of values) {
        if (from !== file || seen.has(to)) continue;
        seen.add(to);
        reach(to, seen);
      }
      return seen;
    };
    expect(filesIn('src').filter((file) => reach(file, new Set()).has(file))).to.deep.equal([]);
  });
});
