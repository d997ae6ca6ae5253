/** What the client promises of a tenant that is away, trouble by trouble, with hours that pass in milliseconds. */
import { expect } from 'chai';
import { AWAY, codesOf, PROBE, SEEDS, slowest, TIMEOUT, tookOf } from './common';
import { forSeeds } from './simulation';

describe('a tenant that is away', function () {
  this.timeout(30_000);

  for (const [name, away] of Object.entries(AWAY)) {
    for (const seconds of [1.1, 2, 5]) {
      it(`${name} for ${seconds} s, 25 messages a second and 1,500 at once: nobody fails`, async () => {
        await forSeeds(1, SEEDS, {}, async (simulation) => {
          simulation.be(simulation.behaviours.healthy());
          await simulation.traffic(25, 1000);
          simulation.send(1500);
          simulation.list(1500);
          await simulation.run(500);
          simulation.be(away(simulation));
          await simulation.traffic(25, seconds * 1000);
          simulation.be(simulation.behaviours.healthy());
          await simulation.traffic(25, 1000);
          await simulation.settle(60_000);
          expect(simulation.failures).to.deep.equal({});
          expect(simulation.lists[0]?.outcome?.lookup).to.include({ found: 1500, failed: 0 });
        });
      });
    }

    it(`${name} for ten minutes: few calls, nobody fails before timeout, and all are well once it is back`, async () => {
      await forSeeds(1, SEEDS, {}, async (simulation) => {
        simulation.be(simulation.behaviours.healthy());
        await simulation.traffic(10, 2000);
        const left = simulation.now;
        simulation.be(away(simulation));
        await simulation.traffic(10, 600_000);
        const back = simulation.now;
        const before = simulation.lookups.length;
        simulation.be(simulation.behaviours.healthy());
        await simulation.traffic(10, 20_000);
        await simulation.settle(TIMEOUT);

        const failed = simulation.messages.filter(({ code }) => code !== 'ok');
        const ended = failed.map(({ endedAt }) => endedAt ?? Infinity);
        expect(Math.min(...ended), 'the first failure').to.be.at.least(left + TIMEOUT);
        expect(Math.max(...ended), 'the last failure').to.be.at.most(back + PROBE);
        // 503 is a limiter's at first: waiting for a turn behind it is not timed.
        expect(slowest(simulation.messages)).to.be.at.most(TIMEOUT + 2500);
        // Known to be away for that long, new lookups fail at once.
        const hopeless = simulation.messages.filter(({ at }) => at > left + TIMEOUT + PROBE && at < back - 1);
        expect(slowest(hopeless)).to.be.at.most(1);
        expect(codesOf(hopeless)).to.deep.equal(['CIAM.CIRCUIT']);
        const probes = simulation.lookups.filter(({ at }) => at > left + TIMEOUT && at < back);
        expect(probes.length, 'calls in ten minutes').to.be.within(590_000 / PROBE - 1, (590_000 / PROBE) * 2 + 2);
        for (let index = 1; index < probes.length; index++) expect((probes[index]?.at ?? 0) - (probes[index - 1]?.at ?? 0), 'between two probes').to.be.at.least(PROBE / 2 - 1);
        expect(simulation.lookups.length).to.be.above(before);
        expect(simulation.events.map(({ event }) => event)).to.deep.equal(['ready', 'unreachable', 'failing', 'recovered']);
      });
    });

    it(`${name}, without any message for ten minutes after the first: a call every 15 s at most, and its return is noticed`, async () => {
      await forSeeds(1, SEEDS, {}, async (simulation) => {
        simulation.be(simulation.behaviours.healthy());
        await simulation.traffic(10, 2000);
        simulation.be(away(simulation));
        simulation.send(20);
        await simulation.run(600_000);
        const late = simulation.lookups.filter(({ at }) => at > 120_000);
        expect(late.length).to.be.within(480 / 15 - 1, (480 / 15) * 2 + 1);
        simulation.be(simulation.behaviours.healthy());
        await simulation.run(15_100);
        expect(simulation.tenant.stats().state).to.equal('ready');
        const [message] = simulation.send();
        await simulation.settle(1000);
        expect(message?.code).to.equal('ok');
      });
    });
  }

  it('refused connections for 14 to 19 s, answers after 200 ms: found at the first probe after its return, however little time those have left who wait', async () => {
    for (let seconds = 14; seconds < 19; seconds += 0.25) {
      await forSeeds(1, SEEDS, {}, async (simulation) => {
        simulation.be(simulation.behaviours.healthy(200));
        await simulation.traffic(25, 1000);
        simulation.be(simulation.behaviours.refusing);
        await simulation.traffic(25, seconds * 1000);
        const back = simulation.now;
        simulation.be(simulation.behaviours.healthy(200));
        await simulation.traffic(25, 15_000);
        await simulation.settle(TIMEOUT);
        const ended = simulation.messages.filter(({ code }) => code !== 'ok').map(({ endedAt }) => endedAt ?? Infinity);
        expect(Math.max(...ended) - back, `the last failure of ${seconds} s`).to.be.at.most(PROBE + 400);
      });
    }
  });

  it('silent for ten minutes: nobody waits longer than twice timeout, at most one call every few seconds', async () => {
    await forSeeds(1, SEEDS, {}, async (simulation) => {
      simulation.be(simulation.behaviours.healthy());
      await simulation.traffic(10, 2000);
      const left = simulation.now;
      simulation.be(simulation.behaviours.silent);
      await simulation.traffic(10, 600_000);
      const back = simulation.now;
      simulation.be(simulation.behaviours.healthy());
      await simulation.traffic(10, 20_000);
      await simulation.settle(TIMEOUT);
      expect(slowest(simulation.messages)).to.be.at.most(2 * TIMEOUT + 10);
      const probes = simulation.lookups.filter(({ at }) => at > left + 2 * TIMEOUT + PROBE && at < back);
      expect(probes.length, 'calls in ten minutes').to.be.at.most(575_000 / 2500);
      const after = simulation.messages.filter(({ at }) => at > back + TIMEOUT + PROBE);
      expect(codesOf(after)).to.deep.equal(['ok']);
    });
  });

  it('away and there by turns, a second each: hardly anybody fails', async () => {
    await forSeeds(1, SEEDS, {}, async (simulation) => {
      const { behaviours } = simulation;
      simulation.be(behaviours.flapping(1000, 1000, behaviours.refusing));
      await simulation.traffic(20, 60_000);
      await simulation.settle(TIMEOUT);
      // All five tries may fall into different absences.
      expect(simulation.messages.filter(({ code }) => code !== 'ok').length / simulation.messages.length).to.be.at.most(0.005);
    });
  });

  it('away from the start: whoever comes waits, and is found when it comes', async () => {
    await forSeeds(1, SEEDS, {}, async (simulation) => {
      simulation.be(simulation.behaviours.refusing);
      await simulation.traffic(5, 4000);
      simulation.be(simulation.behaviours.healthy());
      await simulation.settle(TIMEOUT);
      expect(simulation.failures).to.deep.equal({});
    });
  });

  it('retries 0: whoever was in flight fails at once, with one call', async () => {
    await forSeeds(1, SEEDS, { retries: 0 }, async (simulation) => {
      simulation.be(simulation.behaviours.healthy());
      await simulation.traffic(25, 1000);
      simulation.be(simulation.behaviours.refusing);
      await simulation.traffic(25, 4000);
      simulation.be(simulation.behaviours.healthy());
      await simulation.traffic(25, 1000);
      await simulation.settle(TIMEOUT);
      for (const message of simulation.messages) {
        expect(message.attempts).to.be.at.most(1);
        if (message.attempts === 1 && message.code !== 'ok') expect(tookOf(message), 'a failed call').to.be.at.most(PROBE);
      }
      const calls = new Map<string, number>();
      for (const { value, isKnown } of simulation.lookups) if (isKnown) calls.set(value, (calls.get(value) ?? 0) + 1);
      expect(Math.max(...calls.values()), 'calls for one value').to.equal(1);
    });
  });
});
