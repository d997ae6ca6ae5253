import { expect } from 'chai';
import { execFile } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkSettings, createTenant } from '../../src/node-api';
import { notFound } from '../support/servers';
import { FakeClock } from './clock';
import { byMobile, closeAll, closeLater, codesOf, failureOf, openTenant, startServer } from './support';

describe('demo tenant', () => {
  afterEach(closeAll);
  const demo = (settings: object = {}) => closeLater(createTenant({ demo: true, ...settings }, { random: () => 0 }));

  it('is a tenant like any other, at once, with no domain and no credentials', async () => {
    const tenant = demo();
    expect(tenant.label).to.equal('demo');
    const { user, lookup } = await tenant.lookup({ by: 'username', value: 'zhangsan' });
    expect(user.user_name).to.equal('zhangsan');
    expect(lookup).to.include({ tenant: 'demo', source: 'tenant', attempts: 1 });
    expect((await checkSettings({ demo: true })).ok).to.equal(true);
  });

  it('every row of the table', async () => {
    const tenant = demo({ retries: 1, timeout: 5 });
    const of = async (value: string, by = 'mobile'): Promise<unknown[]> => {
      const outcome = await tenant.lookup({ by, value }).catch((failure: unknown) => failure as { code: string; lookup?: { attempts: number } });
      return 'user' in outcome ? ['ok', outcome.lookup.attempts] : [outcome.code, outcome.lookup?.attempts];
    };
    // The vendor's user has another mobile number: the tenant is asked once more.
    expect(await of('13800001111')).to.deep.equal(['ok', 2]);
    expect(await of('15200000000')).to.deep.equal(['ok', 1]);
    expect(await of('lisi', 'username')).to.deep.equal(['ok', 1]);
    expect(await of('+86-13900002222')).to.deep.equal(['ok', 1]);
    expect(await of('13800000404')).to.deep.equal(['IDAAS.TENANT.USER.0001', 1]);
    expect((await of('nobody', 'username'))[0]).to.match(/USER\.0001$/);
    expect(await of('12345')).to.deep.equal(['IDAAS.TENANT.USER.0020', 1]);
    expect(await of('+1-2025550100')).to.deep.equal(['IDAAS.TENANT.MOBILE.0002', 1]);
    expect(await of('13800000500')).to.deep.equal(['ok', 2]);
    expect(await of('13800000503')).to.deep.equal(['CIAM.HTTP.503', 2]);
    expect(await of('13800000400')).to.deep.equal(['ok', 2]);
    expect(await of('13800000429')).to.deep.equal(['ok', 2]);
  });

  it('closing ends what is asked, even before it has started', async () => {
    const tenant = demo();
    const codes = codesOf([byMobile(tenant, '13800000408')]);
    await tenant.close();
    expect(await codes).to.deep.equal(['CIAM.CLOSED']);
    expect(await codesOf([byMobile(tenant, '13800001111')])).to.deep.equal(['CIAM.CLOSED']);
  });

  it('that cannot start tells so, as an event and to each lookup', async () => {
    const program = `ulimit -n 128; exec "$0" --import tsx "$1"`;
    const { stdout } = await promisify(execFile)('sh', ['-c', program, process.execPath, join(__dirname, 'programs/no-files.ts')], { timeout: 9000 });
    expect(JSON.parse(stdout)).to.deep.equal({ events: [['misconfigured', 'misconfigured', 'CIAM.NETWORK', 'demo']], code: ['CIAM.NETWORK', 'EMFILE'], state: 'misconfigured' });
  });

  it('two demos do not disturb each other', async () => {
    const [one, two] = [demo(), demo()];
    await Promise.all([byMobile(one, '13800001111'), byMobile(two, '13800001111')]);
    await one.close();
    expect((await byMobile(two, '13800001111')).lookup.source).to.equal('tenant');
  });
});

describe('seeing what happens', () => {
  afterEach(closeAll);

  it('diagnostics_channel tells of every lookup, without a value or a user', async () => {
    const server = await startServer();
    const told: unknown[] = [];
    const listen = (message: unknown): void => void told.push(message);
    diagnostics.subscribe('ciam-flows:lookup', listen);
    try {
      const clock = new FakeClock();
      const tenant = openTenant(server, { cacheTtl: 60 }, { clock });
      await Promise.all([byMobile(tenant, '13800001111'), byMobile(tenant, '13800001111')]);
      await byMobile(tenant, '13800001111');
      server.onLookup = notFound;
      await failureOf(tenant.lookup({ by: 'username', value: 'nobody' }));
      await failureOf(tenant.lookup({ by: 'email', value: '' }));
    } finally {
      diagnostics.unsubscribe('ciam-flows:lookup', listen);
    }
    const tenant = `127.0.0.1:${server.port}`;
    expect(told).to.deep.equal([
      { by: 'mobile', source: 'tenant', attempts: 1, durationMs: 0, code: null, category: null, tenant },
      { by: 'mobile', source: 'shared', attempts: 0, durationMs: 0, code: null, category: null, tenant },
      { by: 'mobile', source: 'cache', attempts: 0, durationMs: 0, code: null, category: null, tenant },
      { by: 'username', source: 'tenant', attempts: 1, durationMs: 0, code: 'IDAAS.TENANT.USER.0001', category: 'not-found', tenant },
      { by: 'email', source: 'tenant', attempts: 0, durationMs: 0, code: 'CIAM.INPUT', category: 'invalid-input', tenant },
    ]);
  });

  it('latency: percentiles of the lookups that asked the tenant', async () => {
    const server = await startServer();
    const clock = new FakeClock();
    const tenant = openTenant(server, {}, { clock });
    expect(tenant.stats().latencyMs).to.include({ p50: null, p95: null, p99: null, sum: 0, count: 0 });
    let taken = 0;
    const found = server.onLookup;
    server.onLookup = (seen, response) => {
      clock.advance(++taken);
      found(seen, response);
    };
    for (let count = 0; count < 100; count++) await byMobile(tenant, '13800001111');
    const { latencyMs } = tenant.stats();
    expect(latencyMs).to.include({ p50: 51, p95: 96, p99: 100, sum: 5050, count: 100 });
    expect(latencyMs.buckets.map(({ le, count }) => [le, count]).slice(0, 6)).to.deep.equal([[5, 5], [10, 10], [25, 25], [50, 50], [100, 100], [250, 100]]);
  });
});
