/** What the client promises of a tenant in trouble that is not away all the time, with hours that pass in milliseconds. */
import { expect } from 'chai';
import { type Away, AWAY, codesOf, PROBE, SEEDS, slowest, TIMEOUT, tookOf } from './common';
import { isBad } from './model';
import { forSeeds, type Simulation } from './simulation';

describe('a tenant that is there', function () {
  this.timeout(30_000);

  it('slow, near its capacity: nobody fails, and it is never taken for dead', async () => {
    await forSeeds(1, SEEDS, {}, async (simulation) => {
      simulation.be(simulation.behaviours.slow(4, 100));
      await simulation.traffic(36, 60_000);
      await simulation.settle(60_000);
      expect(simulation.failures).to.deep.equal({});
      expect(simulation.events.map(({ event }) => event)).to.deep.equal(['ready']);
    });
  });

  const every = 50;
  const bad: Record<string, [Away, string[]]> = {
    'HTTP 500': [({ behaviours }) => behaviours.status(500), ['CIAM.HTTP.500']],
    'HTTP 503': [({ behaviours }) => behaviours.status(503), ['CIAM.HTTP.503']],
    'a reset connection': [({ behaviours }) => behaviours.resetting, ['CIAM.NETWORK']],
    'system busy': [({ behaviours }) => behaviours.busy, ['IDAAS.TENANT.COM.0002']],
    'silence': [({ behaviours }) => behaviours.silent, ['CIAM.TIMEOUT']],
  };
  for (const [name, [how, codes]] of Object.entries(bad)) {
    for (const perSecond of [2, 40]) {
      it(`one record in fifty always meets ${name}, ${perSecond} messages a second: they fail, and the others do not notice`, async () => {
        await forSeeds(1, SEEDS, {}, async (simulation) => {
          simulation.be(simulation.behaviours.bad(every, how(simulation)));
          await simulation.traffic(perSecond, perSecond > 10 ? 60_000 : 300_000);
          await simulation.settle(2 * TIMEOUT);
          const [broken, fine] = [simulation.messages.filter(({ value }) => isBad(value, every)), simulation.messages.filter(({ value }) => !isBad(value, every))];
          expect(codesOf(fine)).to.deep.equal(['ok']);
          expect(slowest(fine), 'the slowest of the others').to.be.at.most(1000);
          expect(codesOf(broken)).to.deep.equal(codes);
          expect(slowest(broken)).to.be.at.most(TIMEOUT + 10);
          expect(simulation.events.map(({ event }) => event)).to.deep.equal(['ready']);
        });
      });
    }
  }

  it('only a broken record is asked for, again and again: it fails within its tries and no outage begins', async () => {
    await forSeeds(1, SEEDS, {}, async (simulation) => {
      const { behaviours } = simulation;
      simulation.be((call) => (call.isToken || !call.isKnown ? behaviours.healthy() : behaviours.status(503))(call));
      for (let times = 0; times < 20; times++) {
        const [message] = simulation.send();
        await simulation.settle(2 * TIMEOUT);
        expect(message).to.include({ code: 'CIAM.HTTP.503' });
      }
      expect(simulation.events.map(({ event }) => event)).to.deep.equal(['ready']);
    });
  });

  for (const [name, how] of Object.entries({ 'HTTP 503': AWAY['HTTP 503'], 'HTTP 502': AWAY['HTTP 502'], 'refused connections': AWAY['refused connections'] })) {
    it(`one of three backends is broken (${name}): nearly nobody fails, and it is never taken for dead`, async () => {
      await forSeeds(1, SEEDS, {}, async (simulation) => {
        if (how) simulation.be(simulation.behaviours.backends(3, how(simulation)));
        await simulation.traffic(30, 120_000);
        await simulation.settle(2 * TIMEOUT);
        // Five tries, each lost with a chance of a third: 0.4 %.
        const lost = simulation.messages.filter(({ code }) => code !== 'ok').length;
        expect(lost / simulation.messages.length).to.be.at.most(0.012);
        expect(simulation.events.map(({ event }) => event)).to.not.include('failing');
      });
    });
  }
});

