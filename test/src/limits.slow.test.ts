import { expect } from 'chai';
import { LookupFailure } from '../../src/node-api';
import { found, notFound, type ScriptedTenant } from '../support/servers';
import { byMobile, CLIENT, closeAll, mobiles, openTenant, startServer } from './support';

describe('limits of the tenant', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(closeAll);

  it('20,000 messages at once: each exactly once with its own user, never more than `concurrency` in flight or connected', async () => {
    // Answered a moment later, so that several are under way.
    server.onLookup = (seen, response) => void setImmediate(() => (seen.value.endsWith('7') ? notFound : found)(seen, response));
    const tenant = openTenant(server, { ...CLIENT, concurrency: 32, queueLimit: 20_000 });
    const values = mobiles(20_000);
    const outcomes = new Map<string, string[]>();
    const note = (value: string, outcome: string): void => {
      outcomes.set(value, [...(outcomes.get(value) ?? []), outcome]);
    };
    await Promise.all(values.map((value) => byMobile(tenant, value).then(
      ({ user, lookup }) => note(value, `${user.user_id} ${lookup.value ?? ''}`),
      (failure: unknown) => note(value, failure instanceof LookupFailure ? `${failure.code} ${failure.lookup?.value ?? ''}` : String(failure)),
    )));
    for (const value of values) {
      expect(outcomes.get(value)).to.deep.equal([value.endsWith('7') ? `IDAAS.TENANT.USER.0001 ${value}` : `id of ${value} ${value}`]);
    }
    expect(server.lookups).to.have.length(20_000);
    expect(server.tokenCalls).to.have.length(1);
    expect(server.mostInFlight).to.be.within(2, 32);
    expect(server.mostConnected).to.be.within(2, 32);
    expect(server.connections).to.be.at.most(32);
    expect(tenant.stats()).to.include({ inFlight: 0, queued: 0 });
    expect(tenant.stats().lookups).to.include({ found: 18_000, notFound: 2000, failed: 0, shared: 0 });
  });
});
