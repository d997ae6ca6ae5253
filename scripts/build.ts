/**
 * Builds `dist/`: the runtime as one file per entry point, the types of the library,
 * and for each node one html (script + form + the texts Node-RED serves beside it).
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync, chmodSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';

const root = resolve(__dirname, '..');
const dist = join(root, 'dist');

const filesIn = (folder: string): string[] =>
  readdirSync(folder).map((name) => join(folder, name)).flatMap((path) => (statSync(path).isDirectory() ? filesIn(path) : [path]));

const nodeTypes = readdirSync(join(root, 'nodes')).filter((name) => existsSync(join(root, 'nodes', name, 'editor.ts')));

/** What is loaded on its own: by Node-RED, by a program, by the shell, or later than the rest. */
const ENTRIES = [
  'src/index', 'src/node-api', 'src/simulator/simulator', 'src/simulator/cli', ...nodeTypes.map((type) => `nodes/${type}/${type}`),
].map((path) => join(root, path));

/** An entry that another one loads stays a file of its own. */
const keepEntriesApart: Plugin = {
  name: 'keep entries apart',
  setup(bundler) {
    bundler.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      const isEntry = kind !== 'entry-point' && ENTRIES.includes(resolve(resolveDir, path).replace(/\.js$/, ''));
      return isEntry ? { path, external: true } : null;
    });
  },
};

/** The package has to stay under 300 kB with examples and help in it; the sources are a clone away, and the build can be repeated. */
const SMALL: BuildOptions = { bundle: true, charset: 'utf8', legalComments: 'none', minify: true, logLevel: 'warning' };

const buildRuntime = async (outdir: string, minify: boolean): Promise<void> => {
  await build({
    ...SMALL, minify, entryPoints: ENTRIES.map((path) => `${path}.ts`), outbase: root, outdir, absWorkingDir: root,
    platform: 'node', format: 'cjs', target: 'node20', packages: 'external', plugins: [keepEntriesApart],
  });
  chmodSync(join(outdir, 'src/simulator/cli.js'), 0o755);
};

/** The types that `createTenant` leads to; those of our inside stay here. */
const buildTypes = (): void => {
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--emitDeclarationOnly'], { cwd: root, stdio: 'inherit' });
  const public_ = new Set<string>();
  const follow = (file: string): void => {
    if (public_.has(file)) return;
    public_.add(file);
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/(?:from |import\()'(\.[^']+)'/g)) follow(`${resolve(dirname(file), path)}.d.ts`);
  };
  follow(join(dist, 'src/index.d.ts'));
  for (const file of filesIn(dist)) if (file.endsWith('.d.ts') && !public_.has(file)) rmSync(file);
};

const withoutIndentation = (html: string): string => html.replace(/^\s+/gm, '');

/** The dialog's code and its form, as the one html file that Node-RED serves to the editor. */
const buildEditor = async (type: string): Promise<void> => {
  const from = join(root, 'nodes', type);
  const to = join(dist, 'nodes', type);
  const bundle = await build({
    ...SMALL, entryPoints: [join(from, 'editor.ts')], absWorkingDir: root, write: false, format: 'iife', target: 'es2022',
  });
  const script = bundle.outputFiles[0]?.text ?? '';
  mkdirSync(to, { recursive: true });
  const form = withoutIndentation(readFileSync(join(from, 'editor.html'), 'utf8'));
  writeFileSync(join(to, `${type}.html`), `<script type="text/javascript">\n${script}</script>\n${form}`);
  for (const folder of ['icons', 'locales']) cpSync(join(from, folder), join(to, folder), { recursive: true });
  for (const file of filesIn(join(to, 'locales'))) {
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, file.endsWith('.json') ? JSON.stringify(JSON.parse(text)) : withoutIndentation(text));
  }
};

const main = async (): Promise<void> => {
  const [option, folder] = process.argv.slice(2);
  // For profiles: the runtime alone, with the names of its functions.
  if (option === '--readable' && folder !== undefined) return buildRuntime(folder, false);
  rmSync(dist, { recursive: true, force: true });
  buildTypes();
  await Promise.all([buildRuntime(dist, true), ...nodeTypes.map(buildEditor)]);
};

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
