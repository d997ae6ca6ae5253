/** Seeing what happens: the stats route, metrics, and the diagnostics channel. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import type { Stats } from '../../src/node-api';
import { answer, found, notFound, type ScriptedTenant, silent } from '../support/servers';
import { get } from './admin';
import { deployWith, helper, startServer, tearDown } from './support';

const { log } = createRequire(require.resolve('node-red'))('@node-red/util') as { log: { init(settings: object): void } };
const METRIC = 99;

describe('observing lookups', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(tearDown);

  describe('GET ciam-tenant/:id/stats', () => {
    it('begins with nothing', async () => {
      await deployWith(server, { tenant: { auth: 'client-credentials' }, credentials: { clientId: 'i', clientSecret: 's' } });
      const { status, body } = await get('/ciam-tenant/tenant/stats');
      const { since, latencyMs: { buckets, ...latencyMs }, ...rest } = body as Stats;
      expect(status).to.equal(200);
      expect(Date.parse(since)).to.be.within(Date.now() - 10_000, Date.now());
      expect(buckets.every(({ count }) => count === 0)).to.equal(true);
      expect({ ...rest, latencyMs }).to.deep.equal({
        tenant: `127.0.0.1:${server.port}`, state: 'unknown', inFlight: 0, limit: null, queued: 0, circuit: 'closed', heldMs: 0, heldBy: null,
        token: { renewals: 0, expiresIn: null },
        lookups: { found: 0, notFound: 0, failed: 0, shared: 0, cached: 0, stale: 0, retried: 0, mismatched: 0 },
        failures: {}, lastFailure: null, latencyMs: { p50: null, p95: null, p99: null, sum: 0, count: 0 }, cache: { size: 0, bytes: 0 },
      });
    });

    it('counts what happened', async () => {
      const flow = await deployWith(server, { tenant: { auth: 'client-credentials', cacheTtl: 60 }, credentials: { clientId: 'i', clientSecret: 's' } });
      await Promise.all([flow.send({ payload: '1' }), flow.send({ payload: '1' })]);
      await flow.send({ payload: '1' });
      let asked = 0;
      server.onLookup = (seen, response) => (++asked === 1 ? answer(503, '') : notFound)(seen, response);
      await flow.send({ payload: '2' });
      await flow.send({ payload: '' });
      const { body } = await get('/ciam-tenant/tenant/stats');
      expect(body).to.deep.include({ inFlight: 0, queued: 0, circuit: 'closed', lookups: { found: 3, notFound: 1, failed: 1, shared: 1, cached: 1, stale: 0, retried: 1, mismatched: 0 } });
      expect(body).to.deep.include({ state: 'ready', failures: { 'CIAM.INPUT': 1 } });
      const { token, latencyMs } = body as { token: { renewals: number; expiresIn: number }; latencyMs: { p50: number; p95: number; p99: number } };
      expect(token.renewals).to.equal(0);
      expect(token.expiresIn).to.be.within(1790, 1800);
      expect(latencyMs.p50).to.be.above(0).and.at.most(latencyMs.p95);
      expect(latencyMs.p95).to.be.at.most(latencyMs.p99);
    });

    it('shows what is under way', async () => {
      const held: (() => void)[] = [];
      server.onLookup = (seen, response) => void held.push(() => found(seen, response));
      const flow = await deployWith(server, { tenant: { concurrency: 2 } });
      const lookups = ['1', '2', '3', '3', '4'].map((payload) => flow.send({ payload }));
      await server.until(() => held.length === 2);
      expect((await get('/ciam-tenant/tenant/stats')).body).to.include({ inFlight: 2, queued: 3 });
      server.onLookup = found;
      for (const give of held) give();
      await Promise.all(lookups);
      expect((await get('/ciam-tenant/tenant/stats')).body).to.include({ inFlight: 0, queued: 0 });
    });

    it('shows an outage, by state and circuit', async () => {
      server.onLookup = answer(503, '');
      const flow = await deployWith(server, { tenant: { retries: 0, timeout: 2 } });
      await Promise.all(Array.from({ length: 12 }, (_, index) => flow.send({ payload: `1380000${1000 + index}` })));
      const { body } = await get('/ciam-tenant/tenant/stats');
      expect((body as Stats).circuit).to.be.oneOf(['open', 'half-open']);
      expect((body as Stats).state).to.be.oneOf(['unreachable', 'failing']);
    });

    it('knows tenants only', async () => {
      await deployWith(server);
      for (const id of ['nobody', 'user', '__proto__']) expect(await get(`/ciam-tenant/${id}/stats`)).to.include({ status: 404 });
    });

    it('answers for a tenant whose settings make no sense', async () => {
      const flow = await deployWith({ url: 'http://tenant.example.com' });
      await flow.send({ payload: '1' });
      expect((await get('/ciam-tenant/tenant/stats')).body).to.deep.include({ circuit: 'closed' }).and.to.have.nested.property('lookups.failed', 1);
    });
  });

  describe('metrics', () => {
    const metrics = (): Record<string, unknown>[] =>
      helper.log().args.map(([entry]) => entry as unknown as Record<string, unknown>).filter(({ level, event }) => level === METRIC && String(event).includes('lookup'));

    afterEach(() => log.init({ logging: { console: { level: 'off', metrics: false } } }));

    it('tell duration and attempts of each lookup when somebody listens', async () => {
      log.init({ logging: { listener: { level: 'off', metrics: true, handler: () => () => undefined } } });
      const flow = await deployWith(server);
      await flow.send({ payload: '13800001111', _msgid: 'the message' });
      server.onLookup = notFound;
      await flow.send({ payload: '13800001112', _msgid: 'the other' });
      expect(metrics().map(({ event, msgid, nodeid }) => [event, msgid, nodeid])).to.deep.equal(
        ['the message', 'the other'].flatMap((id) => ['duration.millis', 'attempts'].map((name) => [`node.ciam-user.lookup.${name}`, id, 'user'])));
      expect(metrics().map(({ value }) => value)[0]).to.be.a('number').above(0);
      expect(metrics().map(({ value }) => value)[1]).to.equal(1);
      expect(JSON.stringify(metrics())).to.not.include('1380000');
    });

    it('count the calls of a list, not its items', async () => {
      log.init({ logging: { listener: { level: 'off', metrics: true, handler: () => () => undefined } } });
      const flow = await deployWith(server, { tenant: { cacheTtl: 60 } });
      await flow.sendList({ payload: ['13800001111', '13800001112', '13800001111', null] });
      await flow.sendList({ payload: ['13800001111', '13800001112'] });
      expect(metrics().filter(({ event }) => String(event).endsWith('attempts')).map(({ value }) => value)).to.deep.equal([2, 0]);
    });

    it('are not made when nobody does', async () => {
      const flow = await deployWith(server);
      await flow.send({ payload: '13800001111' });
      expect(metrics()).to.be.empty;
    });
  });

  describe('diagnostics channel ciam-flows:lookup', () => {
    it('tells how each lookup went, and of whom nothing', async () => {
      const told: Record<string, unknown>[] = [];
      const listen = (event: unknown): void => void told.push(event as Record<string, unknown>);
      subscribe('ciam-flows:lookup', listen);
      try {
        const flow = await deployWith(server, { tenant: { cacheTtl: 60, timeout: 0.2 } });
        await Promise.all([flow.send({ payload: '13800001111' }), flow.send({ payload: '13800001111' })]);
        await flow.send({ payload: '13800001111' });
        server.onLookup = notFound;
        await flow.send({ payload: '13800001112' });
        await flow.send({ payload: null });
        server.onLookup = silent;
        await flow.send({ payload: '13800001113' });
      } finally {
        unsubscribe('ciam-flows:lookup', listen);
      }
      expect(told.map(({ durationMs, ...rest }) => ({ ...rest, timed: typeof durationMs }))).to.deep.equal([
        { tenant: `127.0.0.1:${server.port}`, by: 'mobile', source: 'tenant', attempts: 1, code: null, category: null },
        { tenant: `127.0.0.1:${server.port}`, by: 'mobile', source: 'shared', attempts: 0, code: null, category: null },
        { tenant: `127.0.0.1:${server.port}`, by: 'mobile', source: 'cache', attempts: 0, code: null, category: null },
        { tenant: `127.0.0.1:${server.port}`, by: 'mobile', source: 'tenant', attempts: 1, code: 'IDAAS.TENANT.USER.0001', category: 'not-found' },
        { tenant: `127.0.0.1:${server.port}`, by: 'mobile', source: 'tenant', attempts: 0, code: 'CIAM.INPUT', category: 'invalid-input' },
        { tenant: `127.0.0.1:${server.port}`, by: 'mobile', source: 'tenant', attempts: 1, code: 'CIAM.TIMEOUT', category: 'timeout' },
      ].map((event) => ({ ...event, timed: 'number' })));
    });
  });
});
