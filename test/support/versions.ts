/** The two Node-RED majors under test, each with the Node.js it runs on. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const root = resolve(__dirname, '../..');

export const MAJORS = [4, 5] as const;
export type Major = (typeof MAJORS)[number];
/** `oldest`: the Node-RED and the Node.js that package.json promises at the least. */
export type Runtime = Major | 'oldest';
export interface Version { node: string; redJs: string }

/** Kept between runs; an exact version each, so that a folder once made never has to change. */
const SIDE_BY_SIDE = { 5: ['node@24.21.0', 'node-red@5.0.7'], oldest: ['node@20.18.1', 'node-red@4.1.0'] } as const;
const CACHE = join(root, '.cache');

/** npm under the given Node.js: the engines of what it installs are judged by that one. */
export const npm = async (node: string, args: string[], cwd: string): Promise<string> => {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` };
  const { stdout } = await run('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd, env, shell: process.platform === 'win32' });
  return stdout;
};

/** A negative number means a process group. */
export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** What an interrupted installation left; its npm may still be about to notice. */
const removeLeftovers = (): void => {
  for (const name of readdirSync(CACHE)) {
    const pid = /^installing-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(CACHE, name), { recursive: true, force: true, maxRetries: 10 });
  }
};

/** Installs aside and moves into place in one step: half an installation is never seen, and of two at once the first one counts. */
export const installSideBySide = async (packages: readonly string[]): Promise<string> => {
  const folder = join(CACHE, packages.join('+').replaceAll('/', '_'));
  mkdirSync(CACHE, { recursive: true });
  removeLeftovers();
  if (existsSync(folder)) return folder;
  const aside = mkdtempSync(join(CACHE, `installing-${process.pid}-`));
  try {
    writeFileSync(join(aside, 'package.json'), '{ "private": true }');
    await npm(process.execPath, ['install', '--no-save', ...packages], aside);
    renameSync(aside, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return folder;
};

/** Nodes of others that an example needs: kept out of the development dependencies, since nothing else here wants them. */
export const dashboard = async (): Promise<string> => join(await installSideBySide(['@flowfuse/node-red-dashboard@1.31.0']), 'node_modules/@flowfuse/node-red-dashboard');

const installed: Partial<Record<keyof typeof SIDE_BY_SIDE, Promise<string>>> = {};

/** Node-RED 4.1 is a development dependency and runs on this Node.js; the others need another one, which npm has too. */
export const version = async (runtime: Runtime): Promise<Version> => {
  if (runtime === 4) return { node: process.execPath, redJs: join(root, 'node_modules/node-red/red.js') };
  const modules = join(await (installed[runtime] ??= installSideBySide(SIDE_BY_SIDE[runtime])), 'node_modules');
  return { node: join(modules, 'node/bin', process.platform === 'win32' ? 'node.exe' : 'node'), redJs: join(modules, 'node-red/red.js') };
};
