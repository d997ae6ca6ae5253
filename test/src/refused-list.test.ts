import diagnostics from 'node:diagnostics_channel';
import { expect } from 'chai';
import type { ListOutcome } from '../../src/node-api';
import { answers, type FakeTenant, fakeTenant, finds, staysSilent } from './fake-tenant';
import { mobiles } from './support';

const VALUES = mobiles(5);

/** What becomes of a list for which there is no room: two messages take the only place in flight and the only one in the queue. */
const refusedList = async (fake: FakeTenant, values: readonly unknown[]): Promise<ListOutcome> => {
  fake.transport.onCall = staysSilent;
  fake.ask(VALUES[3]);
  fake.ask(VALUES[4]);
  return fake.tenant.lookupList({ by: 'mobile', values });
};

describe('a list that is refused', () => {
  const full = { concurrency: 1, queueLimit: 1, timeout: 3, retries: 0, cacheTtl: 1, cacheStale: 60 };

  it('is told item by item, like lookups, each different one once', async () => {
    const fake = fakeTenant(full);
    const told: unknown[] = [];
    const listener = (message: unknown): void => void told.push((message as { code: unknown }).code);
    diagnostics.subscribe('ciam-flows:lookup', listener);
    const { failed } = await refusedList(fake, [VALUES[0], null, VALUES[1], VALUES[0]]);
    diagnostics.unsubscribe('ciam-flows:lookup', listener);
    const codes = ['CIAM.QUEUE.FULL', 'CIAM.INPUT', 'CIAM.QUEUE.FULL'];
    expect(told).to.deep.equal(codes);
    expect(failed.map(({ index, error }) => [index, error.code])).to.deep.equal([...codes, 'CIAM.QUEUE.FULL'].map((code, index) => [index, code]));
    expect(fake.tenant.stats().failures).to.deep.equal({ 'CIAM.QUEUE.FULL': 2, 'CIAM.INPUT': 1 });
  });

  it('gives remembered users in place of the failure', async () => {
    const fake = fakeTenant(full);
    fake.transport.onCall = finds;
    fake.ask(VALUES[0]);
    fake.clock.advance(2000);
    const { found, failed } = await refusedList(fake, [VALUES[1], VALUES[0], VALUES[0]]);
    expect(found.map(({ index, user }) => [index, user.user_id])).to.deep.equal([[1, `id of ${VALUES[0]}`], [2, `id of ${VALUES[0]}`]]);
    expect(failed.map(({ index }) => index)).to.deep.equal([0]);
    expect(fake.tenant.stats().lookups.stale).to.equal(1);
  });

  it('counts among the lookups that an event says have failed', async () => {
    const fake = fakeTenant({ timeout: 3 });
    fake.transport.onCall = answers(429, '60');
    fake.ask(VALUES[0]);
    fake.clock.advance(3100);
    const { failed } = await fake.tenant.lookupList({ by: 'mobile', values: VALUES });
    expect(failed).to.have.length(5);
    expect(fake.tenant.condition().failed).to.equal(6);
  });
});
