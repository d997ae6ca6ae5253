/** The package as users get it: packed, and installed into a user directory the way the palette does. */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npm, root, version, type Runtime } from './versions';

const newest = (path: string): number => {
  const { mtimeMs } = statSync(path);
  return statSync(path).isDirectory() ? Math.max(mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name)))) : mtimeMs;
};

/** A run of a single test file must not test the build of yesterday. */
const isBuilt = (): boolean =>
  existsSync(join(root, 'dist')) && statSync(join(root, 'dist')).mtimeMs >= Math.max(...['src', 'nodes', 'package.json', 'scripts/build.ts'].map((name) => newest(join(root, name))));

const folders: string[] = [];
process.once('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** Gone when this process ends. */
const temporaryFolder = (prefix: string): string => {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  folders.push(folder);
  return folder;
};

const pack = async (): Promise<string> => {
  if (!isBuilt()) await npm(process.execPath, ['run', 'build'], root);
  const folder = temporaryFolder('packed-package-');
  await npm(process.execPath, ['pack', '--ignore-scripts', '--pack-destination', folder], root);
  const [tarball] = readdirSync(folder);
  if (tarball === undefined) throw new Error('npm pack made no file');
  return join(folder, tarball);
};

/** A user directory with the package in it, gone when this process ends. */
export const install = async (runtime: Runtime, packed = tarball()): Promise<string> => {
  const [{ node }, file] = await Promise.all([version(runtime), packed]);
  const folder = temporaryFolder('packed-package-');
  // As Node-RED writes it into a new user directory.
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'node-red-project', description: 'A Node-RED Project', version: '0.0.1', private: true }));
  await npm(node, ['install', '--save', '--save-prefix=~', '--omit=dev', '--engine-strict', file], folder);
  return folder;
};

let made: Promise<string> | undefined;
const installed = new Map<Runtime, Promise<string>>();

/** Path of the packed package, made once per run. */
export const tarball = (): Promise<string> => (made ??= pack());

/** A fresh user directory that has the package; installed once per runtime and run, then copied. Gone at the end, if not before. */
export const userDirectory = async (runtime: Runtime): Promise<string> => {
  const template = installed.get(runtime) ?? install(runtime);
  installed.set(runtime, template);
  const userDir = temporaryFolder('node-red-user-');
  cpSync(await template, userDir, { recursive: true });
  return userDir;
};
