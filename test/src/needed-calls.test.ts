/** When all is well: no call, no token call and no connection that the lookups do not need. */
import { expect } from 'chai';
import { found, type ScriptedTenant } from '../support/servers';
import { fakeTenant } from './fake-tenant';
import { byMobile, CLIENT, closeAll, eventually, mobiles, openTenant, startServer } from './support';

const LIFE_MS = 1_800_000;
const MINUTE_MS = 60_000;

describe('calls and connections that are needed', () => {
  afterEach(closeAll);

  it('as many calls as lookups and tokens', async () => {
    const server = await startServer();
    const tenant = openTenant(server, CLIENT);
    tenant.warmUp();
    await Promise.all(mobiles(200).map((value) => byMobile(tenant, value)));
    for (const value of mobiles(20)) await byMobile(tenant, value);
    expect([server.lookups.length, server.tokenCalls.length]).to.deep.equal([220, 1]);
  });

  describe('connections grow with the lookups in flight', () => {
    let server: ScriptedTenant;
    beforeEach(async () => {
      server = await startServer();
    });

    for (const [name, settings] of [['a fixed token', {}], ['client credentials', CLIENT]] as const) {
      it(`one after the warm-up, then one for each: ${name}`, async () => {
        const tenant = openTenant(server, settings);
        tenant.warmUp();
        await eventually(() => server.connections === 1 && (tenant.stats().token.expiresIn !== null || server.tokenCalls.length === 0));
        const held = server.hold();
        for (const [inFlight, connections] of [[1, 1], [2, 2], [1, 2], [5, 5], [16, 16], [3, 16]] as const) {
          const lookups = mobiles(inFlight).map((value) => byMobile(tenant, value));
          await server.until(() => held.length === inFlight);
          expect([inFlight, server.connections]).to.deep.equal([inFlight, connections]);
          for (const answer of held.splice(0)) answer(found);
          await Promise.all(lookups);
        }
        server.onLookup = found;
        await Promise.all(mobiles(200).map((value) => byMobile(tenant, value)));
        expect(server.connections).to.equal(16);
      });
    }
  });

  describe('a day of the simulated clock', () => {
    for (const chance of [0, 0.5, 0.999]) {
      it(`one lookup a minute: a token call each 80 to 90 % of a life, and a call for each lookup (chance ${chance})`, () => {
        const fake = fakeTenant(CLIENT, () => chance);
        fake.tenant.warmUp();
        for (let minute = 0; minute < 1440; minute++) {
          fake.ask('13800000001');
          fake.clock.advance(MINUTE_MS);
        }
        const times = fake.times().filter((_, index) => fake.transport.calls[index]?.isToken);
        const gaps = times.slice(1).map((at, index) => (at - (times[index] ?? NaN)) / LIFE_MS);
        expect(gaps).to.have.length(Math.floor(1440 * MINUTE_MS / ((0.8 + 0.1 * chance) * LIFE_MS)));
        for (const gap of gaps) expect(gap).to.be.within(0.8, 0.9);
        expect(fake.asked().filter((value) => value !== 'token')).to.have.length(1440);
      });
    }

    it('one lookup an hour: a token for it, one for the idle life after it, and no more', () => {
      const fake = fakeTenant(CLIENT, () => 0.5);
      for (let hour = 0; hour < 24; hour++) {
        fake.ask('13800000001');
        fake.clock.advance(60 * MINUTE_MS);
      }
      expect(fake.asked().filter((value) => value === 'token')).to.have.length(48);
      expect(fake.asked()).to.have.length(72);
    });

    it('no lookup: nothing but the warm-up', () => {
      const fake = fakeTenant(CLIENT);
      fake.tenant.warmUp();
      fake.clock.advance(1440 * MINUTE_MS);
      expect(fake.asked()).to.deep.equal(['token']);
    });
  });
});
