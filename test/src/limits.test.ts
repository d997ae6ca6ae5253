import { expect } from 'chai';
import { found, type Script, type ScriptedTenant, silent } from '../support/servers';
import { FakeClock } from './clock';
import { answers, fakeTenant, staysSilent } from './fake-tenant';
import { byMobile, closeAll, codesOf, failureOf, mobiles, openTenant, startServer } from './support';

describe('limits of the tenant', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(closeAll);

  it('all places are used, and no more, while calls hang', async () => {
    server.onLookup = silent;
    const clock = new FakeClock();
    const tenant = openTenant(server, { concurrency: 5 }, { clock });
    const codes = codesOf(mobiles(9).map((value) => byMobile(tenant, value)));
    await server.until(() => server.lookups.length === 5);
    expect(tenant.stats()).to.include({ inFlight: 5, queued: 4 });
    clock.advance(10_000);
    await server.until(() => server.lookups.length === 9);
    expect(tenant.stats()).to.include({ inFlight: 4, queued: 0 });
    clock.advance(10_000);
    expect(await codes).to.deep.equal(new Array(9).fill('CIAM.TIMEOUT'));
    expect(server.mostInFlight).to.equal(5);
  });

  it('a lookup between two tries keeps its place', () => {
    const fake = fakeTenant({ concurrency: 4, timeout: 60 });
    const [silent, ...others] = mobiles(4);
    fake.transport.onCall = (call) => (call.value === silent ? staysSilent : answers(502))(call);
    [silent, ...others].forEach((value) => fake.ask(value));
    fake.clock.advance(2);
    fake.ask('13900000000');
    fake.clock.advance(2);
    expect(fake.asked()).to.not.include('13900000000');
    expect(fake.tenant.stats()).to.include({ queued: 1 });
  });

  it('first come, first served', async () => {
    const tenant = openTenant(server, { concurrency: 1 });
    const values = mobiles(50);
    await Promise.all(values.map((value) => byMobile(tenant, value)));
    expect(server.lookups.map(({ value }) => value)).to.deep.equal(values);
  });

  it('a full queue: one more fails at once with CIAM.QUEUE.FULL', async () => {
    server.onLookup = silent;
    const tenant = openTenant(server, { concurrency: 2, queueLimit: 3 });
    const waiting = codesOf(mobiles(5).map((value) => byMobile(tenant, value)));
    await server.until(() => server.lookups.length === 2);
    const failure = await failureOf(byMobile(tenant, '13900000000'));
    expect(failure).to.include({ code: 'CIAM.QUEUE.FULL', category: 'overloaded', retryable: true, status: null });
    expect(failure.lookup).to.include({ attempts: 0, value: '13900000000' });
    expect(tenant.stats()).to.include({ inFlight: 2, queued: 3 });
    await tenant.close();
    expect(await waiting).to.deep.equal(new Array(5).fill('CIAM.CLOSED'));
    expect(server.lookups).to.have.length(2);
  });

  it('no queue at all: what cannot start fails', async () => {
    server.onLookup = silent;
    const tenant = openTenant(server, { concurrency: 1, queueLimit: 0 });
    const first = failureOf(byMobile(tenant, '13800000001'));
    expect(await codesOf([byMobile(tenant, '13800000002')])).to.deep.equal(['CIAM.QUEUE.FULL']);
    await tenant.close();
    await first;
  });

  it('rateLimit: lookups started per second, whatever they take', async () => {
    const clock = new FakeClock();
    const tenant = openTenant(server, { rateLimit: 10, concurrency: 100 }, { clock });
    const codes = codesOf(mobiles(40).map((value) => byMobile(tenant, value)));
    const started = (): number => tenant.stats().inFlight + tenant.stats().lookups.found;
    expect(started()).to.equal(1);
    for (let second = 1; second <= 3; second++) {
      clock.advance(1000);
      expect(started()).to.be.within(10 * second, 10 * second + 1);
    }
    clock.advance(1000);
    expect(new Set(await codes)).to.deep.equal(new Set(['ok']));
    expect(server.lookups).to.have.length(40);
  });

  it('a fast rate is kept although timers are coarse', () => {
    const clock = new FakeClock(15);
    server.onLookup = silent;
    const tenant = openTenant(server, { rateLimit: 500, concurrency: 1024 }, { clock });
    const codes = codesOf(mobiles(1000).map((value) => byMobile(tenant, value)));
    clock.advance(1000);
    expect(tenant.stats().inFlight).to.be.within(490, 515);
    return tenant.close().then(() => codes);
  });

  it('counts messages that were cancelled in the queue no more', async () => {
    server.onLookup = silent;
    const tenant = openTenant(server, { concurrency: 1, queueLimit: 100 });
    const stop = new AbortController();
    const first = failureOf(byMobile(tenant, '13800000000'));
    const waiting = codesOf(mobiles(101).slice(1).map((value) => byMobile(tenant, value, stop.signal)));
    expect(tenant.stats().queued).to.equal(100);
    stop.abort();
    expect(new Set(await waiting)).to.deep.equal(new Set(['CIAM.CLOSED']));
    expect(tenant.stats()).to.include({ inFlight: 1, queued: 0 });
    await tenant.close();
    await first;
  });

  it('an answer frees its place for whoever waits, before the message goes on', async () => {
    const held: (() => void)[] = [];
    const script: Script = (seen, response) => void held.push(() => found(seen, response));
    server.onLookup = script;
    const tenant = openTenant(server, { concurrency: 1 });
    const [first, second] = [byMobile(tenant, '13800000001'), byMobile(tenant, '13800000002')];
    await server.until(() => held.length === 1);
    held[0]?.();
    await first;
    expect(tenant.stats()).to.include({ inFlight: 1, queued: 0 });
    await server.until(() => held.length === 2);
    held[1]?.();
    await second;
  });
});
