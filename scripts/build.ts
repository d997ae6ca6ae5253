/** Builds `dist/`: runtime by tsc, and for each node one html (script + form + the texts Node-RED serves beside it). */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(__dirname, '..');
const dist = join(root, 'dist');

/** The dialog's code and its form, as the one html file that Node-RED serves to the editor. */
const buildEditor = async (type: string): Promise<void> => {
  const from = join(root, 'nodes', type);
  const to = join(dist, 'nodes', type);
  const bundle = await build({
    entryPoints: [join(from, 'editor.ts')], bundle: true, write: false, format: 'iife', target: 'es2022', charset: 'utf8', legalComments: 'none',
  });
  const script = bundle.outputFiles[0]?.text ?? '';
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, `${type}.html`), `<script type="text/javascript">\n${script}</script>\n${readFileSync(join(from, 'editor.html'), 'utf8')}`);
  for (const folder of ['icons', 'locales']) {
    if (existsSync(join(from, folder))) cpSync(join(from, folder), join(to, folder), { recursive: true });
  }
};

const main = async (): Promise<void> => {
  rmSync(dist, { recursive: true, force: true });
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')], { cwd: root, stdio: 'inherit' });
  const types = readdirSync(join(root, 'nodes'), { withFileTypes: true }).filter((entry) => existsSync(join(root, 'nodes', entry.name, 'editor.ts')));
  await Promise.all(types.map(({ name }) => buildEditor(name)));
  chmodSync(join(dist, 'src/simulator/cli.js'), 0o755);
};

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
