/** How often a lookup goes there and back over a long way with TLS, the handshake of TCP counted. */
import { expect } from 'chai';
import type { NodeTenant, TenantSettings } from '../../src/node-api';
import { type Authority, createAuthority } from '../support/certificates';
import { Relay } from '../support/relay';
import { type Caller, countRoundTrips, type RoundTrips, type Trips } from '../support/round-trips';
import { answer, ScriptedTenant } from '../support/servers';
import { SkippingClock } from './clock';
import { byMobile, CLIENT, closeAll, closeLater, eventually, openTenant, TOKEN } from './support';

const EVERY_MS = 2;
const LIFE_MS = 1_800_000;

describe('round trips', () => {
  let authority: Authority;
  let server: ScriptedTenant;
  let relay: Relay;
  before(async () => {
    authority = await createAuthority('Authority of the tests');
  });
  beforeEach(async () => {
    server = closeLater(await ScriptedTenant.start({ tls: await authority.server() }));
    relay = closeLater(await Relay.start(server, EVERY_MS));
  });
  afterEach(closeAll);

  const settings = (): TenantSettings => ({ ...CLIENT, tls: { ca: authority.cert } });
  const trips = async (tenant: NodeTenant, value: string): Promise<number[]> => relay.trips(async (answered) => {
    await byMobile(tenant, value);
    answered();
  });

  const caller = (rest: TenantSettings): Caller => {
    const open = (): NodeTenant => openTenant(relay, { ...settings(), ...rest });
    let tenant = open();
    let next = 0;
    return {
      deploy: async () => {
        await tenant.close();
        tenant = open();
        tenant.warmUp();
      },
      ask: (count, answered) => Promise.all(Array.from({ length: count }, () => byMobile(tenant, String(13_800_000_000 + next++)).then(() => answered()))),
    };
  };

  const expected: Record<string, { rest: TenantSettings; atOnce: Trips; first: Trips; many: Trips }> = {
    'with the warm-up': { rest: {}, atOnce: [4, 4], first: [1, 1], many: [1, 3] },
    'without it: TCP, TLS, token, lookup': { rest: { warmUp: false }, atOnce: [4, 4], first: [4, 4], many: [4, 6] },
    'with a fixed token': { rest: { auth: 'token', token: TOKEN }, atOnce: [3, 3], first: [1, 1], many: [1, 3] },
  };
  for (const [name, { rest, atOnce, first, many }] of Object.entries(expected)) {
    it(`from a deployment on, ${name}`, async () => {
      expect(await countRoundTrips(relay, caller(rest))).to.deep.equal({
        connections: 1, atOnce, aSecondAfter: first, closed: [3, 3], reset: [4, 4], many, manyAgain: [1, 1],
      } satisfies RoundTrips);
    });
  }

  describe('a token that is renewed', () => {
    let clock: SkippingClock;
    let tenant: NodeTenant;
    beforeEach(async () => {
      clock = new SkippingClock();
      tenant = openTenant(relay, settings(), { clock, random: () => 0.5 });
      await byMobile(tenant, '13800000001');
    });

    it('is not waited for', async () => {
      const held: (() => void)[] = [];
      const grant = server.onToken;
      server.onToken = (seen, response) => void held.push(() => grant(seen, response));
      clock.skip(0.9 * LIFE_MS);
      await server.until(() => held.length === 1);
      expect([...await trips(tenant, '13800000002'), ...await trips(tenant, '13800000003')]).to.deep.equal([3, 1]);
      held[0]?.();
      await eventually(() => tenant.stats().token.renewals === 1);
      expect([...await trips(tenant, '13800000004')]).to.deep.equal([1]);
    });

    it('is there after an idle time longer than its life', async () => {
      clock.skip(0.9 * LIFE_MS);
      await eventually(() => tenant.stats().token.renewals === 1);
      clock.skip(0.7 * LIFE_MS);
      expect(await trips(tenant, '13800000002')).to.deep.equal([3]);
      expect(server.tokenCalls).to.have.length(2);
    });
  });

  it('a remembered user in an outage that is known: none', async () => {
    const clock = new SkippingClock();
    const tenant = openTenant(relay, { ...settings(), cacheTtl: 1, cacheStale: 3600, retries: 1 }, { clock });
    await byMobile(tenant, '13800000001');
    clock.skip(2000);
    server.onLookup = answer(503, '');
    const failed = byMobile(tenant, '13800000002').catch(() => undefined);
    await eventually(() => tenant.stats().state === 'unreachable');
    expect(await trips(tenant, '13800000001')).to.deep.equal([0]);
    await tenant.close();
    await failed;
  });
});
