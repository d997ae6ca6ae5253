/** What is published: only what a user needs, small, clean, and the same bytes from the same commit. */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import ts from 'typescript';
import manifest from '../../package.json';
import { tables } from '../support/markdown';
import { tarball } from '../support/package';
import { root } from '../support/versions';

const run = promisify(execFile);

const TYPES = ['ciam-tenant', 'ciam-user', 'ciam-status'];

const folders: string[] = [];
const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'published-'));
  folders.push(folder);
  return folder;
};

const filesIn = (folder: string): string[] =>
  readdirSync(folder).map((name) => join(folder, name)).flatMap((path) => (statSync(path).isDirectory() ? filesIn(path) : [path]));

/** The nodes, for the tests of other people's flows, and what else stands beside the library. */
const subpaths = (): string[] => [
  ...TYPES.map((type) => `./${type}`), ...(existsSync(join(root, 'src/redis-pace.ts')) ? ['./redis-pace'] : []),
];

/** As `git clone` gives it, changes that are not committed yet included; the dependencies are shared. */
const cleanCopy = async (): Promise<string> => {
  const copy = join(temporaryFolder(), 'clone');
  const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root, maxBuffer: 1e7 });
  for (const path of stdout.split('\0').filter((name) => name && statSync(join(root, name), { throwIfNoEntry: false }))) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(root, path), join(copy, path));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  return copy;
};

/** Packs as a release does, build included. */
const packedFrom = async (copy: string, env: NodeJS.ProcessEnv = {}): Promise<Buffer> => {
  const folder = temporaryFolder();
  await run('npm', ['pack', '--pack-destination', folder], { cwd: copy, env: { ...process.env, ...env }, shell: process.platform === 'win32' });
  const [file] = readdirSync(folder);
  if (file === undefined) throw new Error('npm pack made no file');
  return readFileSync(join(folder, file));
};

describe('published package', () => {
  let unpacked: string;
  let files: string[];

  before(async () => {
    unpacked = temporaryFolder();
    await run('tar', ['-xzf', await tarball(), '-C', unpacked, '--strip-components=1']);
    files = filesIn(unpacked).map((path) => path.slice(unpacked.length + 1).replaceAll('\\', '/')).sort();
  });
  after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

  it('holds what a user needs and nothing else', () => {
    const nodes = [
      'ciam.html', 'ciam.js', ...['en-US', 'zh'].flatMap((language) => [`locales/${language}/ciam.html`, `locales/${language}/ciam.json`]),
      ...TYPES.flatMap((type) => [`${type}.js`, `icons/${type}.svg`]),
    ].map((path) => `dist/nodes/${path}`);
    const expected = [
      'CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json',
      'dist/src/index.js', 'dist/src/index.d.ts', 'dist/src/node-api.js', 'dist/src/simulator/cli.js', 'dist/src/simulator/simulator.js',
      ...nodes,
    ];
    const optional = /^dist\/src\/redis-pace\.(js|d\.ts)$|^examples\/(dashboard\/)?[\w-]+\.json$/;
    expect(files).to.include.members(expected);
    expect(files.filter((path) => !expected.includes(path) && !optional.test(path))).to.deep.equal([]);
  });

  it('exports what it promises, each from a file that is there', () => {
    const { exports: exported } = manifest;
    expect(Object.keys(exported).sort()).to.deep.equal(['.', ...subpaths(), './package.json'].sort());
    const targets = Object.values(exported).flatMap((entry) => (typeof entry === 'string' ? entry : Object.values(entry)));
    expect(files).to.include.members(targets.map((path) => path.slice(2)));
  });

  it('is strict throughout: a read-only message that refuses a result would do so silently otherwise', () => {
    for (const path of files.filter((name) => name.endsWith('.js'))) expect(readFileSync(join(unpacked, path), 'utf8'), path).to.match(/^(#!.*\n)?"use strict";/);
  });

  it('can be read: names and lines as they were written', () => {
    const client = readFileSync(join(unpacked, 'dist/src/node-api.js'), 'utf8');
    expect(client).to.match(/^var createTenant = \(settings, parts = \{\}\) =>/m);
    for (const path of files.filter((name) => /^dist\/.*\.(js|html)$/.test(name))) {
      const lines = readFileSync(join(unpacked, path), 'utf8').split('\n');
      expect(Math.max(...lines.map((line) => line.length)), path).to.be.below(1000);
    }
  });

  it('has one file of types for each entry point of a program, which needs no other', () => {
    expect(files.filter((path) => path.endsWith('.d.ts') && path !== 'dist/src/redis-pace.d.ts')).to.deep.equal(['dist/src/index.d.ts']);
    const { importedFiles } = ts.preProcessFile(readFileSync(join(unpacked, 'dist/src/index.d.ts'), 'utf8'));
    expect(importedFiles.map(({ fileName }) => fileName)).to.deep.equal([]);
  });

  it('exports by name createTenant, LookupFailure and types, and nothing else', () => {
    const { exports: names } = JSON.parse(execFileSync(process.execPath, ['-p', `JSON.stringify({ exports: Object.keys(require('./dist/src/index.js')) })`], { cwd: unpacked, encoding: 'utf8', env: { ...process.env, NODE_PATH: join(root, 'node_modules') } })) as { exports: string[] };
    expect(names.sort()).to.deep.equal(['LookupFailure', 'createTenant']);
  });

  it('is at most 500 kB unpacked', () => {
    const sizes = files.map((path) => statSync(join(unpacked, path)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).to.be.at.most(500_000);
  });

  it('holds no path of the machine that built it', () => {
    for (const path of files) expect(readFileSync(join(unpacked, path), 'utf8'), path).to.not.include(root);
  });

  it('is clean for publint', async () => {
    const [{ publint }, { formatMessage }] = await Promise.all([import('publint'), import('publint/utils')]);
    const { messages, pkg } = await publint({ pkgDir: unpacked, pack: false, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).to.deep.equal([]);
  });

  it('brings the packages of docs/licences.md, under the licences that stand there', () => {
    const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
    const licences: string[][] = [];
    const follow = (name: string): void => {
      const { license, dependencies = {} } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { license: string; dependencies?: Record<string, string> };
      if (licences.some(([known]) => known === name)) return;
      licences.push([name, license]);
      Object.keys(dependencies).forEach(follow);
    };
    Object.keys(manifest.dependencies).forEach(follow);
    const listed = tables(readFileSync(join(root, 'docs/licences.md'), 'utf8'))[0]?.rows ?? [];
    expect(licences.length).to.be.at.most(3);
    expect(listed.map(([name = '', licence]) => [name.replaceAll('`', ''), licence])).to.deep.equal(licences.sort());
  });

  it('is the same to the byte when it is built twice, in different folders and by different people', async () => {
    const first = await packedFrom(await cleanCopy());
    const umask = process.umask(0o077);
    try {
      const second = await packedFrom(await cleanCopy(), { TZ: 'Asia/Shanghai', LANG: 'zh_CN.UTF-8' });
      const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
      expect(hash(second)).to.equal(hash(first));
    } finally {
      process.umask(umask);
    }
  });
});
