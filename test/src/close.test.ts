import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { answer, silent, type ScriptedTenant } from '../support/servers';
import { BlackHole } from '../support/black-hole';
import { swallow } from '../support/tcp-proxy';
import { FakeClock } from './clock';
import { byMobile, CLIENT, closeAll, closeLater, codesOf, failureOf, mobiles, openTenant, pass, startProxy, startServer } from './support';

const run = promisify(execFile);

describe('close', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(closeAll);

  /** Milliseconds that closing took. */
  const closing = async (tenant: { close(): Promise<void> }): Promise<number> => {
    const startedAt = performance.now();
    await tenant.close();
    return performance.now() - startedAt;
  };

  it('ends what is under way, what waits and what comes later, each with CIAM.CLOSED, and the sockets are gone', async () => {
    server.onLookup = silent;
    const tenant = openTenant(server, { concurrency: 3 });
    const codes = codesOf([...mobiles(20), ...mobiles(20)].map((value) => byMobile(tenant, value)));
    await server.until(() => server.lookups.length === 3);
    expect(await closing(tenant)).to.be.lessThan(1000);
    expect(await codes).to.deep.equal(new Array(40).fill('CIAM.CLOSED'));
    await server.until(() => server.sockets.size === 0);
    const failure = await failureOf(byMobile(tenant, '13800001111'));
    expect(failure).to.include({ code: 'CIAM.CLOSED', category: 'cancelled', retryable: true });
    expect(failure.lookup).to.include({ value: '13800001111', attempts: 0 });
    expect(tenant.stats()).to.include({ inFlight: 0, queued: 0 });
    expect(server.lookups).to.have.length(3);
  });

  it('ends a token call, and whoever waits for it', async () => {
    server.onToken = silent;
    const tenant = openTenant(server, CLIENT);
    const codes = codesOf(mobiles(5).map((value) => byMobile(tenant, value)));
    await server.until(() => server.tokenCalls.length === 1);
    await tenant.close();
    expect(await codes).to.deep.equal(new Array(5).fill('CIAM.CLOSED'));
    await server.until(() => server.sockets.size === 0);
  });

  it('ends a wait between two tries, and a wait that the tenant asked for', async () => {
    server.onLookup = answer(503, '', { 'retry-after': '5' });
    const tenant = openTenant(server, { timeout: 60 });
    const codes = codesOf(mobiles(20).map((value) => byMobile(tenant, value)));
    await server.until(() => server.lookups.length >= 9);
    expect(await closing(tenant)).to.be.lessThan(1000);
    expect(new Set(await codes)).to.include('CIAM.CLOSED');
  });

  it('no timer is left', async () => {
    const clock = new FakeClock();
    const held = server.hold();
    const tenant = openTenant(server, { ...CLIENT, concurrency: 3, queueTimeout: 60, rateLimit: 100, cacheTtl: 60 }, { clock });
    const codes = codesOf(mobiles(10).map((value) => byMobile(tenant, value)));
    await pass(clock, () => held.length === 3);
    held[0]?.(answer(502, ''));
    await clock.timer(100, 301);
    held[1]?.(answer(429, '', { 'retry-after': '5' }));
    await clock.timer(5000, 5001);
    expect(clock.pending.length).to.be.greaterThan(2);
    await tenant.close();
    expect(clock.pending).to.deep.equal([]);
    expect(await codes).to.include('CIAM.CLOSED');
    await byMobile(tenant, '13800001111').catch(() => undefined);
    expect(clock.pending).to.deep.equal([]);
  });

  it('twice, and at once after creation, is no trouble', async () => {
    const tenant = openTenant(server);
    await Promise.all([tenant.close(), tenant.close()]);
    await tenant.close();
    expect(await codesOf([byMobile(tenant, '13800001111')])).to.deep.equal(['CIAM.CLOSED']);
  });

  it('idle connections are closed', async () => {
    const tenant = openTenant(server);
    await Promise.all(mobiles(10).map((value) => byMobile(tenant, value)));
    expect(server.sockets.size).to.be.greaterThan(0);
    await tenant.close();
    await server.until(() => server.sockets.size === 0);
  });

  it('a connection that hangs in the TLS handshake ends at once', async () => {
    const proxy = await startProxy(server);
    proxy.faults = [swallow];
    const tenant = openTenant({ url: `https://127.0.0.1:${proxy.port}` }, { timeout: 60 });
    const outcome = failureOf(byMobile(tenant, '13800001111'));
    await proxy.until(() => proxy.clients.size === 1);
    expect(await closing(tenant)).to.be.lessThan(1000);
    expect(await outcome).to.include({ code: 'CIAM.CLOSED' });
    await proxy.until(() => proxy.clients.size === 0);
  });

  it('a connection that nobody answers ends at once; without closing, on time', async () => {
    const hole = closeLater(await BlackHole.open());
    const late = await failureOf(byMobile(openTenant(hole, { timeout: 0.2, retries: 0 }), '13800001111'));
    expect(late).to.include({ code: 'CIAM.TIMEOUT' });
    expect(late.lookup?.durationMs).to.be.within(195, 1000);
    const tenant = openTenant(hole, { timeout: 60 });
    const outcome = failureOf(byMobile(tenant, '13800001111'));
    expect(await closing(tenant)).to.be.lessThan(1000);
    expect(await outcome).to.include({ code: 'CIAM.CLOSED' });
  });

  it('a program that has closed its tenants ends by itself; one that still waits does not end before its answers', async () => {
    const hole = closeLater(await BlackHole.open());
    const { stdout } = await run(process.execPath, ['--import', 'tsx', join(__dirname, 'programs/closes.ts'), server.url, hole.url], { timeout: 9000 });
    expect(stdout.trim().split('\n')).to.deep.equal(['ok 3', 'CIAM.CLOSED', 'CIAM.CLOSED', 'resources 0', 'after all answers']);
  });
});