describe('a broken backend behind a balancer', function () {
  this.timeout(60_000);

  for (const [of, perSecond] of [[5, 80], [8, 30]] as const) {
    it(`one of ${of} answers 503, ${perSecond} messages a second: that is no limiter, and hardly anybody waits`, async () => {
      await forSeeds(1, SEEDS, {}, async (simulation) => {
        simulation.be(simulation.behaviours.backends(of, simulation.behaviours.status(503)));
        await simulation.traffic(perSecond, 60_000);
        expect(simulation.messages.filter(({ outcomes }) => outcomes === 0).length).to.be.at.most(perSecond);
        await simulation.settle(2 * TIMEOUT);
        const took = simulation.messages.map(tookOf).sort((a, b) => a - b);
        expect(took[took.length >> 1]).to.be.at.most(200);
      });
    });
  }
});

describe('a tenant that limits', function () {
  this.timeout(30_000);

  const limits: [string, number, number, string | undefined][] = [
    ['503', 503, 1, undefined], ['429', 429, 1, undefined], ['429 and Retry-After: 1', 429, 1, '1'], ['429, bursts of 20', 429, 20, undefined], ['503, bursts of 20', 503, 20, undefined],
  ];
  for (const [name, status, burst, retryAfter] of limits) {
    for (const [perSecond, count] of [[10, 300], [20, 600], [200, 6000]] as const) {
      it(`${perSecond} a second with ${name}, ${count} at once: all are found, near the limit, few calls are refused`, async () => {
        await forSeeds(1, 1, {}, async (simulation) => {
          const { behaviours } = simulation;
          simulation.be(behaviours.limiter(perSecond, burst, behaviours.status(status, retryAfter)));
          simulation.send(count);
          await simulation.settle((count / perSecond) * 5000 + 10_000);
          const share = count / perSecond / (simulation.messages.reduce((last, { endedAt }) => Math.max(last, endedAt ?? 0), 0) / 1000);
          const refused = 1 - count / simulation.lookups.filter(({ isKnown }) => isKnown).length;
          const figures = `${(share * 100).toFixed(0)} % of the limit, ${(refused * 100).toFixed(0)} of 100 calls refused`;
          expect(simulation.failures, figures).to.deep.equal({});
          expect(simulation.events.map(({ event }) => event), figures).to.not.include('failing');
          expect(share, figures).to.be.within(0.5, 1.6);
          expect(refused, figures).to.be.at.most(0.35);
        });
      });
    }
  }

  for (const [perSecond, burst, count] of [[2, 20, 80], [3, 20, 100], [5, 20, 100], [5, 50, 300]] as const) {
    it(`${perSecond} a second with 503 after a burst of ${burst}, ${count} at once: all are found`, async () => {
      await forSeeds(1, 5, {}, async (simulation) => {
        const { behaviours } = simulation;
        simulation.be(behaviours.limiter(perSecond, burst, behaviours.status(503)));
        simulation.send(count);
        await simulation.settle((count / perSecond) * 5000 + 10_000);
        expect(simulation.failures).to.deep.equal({});
      });
    });
  }

  it('a maintenance page with Retry-After: 3600 for ten minutes: nobody waits longer than timeout, one call a minute', async () => {
    await forSeeds(1, SEEDS, {}, async (simulation) => {
      simulation.be(simulation.behaviours.healthy());
      await simulation.traffic(10, 1000);
      const [left, calls] = [simulation.now, simulation.lookups.length];
      simulation.be(simulation.behaviours.status(503, '3600'));
      await simulation.traffic(10, 600_000);
      const back = simulation.now;
      const pause = simulation.messages.filter(({ at }) => at > left);
      expect(simulation.lookups.length - calls, 'calls').to.be.at.most(16 + 10 + 2);
      simulation.be(simulation.behaviours.healthy());
      await simulation.traffic(10, 65_000);
      await simulation.settle(TIMEOUT);
      expect(slowest(pause)).to.be.at.most(TIMEOUT + 10);
      expect(codesOf(pause.filter(({ at }) => at < back - TIMEOUT))).to.deep.equal(['CIAM.HTTP.503']);
      const after = simulation.messages.filter(({ at }) => at > back + 61_000);
      expect(codesOf(after)).to.deep.equal(['ok']);
      expect(simulation.events.map(({ event }) => event)).to.deep.equal(['ready', 'paused', 'resumed']);
    });
  });

  it('a pause of 2 s now and then: nobody fails, and whoever is sent first was not refused before', async () => {
    await forSeeds(1, SEEDS, {}, async (simulation) => {
      const { behaviours } = simulation;
      for (let times = 0; times < 5; times++) {
        simulation.be(behaviours.healthy());
        await simulation.traffic(20, 10_000);
        simulation.be(behaviours.status(429, '2'));
        await simulation.traffic(20, 500);
      }
      simulation.be(behaviours.healthy());
      await simulation.settle(TIMEOUT);
      expect(simulation.failures).to.deep.equal({});
    });
  });

  it('one record that is always refused with Retry-After delays only itself', async () => {
    await forSeeds(1, SEEDS, {}, async (simulation) => {
      const { behaviours } = simulation;
      simulation.be(behaviours.bad(50, behaviours.status(429, '1')));
      await simulation.traffic(5, 120_000);
      await simulation.settle(4 * TIMEOUT);
      const fine = simulation.messages.filter(({ value }) => !isBad(value, 50));
      expect(codesOf(fine)).to.deep.equal(['ok']);
    });
  });
});

