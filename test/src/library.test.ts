import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { tarball } from '../support/package';
import { root } from '../support/versions';
import type { ScriptedTenant } from '../support/servers';
import { closeAll, startServer } from './support';

const run = promisify(execFile);

const SNIPPET = `
import { createTenant, LookupFailure, type Category, type Check, type ListOutcome, type Lookup, type Stats, type Tenant, type TenantSettings, type User } from '@ciam-flows/node-red-ciam';

const settings: TenantSettings = { domain: 'tenant.example.com', clientId: 'id', clientSecret: 'secret', concurrency: 4, cacheTtl: '60', tls: { ca: Buffer.from('') } };
const tenant: Tenant = createTenant(settings);

export const ask = async (signal: AbortSignal): Promise<User | null> => {
  try {
    const { user, lookup }: Lookup = await tenant.lookup({ by: 'mobile', value: '13800001111' }, signal);
    const name: string | null | undefined = user.user_name;
    const source: 'tenant' | 'cache' | 'shared' = lookup.source;
    console.log(name, source, user.user_id.length, user.a_field_of_our_own);
    return user;
  } catch (error) {
    if (!(error instanceof LookupFailure)) throw error;
    const category: Category = error.category;
    if (category === 'not-found') return null;
    console.log(error.code, error.status?.toFixed(), error.retryable, error.advice, error.cause?.code, error.lookup?.value);
    throw error;
  }
};

export const more = async (): Promise<void> => {
  const { found, failed }: ListOutcome = await tenant.lookupList({ by: 'username', values: ['a', 5, Buffer.from('b')], progress: (settled) => console.log(settled) });
  console.log(found.map(({ index, user }) => [index, user.user_id]), failed.map(({ error }) => error.code));
  const stats: Stats = tenant.stats();
  const check: Check = await tenant.check();
  console.log(stats.token.renewals, check.ok);
  await tenant.close();
};
`;

const WRONG = `
import { createTenant } from '@ciam-flows/node-red-ciam';
createTenant({ auth: 'query' });
createTenant({ unknown: 5 });
const tenant = createTenant({ demo: true });
tenant.lookup({ by: 'mobile' });
void tenant.lookup({ by: 'mobile', value: '1' }).then(({ user }) => user.user_id.toFixed());
`;

const PROGRAMS = new Map([['somebody-elses-program.ts', SNIPPET], ['a-wrong-program.ts', WRONG]].map(([name = '', code = '']) => [join(root, name), code]));

/** What strict TypeScript says to the programs of somebody else: by file name, and about the package's own types. */
const diagnose = (): { file: string; message: string }[] => {
  const options: ts.CompilerOptions = {
    strict: true, noUncheckedIndexedAccess: true, noEmit: true, skipLibCheck: false, exactOptionalPropertyTypes: true,
    target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, lib: ['lib.es2022.d.ts'], types: ['node'], typeRoots: [join(root, 'node_modules/@types')],
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (name) => PROGRAMS.has(name) || disk.fileExists(name),
    readFile: (name) => PROGRAMS.get(name) ?? disk.readFile(name),
    getSourceFile: (name, ...rest) => {
      const code = PROGRAMS.get(name);
      return code === undefined ? disk.getSourceFile(name, ...rest) : ts.createSourceFile(name, code, rest[0]);
    },
  };
  return ts.getPreEmitDiagnostics(ts.createProgram([...PROGRAMS.keys()], options, host))
    .map(({ messageText, file }) => ({ file: basename(file?.fileName ?? ''), message: ts.flattenDiagnosticMessageText(messageText, '\n') }));
};

describe('as a library, without Node-RED', () => {
  let server: ScriptedTenant;
  before(async function () {
    this.timeout(120_000);
    await tarball(); // builds it, if it is older than its sources
  });
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(closeAll);

  it('is typed, and its types tell what is wrong', () => {
    const said = diagnose();
    expect(said.filter(({ file }) => file !== 'a-wrong-program.ts')).to.deep.equal([]);
    expect(said).to.have.length(4);
  }).timeout(60_000);

  const program = (load: string): string => `
    const main = async () => {
      const { createTenant } = ${load};
      const tenant = createTenant({ domain: '${server.url}', auth: 'token', token: 'token', proxy: false });
      const { user } = await tenant.lookup({ by: 'username', value: 'zhangsan' });
      const { lookup } = await tenant.lookupList({ by: 'mobile', values: ['13800001111'] });
      await tenant.close();
      const demo = createTenant({ demo: true });
      const shown = await demo.lookup({ by: 'username', value: 'zhangsan' });
      await demo.close();
      const { createRequire } = await import('node:module');
      const loaded = Object.keys(createRequire(process.cwd() + '/x.js').cache).filter((file) => /node_modules.(@node-red|node-red)/.test(file));
      console.log(JSON.stringify([user.user_id, lookup.found, shown.lookup.tenant, loaded.length]));
    };
    main();`;

  for (const [how, flags, load] of [['require', ['-e'], "require('@ciam-flows/node-red-ciam')"], ['import', ['--input-type=module', '-e'], "await import('@ciam-flows/node-red-ciam')"]] as const) {
    it(`runs with ${how}, and ends by itself`, async () => {
      const { stdout } = await run(process.execPath, [...flags, program(load)], { cwd: root, timeout: 9000 });
      expect(JSON.parse(stdout)).to.deep.equal(['id of zhangsan', 1, 'demo', 0]);
    });
  }
});
