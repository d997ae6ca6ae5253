/**
 * Builds `dist/`, to be read as well as run: the client as one file per entry point, the types of each as one file, and the three nodes
 * as one node set: what runs, one html (script and forms), and the texts and icons that Node-RED serves beside it.
 */
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { rollup } from 'rollup';
import ts from 'typescript';
import { dts } from 'rollup-plugin-dts';
import manifest from '../package.json';
import tsconfig from '../tsconfig.json';

const root = resolve(__dirname, '..');
const dist = join(root, 'dist');
/** In the order in which one needs the other. */
const NODES = ['ciam-tenant', 'ciam-user', 'ciam-status'];
/** The node set, without an ending. */
const SET = 'nodes/ciam';

/** `./dist/src/index.js` → `src/index` */
const sourceOf = (built: string): string => built.replace(/^(\.\/)?dist\//, '').replace(/(\.d\.ts|\.js)$/, '');
const exported = Object.values(manifest.exports).filter((entry) => typeof entry === 'object');

const COMMANDS = Object.values(manifest.bin).map(sourceOf);
/** What is loaded on its own beside the nodes and the commands: by a program, or later than the rest. */
const ENTRIES = [
  ...exported.map(({ default: file }) => sourceOf(file)).filter((file) => !file.startsWith('nodes/')),
  'src/node-api', 'src/simulator/simulator',
];
const TYPED = exported.flatMap((entry) => ('types' in entry ? [sourceOf(entry.types)] : []));

/** An entry that another one loads stays a file of its own, wherever in `from` it is loaded. */
const keepEntriesApart = (from: string): Plugin => ({
  name: 'keep entries apart',
  setup(bundler) {
    bundler.onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
      const target = relative(root, resolve(resolveDir, path)).split(sep).join('/').replace(/\.js$/, '');
      if (target === from || !ENTRIES.includes(target)) return null;
      const there = posix.relative(posix.dirname(from), target);
      return { path: `${there.startsWith('.') ? '' : './'}${there}.js`, external: true };
    });
  },
});

/** The comments are in the sources, at the address that package.json names. */
const withoutComments: Plugin = {
  name: 'without comments',
  setup(bundler) {
    const { options } = ts.convertCompilerOptionsFromJson(tsconfig.compilerOptions, root);
    const compilerOptions: ts.CompilerOptions = { ...options, removeComments: true, module: ts.ModuleKind.ESNext };
    bundler.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      // No ES module can say `export =`, as the nodes do. Each file says that it is a module, even if it only imports: a CommonJS file
      // would be wrapped in the bundle, and all that it imports with it.
      const { outputText } = ts.transpileModule(source.replace(/^export = /m, 'export default '), { fileName: path, compilerOptions });
      return { loader: 'js', contents: `${outputText}export {};\n` };
    });
  },
};

const READABLE = { bundle: true, write: false, charset: 'utf8', legalComments: 'none', logLevel: 'warning', absWorkingDir: root } as const satisfies BuildOptions;

/** Two blanks of indentation as a tab: as readable, and a tenth smaller. */
const withTabs = (code: string): string => code.replace(/^(?: {2})+(?=\S)/gm, (blanks) => '\t'.repeat(blanks.length / 2))
  // What the compiler has put on a line of its own stands behind its condition again, as in the source.
  .replace(/^(\t*)((?:(?:else )?if|for|while) \(.*\)|else)\n\1\t(\S.*;)$/gm, '$1$2 $3');
const withoutIndentation = (html: string): string => html.replace(/^\s+/gm, '');

const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(dist, file)), { recursive: true });
  writeFileSync(join(dist, file), text);
};

/**
 * `to`: the file without its ending, which decides how it names the other entries. `head`: its first lines. Of a text that has no file
 * of its own the bundler does not know that it is strict: what a read-only message refuses would vanish silently.
 */
const writeBundle = async (to: string, contents: string, head = ''): Promise<void> => {
  const { outputFiles: [bundle] } = await build({
    ...READABLE, stdin: { contents, resolveDir: root, sourcefile: 'exports' }, platform: 'node', format: 'cjs', target: 'node20', packages: 'external', plugins: [keepEntriesApart(to), withoutComments],
  });
  // Marks for a bundler that drops what is not used: here all of it is. And helpers that nothing uses, for an import() that stays as it is.
  const text = (bundle?.text ?? '').replaceAll('/* @__PURE__ */ ', '');
  const code = text.slice(text.search(/^\/\/ /m));
  write(`${to}.js`, `${head}"use strict";\n${withTabs(/\b__[a-zA-Z]+\(/.test(code) ? text : code)}`);
};