describe('the queue', function () {
  this.timeout(60_000);

  /** In the order in which they were first asked. */
  const firstCalls = (simulation: Simulation): string[] => [...new Set(simulation.lookups.filter(({ isKnown }) => isKnown).map(({ value }) => value))];

  it('keeps its order with ten thousand in it, through an outage', async () => {
    await forSeeds(1, 1, {}, async (simulation) => {
      simulation.be(simulation.behaviours.healthy());
      simulation.send(10_000);
      await simulation.run(5000);
      simulation.be(simulation.behaviours.refusing);
      await simulation.run(3000);
      simulation.be(simulation.behaviours.healthy());
      await simulation.settle(120_000);
      expect(simulation.failures).to.deep.equal({});
      expect(firstCalls(simulation)).to.deep.equal(simulation.messages.map(({ value }) => value));
      const places = simulation.model.calls.length;
      expect(places).to.be.below(10_000 + 100);
    });
  });

  it('ten thousand in it and the tenant does not come back: all fail when timeout has passed, none earlier', async () => {
    await forSeeds(1, 1, {}, async (simulation) => {
      simulation.be(simulation.behaviours.healthy());
      simulation.send(10_000);
      await simulation.run(5000);
      const left = simulation.now;
      simulation.be(simulation.behaviours.refusing);
      await simulation.settle(60_000);
      const lost = simulation.messages.filter(({ code }) => code !== 'ok').map(({ endedAt }) => (endedAt ?? 0) - left);
      expect(Math.min(...lost)).to.be.at.least(TIMEOUT);
      expect(Math.max(...lost)).to.be.at.most(TIMEOUT + PROBE);
    });
  });

  it('serves single messages between lists, however many wait', async () => {
    await forSeeds(1, 1, {}, async (simulation) => {
      simulation.be(simulation.behaviours.healthy());
      for (let lists = 0; lists < 200; lists++) simulation.list(50);
      await simulation.traffic(20, 5000);
      await simulation.settle(120_000);
      expect(simulation.failures).to.deep.equal({});
      expect(slowest(simulation.messages)).to.be.at.most(1000);
      for (const { outcome } of simulation.lists) expect(outcome?.lookup.found).to.equal(50);
    });
  });

  for (const concurrency of [1, 2]) {
    it(`concurrency ${concurrency}: one that waits for its next try does not stop the others`, async () => {
      await forSeeds(1, SEEDS, { concurrency }, async (simulation) => {
        const { behaviours } = simulation;
        simulation.be(behaviours.bad(50, behaviours.status(503)));
        await simulation.traffic(4, 60_000);
        await simulation.settle(2 * TIMEOUT);
        const fine = simulation.messages.filter(({ value }) => !isBad(value, 50));
        expect(codesOf(fine)).to.deep.equal(['ok']);
        expect(slowest(fine)).to.be.at.most(1500);
      });
    });
  }

  for (const timeout of [0.1, 3600]) {
    it(`timeout ${timeout}: nobody waits longer, and nobody without end`, async () => {
      await forSeeds(1, 1, { timeout }, async (simulation) => {
        const { behaviours } = simulation;
        simulation.be(behaviours.healthy(1, 10));
        await simulation.traffic(10, 2000);
        simulation.be(behaviours.silent);
        await simulation.traffic(1, 20_000);
        simulation.be(behaviours.refusing);
        await simulation.traffic(1, 20_000);
        await simulation.settle(2 * timeout * 1000 + 20_000);
        simulation.be(behaviours.healthy(1, 10));
        await simulation.run(20_000);
        const [message] = simulation.send();
        await simulation.settle(1000);
        expect(message?.code).to.equal('ok');
      });
    });
  }
});
