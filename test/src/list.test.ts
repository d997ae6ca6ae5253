import { expect } from 'chai';
import type { ListOutcome } from '../../src/node-api';
import { answer, found, inTurn, notFound, silent, type ScriptedTenant } from '../support/servers';
import { FakeClock } from './clock';
import { byMobile, closeAll, eventually, mobiles, openTenant, passUntil, startServer } from './support';

describe('list', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(closeAll);

  const codes = ({ failed }: ListOutcome): string[] => failed.map(({ error }) => error.code);

  it('keeps the order and the places, and asks for duplicates once', async () => {
    server.onLookup = (seen, response) => (seen.value === '13800000404' ? notFound : found)(seen, response);
    const values = ['13800000003', '13800000404', ' 138-0000-0003 ', '', '13800000001', '13800000404', 5.5, '13800000001'];
    const progress: number[] = [];
    const outcome = await openTenant(server).lookupList({ by: 'mobile', values, progress: (settled) => progress.push(settled) });
    expect(outcome.found.map(({ index, value, user }) => [index, value, user.user_id])).to.deep.equal([
      [0, '13800000003', 'id of 13800000003'], [2, '13800000003', 'id of 13800000003'],
      [4, '13800000001', 'id of 13800000001'], [7, '13800000001', 'id of 13800000001'],
    ]);
    expect(outcome.failed.map(({ index, value, error }) => [index, value, error.code])).to.deep.equal([
      [1, '13800000404', 'IDAAS.TENANT.USER.0001'], [3, null, 'CIAM.INPUT'], [5, '13800000404', 'IDAAS.TENANT.USER.0001'], [6, null, 'CIAM.INPUT'],
    ]);
    expect(outcome.lookup).to.include({ by: 'mobile', tenant: `127.0.0.1:${server.port}`, total: 8, found: 4, failed: 4 });
    expect(server.lookups.map(({ value }) => value).sort()).to.deep.equal(['13800000001', '13800000003', '13800000404']);
    expect(progress).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('gives every item objects of its own', async () => {
    const { found: [first, second] } = await openTenant(server).lookupList({ by: 'mobile', values: ['13800001111', '13800001111'] });
    expect(first?.user).to.deep.equal(second?.user);
    expect(first?.user).to.not.equal(second?.user);
    expect(first?.user.extension).to.not.equal(second?.user.extension);
  });

  it('an empty list is an empty outcome', async () => {
    const outcome = await openTenant(server).lookupList({ by: 'mobile', values: [] });
    expect(outcome).to.deep.include({ found: [], failed: [] });
    expect(outcome.lookup).to.include({ total: 0, found: 0, failed: 0 });
  });

  for (const [name, settings] of Object.entries({ 'no rate': {}, 'a rate limit': { rateLimit: 200 }, 'one at a time': { concurrency: 1 }, 'a rate limit, one at a time': { concurrency: 1, rateLimit: 100 } })) {
    it(`${name}: a list alone needs no room in the queue; two lists need room for one, since a waiting list counts as one`, async () => {
      const all = mobiles(40);
      const lists = (queueLimit: number, parts: string[][]): Promise<ListOutcome[]> => {
        const tenant = openTenant(server, { concurrency: 4, queueLimit, ...settings });
        return Promise.all(parts.map((values) => tenant.lookupList({ by: 'mobile', values })));
      };
      const users = (outcomes: ListOutcome[]): unknown[] => outcomes.flatMap(({ found: some }) => some.map(({ user }) => user.user_id));
      const halves = [all.slice(0, 20), all.slice(20)];
      expect(users(await lists(0, [all]))).to.deep.equal(all.map((value) => `id of ${value}`));
      expect(users(await lists(2, halves))).to.deep.equal(all.map((value) => `id of ${value}`));
      const [first, second] = await lists(1, halves);
      expect(first?.failed).to.deep.equal([]);
      expect(second && codes(second)).to.deep.equal(new Array(20).fill('CIAM.QUEUE.FULL'));
    });
  }

  it('goes on by itself after a Retry-After that found nobody in the queue', async () => {
    const clock = new FakeClock();
    server.onLookup = inTurn(answer(429, '', { 'retry-after': '5' }), found);
    const tenant = openTenant(server, { concurrency: 1, queueLimit: 0, retries: 0 }, { clock });
    const list = tenant.lookupList({ by: 'mobile', values: mobiles(3) });
    await eventually(() => tenant.stats().heldMs > 0);
    clock.advance(5000);
    expect(codes(await passUntil(clock, list))).to.deep.equal(['CIAM.HTTP.429']);
  });

  it('what is left of it fails once a pause has lasted for the timeout', async () => {
    const clock = new FakeClock();
    server.onLookup = answer(429, '', { 'retry-after': '60' });
    const tenant = openTenant(server, { concurrency: 2, retries: 0 }, { clock });
    let settled = 0;
    const list = tenant.lookupList({ by: 'mobile', values: mobiles(10), progress: (count) => { settled = count; } });
    await eventually(() => settled === 2);
    clock.advance(9999);
    expect(settled).to.equal(2);
    clock.advance(1);
    expect(codes(await list)).to.deep.equal(new Array(10).fill('CIAM.HTTP.429'));
  });

  it('ends at once when its signal is aborted while it waits for room', async () => {
    const clock = new FakeClock();
    server.onLookup = answer(429, '', { 'retry-after': '3000' });
    const stop = new AbortController();
    const tenant = openTenant(server, { concurrency: 2, queueLimit: 0, retries: 0 }, { clock });
    let settled = 0;
    const first = new Promise<void>((resolve) => {
      void tenant.lookupList({ by: 'mobile', values: mobiles(50), progress: (count) => { settled = count; if (count === 2) resolve(); } }, { signal: stop.signal }).then(() => { settled = 50; });
    });
    await first;
    stop.abort();
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).to.equal(50);
  });

  it('other messages get their turn between its items', async () => {
    const tenant = openTenant(server, { concurrency: 2 });
    let settled = 0;
    const list = tenant.lookupList({ by: 'mobile', values: mobiles(300), progress: (count) => { settled = count; } });
    await server.until(() => server.lookups.length >= 10);
    await byMobile(tenant, '13900000000');
    expect(settled).to.be.lessThan(100);
    await list;
    expect(settled).to.equal(300);
  });

  it('items of a closed tenant end with CIAM.CLOSED, all of them', async () => {
    server.onLookup = silent;
    const tenant = openTenant(server, { concurrency: 4 });
    const list = tenant.lookupList({ by: 'mobile', values: mobiles(100) });
    await server.until(() => server.lookups.length === 4);
    await tenant.close();
    expect(codes(await list)).to.deep.equal(new Array(100).fill('CIAM.CLOSED'));
  });

  it('an item that cannot even be read is one failure, and the list goes on', async () => {
    const values = ['13800001111', 'x', '13800002222'];
    Object.defineProperty(values, 1, { get: () => { throw new Error('unreadable'); } });
    const outcome = await openTenant(server).lookupList({ by: 'mobile', values });
    expect(outcome.found.map(({ index }) => index)).to.deep.equal([0, 2]);
    expect(outcome.failed.map(({ index, error }) => [index, error.code])).to.deep.equal([[1, 'CIAM.INPUT']]);
  });
});