/** Its names are exported one by one, in which form `import` finds them in a CommonJS file; the bundler's own form takes helpers of 1 kB. */
const exportsOf = async (entry: string): Promise<string> => {
  const { metafile } = await build({ ...READABLE, bundle: false, entryPoints: [`${entry}.ts`], format: 'esm', metafile: true });
  const names = Object.values(metafile.outputs).flatMap(({ exports }) => exports);
  return [`import { ${names.join(', ')} } from './${entry}';`, ...names.map((name) => `exports.${name} = ${name};`)].join('\n');
};

const buildRuntime = async (entry: string): Promise<void> => writeBundle(entry, await exportsOf(entry));

const buildCommand = async (entry: string): Promise<void> => {
  await writeBundle(entry, `import './${entry}';`, '#!/usr/bin/env node\n');
  chmodSync(join(dist, `${entry}.js`), 0o755);
};

/** One file holds what runs of all nodes; that of each takes its part. */
const buildNodes = async (): Promise<void> => {
  await writeBundle(SET, `import nodes from './${SET}';\nmodule.exports = nodes;`);
  for (const type of NODES) write(`nodes/${type}.js`, `"use strict";\nmodule.exports = require("./ciam.js")["${type}"];\n`);
};

/** Without what a source file says of itself at its beginning, and with tabs. */
const declarations = (code: string): string =>
  code.replace(/^\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n(?=\n|\/\*\*)/gm, '').replace(/\n{3,}/g, '\n\n').replace(/^(?: {4})+/gm, (blanks) => '\t'.repeat(blanks.length / 4)).trimStart();

/** The types that an entry point leads to, and nothing of the rest, in one file. */
const buildTypes = async (entry: string): Promise<void> => {
  const bundle = await rollup({
    input: join(root, `${entry}.ts`), external: (id) => !/^[./]|^[A-Za-z]:/.test(id),
    plugins: [dts({ tsconfig: join(root, 'tsconfig.json'), compilerOptions: { stripInternal: true } })],
  });
  const { output: [{ code }] } = await bundle.generate({ format: 'es' });
  await bundle.close();
  // `Buffer`, `AbortSignal` and `Symbol.asyncDispose`, whatever the program's own settings.
  write(`${entry}.d.ts`, `/// <reference types="node" />\n/// <reference lib="esnext.disposable" />\n\n${declarations(code)}`);
};

/** LANG=zh_CN.UTF-8 makes the runtime ask for zh, the editor asks for zh-CN, and Node-RED looks under zh for both. */
const LANGUAGES = { 'en-US': 'en-US', 'zh-CN': 'zh' };

/** The catalogues of the nodes have a key of their own each. */
const buildTexts = (language: string, to: string): void => {
  const texts = (ending: string): string[] => NODES.map((type) => readFileSync(join(root, 'nodes', type, 'locales', language, type + ending), 'utf8'));
  write(`nodes/locales/${to}/ciam.json`, JSON.stringify(Object.assign({}, ...texts('.json').map((text) => JSON.parse(text) as object))));
  write(`nodes/locales/${to}/ciam.html`, texts('.html').join(''));
};

/** The code of the dialogs and their forms, as the one html file that Node-RED serves to the editor. */
const buildEditor = async (): Promise<void> => {
  const { outputFiles: [bundle] } = await build({ ...READABLE, entryPoints: [join(root, 'nodes/editor.ts')], format: 'iife', target: 'es2022', plugins: [withoutComments] });
  const forms = NODES.map((type) => withoutIndentation(readFileSync(join(root, 'nodes', type, 'editor.html'), 'utf8')));
  write(`${SET}.html`, `<script type="text/javascript">\n${withTabs(bundle?.text ?? '').replace(/^\t/gm, '')}</script>\n${forms.join('')}`);
  for (const type of NODES) cpSync(join(root, 'nodes', type, 'icons'), join(dist, 'nodes/icons'), { recursive: true });
  for (const [language, shipped] of Object.entries(LANGUAGES)) buildTexts(language, shipped);
};

const main = async (): Promise<void> => {
  rmSync(dist, { recursive: true, force: true });
  await Promise.all([...ENTRIES.map(buildRuntime), ...COMMANDS.map(buildCommand), buildNodes(), buildEditor(), ...TYPED.map(buildTypes)]);
};

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
