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

/** The program that the reference shows. */
const PROGRAM = codeBlocks(readFileSync(join(root, 'docs/reference.md'), 'utf8')).find(({ language }) => language === 'ts')?.text ?? '';
const EXPECTED = '20220126153857263-A04D-60E0D446C 张三 tenant\nUSER.0001 not-found Check that this user exists in the tenant, in the form the tenant stores it.\n';

/** CommonJS has no `await` outside a function. */
const asFunction = (program: string): string => {
  const [first = '', ...rest] = program.split('\n');
  return `${first}\nconst main = async () => {\n${rest.join('\n')}\n};\nmain().catch((error) => { console.error(error); process.exitCode = 1; });\n`;
};
const asCommonJs = (program: string): string => asFunction(program).replace(/^import (\{.*\}) from ('.*');$/m, 'const $1 = require($2);');

const TYPES = `
import * as library from '@ciam-flows/node-red-ciam';
import {
  createTenant, LookupFailure, type By, type Category, type ListInfo, type ListOutcome, type ListRequest, type Lookup, type LookupInfo, type LookupOptions, type LookupRequest,
  type LookupValue, type ProxySettings, type Stats, type Tenant, type TenantEvent, type TenantEventName, type TenantListener, type TenantSettings, type TenantState, type TlsSettings, type User,
} from '@ciam-flows/node-red-ciam';

const tls: TlsSettings = { ca: 'PEM', cert: Buffer.from('') };
const proxy: ProxySettings = { url: 'http://127.0.0.1:3128' };
const settings: TenantSettings = { domain: 'tenant.example.com', auth: 'token', token: 't', timeout: 5, cacheTtl: 60, tls, proxy };
export const tenant: Tenant = createTenant(settings);
export const id = (user: User): string => user.user_id;
export const own = (user: User): unknown => user['a field of your tenant'];
export const name = (user: User): string | null | undefined => user.name;
export const source = ({ lookup }: Lookup): 'tenant' | 'cache' | 'shared' | 'stale' => lookup.source;
export const took = ({ durationMs }: LookupInfo | ListInfo): number => durationMs;
export const category = (failure: LookupFailure): Category => failure.category;
export const stats: Stats = tenant.stats();
export const users = ({ found }: ListOutcome): string[] => found.map(({ index, value, user }) => String(index) + value + user.user_id);
const request: ListRequest = { by: 'username', values: ['a', 5, 7n, Buffer.from('b'), null], progress: (settled) => console.log(settled) };
export const list: Promise<ListOutcome> = tenant.lookupList(request);
const options: LookupOptions = { signal: new AbortController().signal };
const modes: By[] = ['mobile', 'username', 'email', 'id'];
const values: LookupValue[] = ['13800001111', 13800001111, new Uint8Array(1)];
export const asked: Promise<Lookup>[] = modes.flatMap((by) => values.map((value): Promise<Lookup> => {
  const one: LookupRequest = { by, value };
  return tenant.lookup(one, options);
}));
const listener: TenantListener = ({ event, state, since }: TenantEvent) => console.log(event satisfies TenantEventName, state satisfies TenantState, since);
tenant.on('change', listener)();
tenant.on('recovered', listener);
export const gone: PromiseLike<void> = tenant[Symbol.asyncDispose]();
export const used = async (): Promise<User> => {
  await using other = createTenant({ demo: true });
  return (await other.lookup({ by: 'id', value: '1' })).user;
};
export const exported: 'createTenant' | 'LookupFailure' = 'createTenant' as Exclude<keyof typeof library, 'default' | 'module.exports'>;

// @ts-expect-error a property that does not exist
createTenant({ domian: 'tenant.example.com' });
// @ts-expect-error one of two words
createTenant({ auth: 'basic' });
// @ts-expect-error a number
createTenant({ timeout: 'ten' });
// @ts-expect-error a number, not its digits
createTenant({ cacheTtl: '60' });
// @ts-expect-error one of four words
void tenant.lookup({ by: 'mobil', value: '13800001111' });
// @ts-expect-error read from a message by the node only
void tenant.lookup({ by: 'msg', value: '13800001111' });
// @ts-expect-error nothing to look up
void tenant.lookup({ by: 'mobile' });
// @ts-expect-error an object is nothing to look up
void tenant.lookup({ by: 'mobile', value: { number: 1 } });
// @ts-expect-error neither is an object in a list
void tenant.lookupList({ by: 'mobile', values: [{ number: 1 }] });
// @ts-expect-error a controller is no signal
void tenant.lookup({ by: 'mobile', value: '1' }, { signal: new AbortController() });
// @ts-expect-error no event
tenant.on('gone', listener);
// @ts-expect-error not one of the categories
export const wrong: Category = 'missing';
// @ts-expect-error what the nodes need is none of a program's business
void tenant.ask;
`;

const COMPILER = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false, target: 'es2022', lib: ['es2022'] };

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
