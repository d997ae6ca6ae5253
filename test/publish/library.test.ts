/** The packed package as a library: real projects in TypeScript and JavaScript, as ES modules and CommonJS. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { codeBlocks } from '../support/markdown';
import { tarball } from '../support/package';
import { npm, root, version } from '../support/versions';

const run = promisify(execFile);

/** The program that the README shows. */
const PROGRAM = codeBlocks(readFileSync(join(root, 'README.md'), 'utf8')).find(({ language }) => language === 'ts')?.text ?? '';
const EXPECTED = '20220126153857263-A04D-60E0D446C 张三 tenant\nUSER.0001 not-found Check that this user exists in the tenant, in the form the tenant stores it.\n';

/** CommonJS has no `await` outside a function. */
const asFunction = (program: string): string => {
  const [first = '', ...rest] = program.split('\n');
  return `${first}\nconst main = async () => {\n${rest.join('\n')}\n};\nmain().catch((error) => { console.error(error); process.exitCode = 1; });\n`;
};
const asCommonJs = (program: string): string => asFunction(program).replace(/^import (\{.*\}) from ('.*');$/m, 'const $1 = require($2);');

const TYPES = `
import { createTenant, LookupFailure, type Category, type Check, type ListOutcome, type Lookup, type Stats, type Tenant, type TenantSettings, type User } from '@ciam-flows/node-red-ciam';

const settings: TenantSettings = { domain: 'tenant.example.com', auth: 'token', token: 't', timeout: 5, cacheTtl: '60', tls: { ca: 'PEM', cert: Buffer.from('') }, proxy: { url: 'http://127.0.0.1:3128' } };
export const tenant: Tenant = createTenant(settings);
export const id = (user: User): string => user.user_id;
export const own = (user: User): unknown => user['a field of your tenant'];
export const name = (user: User): string | null | undefined => user.name;
export const source = ({ lookup }: Lookup): 'tenant' | 'cache' | 'shared' => lookup.source;
export const category = (failure: LookupFailure): Category => failure.category;
export const stats: Stats = tenant.stats();
export const check: Promise<Check> = tenant.check(new AbortController().signal);
export const users = ({ found }: ListOutcome): string[] => found.map(({ index, value, user }) => String(index) + value + user.user_id);
export const list: Promise<ListOutcome> = tenant.lookupList({ by: 'username', values: ['a', 5, Buffer.from('b')], progress: (settled) => console.log(settled) });

// @ts-expect-error a property that does not exist
createTenant({ domian: 'tenant.example.com' });
// @ts-expect-error one of two words
createTenant({ auth: 'basic' });
// @ts-expect-error nothing to look up
void tenant.lookup({ by: 'mobile' });
// @ts-expect-error not one of the categories
export const wrong: Category = 'missing';
`;

const COMPILER = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false, target: 'es2022', lib: ['es2022'], types: ['node'] };

describe('library', () => {
  let project: string;

  before(async () => {
    project = mkdtempSync(join(tmpdir(), 'library-user-'));
    writeFileSync(join(project, 'package.json'), '{ "private": true }');
    await npm(process.execPath, ['install', '--omit=dev', '--engine-strict', await tarball()], project);
    mkdirSync(join(project, 'node_modules/@types'));
    for (const name of ['@types/node', 'undici-types']) symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name), 'junction');
  });
  after(() => rmSync(project, { recursive: true, force: true }));

  /** A folder with one program; `type` is that of its package.json. */
  const folder = (name: string, type: 'module' | 'commonjs', files: Record<string, string>): string => {
    const path = join(project, name);
    mkdirSync(path);
    writeFileSync(join(path, 'package.json'), JSON.stringify({ private: true, type }));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
    return path;
  };

  const runs = async (node: string, path: string, file: string): Promise<void> => {
    const { stdout, stderr } = await run(node, [file], { cwd: path });
    expect({ stdout, stderr }).to.deep.equal({ stdout: EXPECTED, stderr: '' });
  };

  const compiles = async (path: string, options: object): Promise<void> => {
    writeFileSync(join(path, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...COMPILER, ...options } }));
    const { stdout } = await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', path], { cwd: path })
      .catch((error: unknown) => error as { stdout: string });
    expect(stdout).to.equal('');
  };

  it('runs in JavaScript as an ES module', async () => {
    await runs(process.execPath, folder('js-esm', 'module', { 'program.js': PROGRAM }), 'program.js');
  });

  it('runs in JavaScript as CommonJS', async () => {
    await runs(process.execPath, folder('js-cjs', 'commonjs', { 'program.js': asCommonJs(PROGRAM) }), 'program.js');
  });

  it('compiles and runs in TypeScript as an ES module', async () => {
    const path = folder('ts-esm', 'module', { 'program.ts': PROGRAM, 'types.ts': TYPES });
    await compiles(path, { module: 'nodenext' });
    await runs(process.execPath, path, 'program.js');
  });

  it('compiles and runs in TypeScript as CommonJS', async () => {
    const path = folder('ts-cjs', 'commonjs', { 'program.ts': asFunction(PROGRAM), 'types.ts': TYPES });
    await compiles(path, { module: 'node20' });
    await runs(process.execPath, path, 'program.js');
  });

  it('compiles for a bundler', async () => {
    await compiles(folder('ts-bundler', 'module', { 'types.ts': TYPES }), { module: 'preserve', moduleResolution: 'bundler', noEmit: true });
  });

  it('runs with the newer Node.js and the newer undici too', async () => {
    const { node } = await version(5);
    const path = folder('newer', 'module', { 'program.js': PROGRAM });
    await npm(node, ['install', '--omit=dev', '--engine-strict', await tarball()], path);
    const { version: undici } = JSON.parse(readFileSync(join(path, 'node_modules/undici/package.json'), 'utf8')) as { version: string };
    expect(undici).to.match(/^8\./);
    await runs(node, path, 'program.js');
  });

  it('prints a failure by its name, without what was looked up', async () => {
    const path = folder('failure', 'commonjs', {
      'program.js': `const { createTenant } = require('@ciam-flows/node-red-ciam');
const tenant = createTenant({ demo: true });
tenant.lookup({ by: 'mobile', value: '13800000404' }).catch(console.log).finally(() => tenant.close());`,
    });
    const { stdout } = await run(process.execPath, ['program.js'], { cwd: path });
    expect(stdout).to.match(/^\[?LookupFailure: /).and.to.include("code: 'IDAAS.TENANT.USER.0001'").and.to.not.include('13800000404');
  });

  it('has the command ciam-simulator', async () => {
    const { stdout } = await run(process.execPath, [join(project, 'node_modules/.bin/ciam-simulator'), '--version'], { cwd: project });
    const { version: expected } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(stdout.trim()).to.equal(expected);
  });
});
