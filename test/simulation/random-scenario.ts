/** One scenario that nobody thought of, drawn from a seed, and what must hold in each of them. */
import { expect } from 'chai';
import { pick } from '../../scripts/soak/random';
import type { TenantSettings } from '../../src/node-api';
import { createRandom } from '../../scripts/soak/random';
import type { Behaviour } from './model';
import { Simulation } from './simulation';

interface Numbers { timeout: number; retries: number; concurrency: number; queueTimeout: number; rateLimit: number; queueLimit: number }

/** What one deadline may be late by: they share timers. */
const SPARE_MS = 10;
/** A pause lasts a minute at most, a probe comes after 5 s, a limiter is forgotten soon. */
const RECOVERY_MS = 150_000;
const CODES = /^(ok|CIAM\.(TIMEOUT|NETWORK|CIRCUIT|CLOSED|QUEUE\.FULL|HTTP\.(429|500|502|503))|IDAAS\.TENANT\.COM\.0002)$/;

const settingsOf = (random: () => number): Numbers => {
  const one = <T>(...choices: T[]): T => pick(random, choices.map((choice) => [1, choice] as const));
  return {
    timeout: one(0.1, 1, 10, 10, 60, 3600), retries: one(0, 1, 4, 4, 10), concurrency: one(1, 2, 16, 16, 64),
    queueTimeout: one(0, 0, 2, 30), rateLimit: one(0, 0, 0, 20, 100), queueLimit: one(10_000, 10_000, 50, 0),
  };
};

const anyBehaviour = ({ random, behaviours }: Simulation): Behaviour => {
  const away = (): Behaviour => pick(random, [
    [3, behaviours.refusing], [2, behaviours.resetting], [2, behaviours.silent], [2, behaviours.status(503)], [1, behaviours.status(502)], [1, behaviours.busy],
  ]);
  const refusal = (): Behaviour => behaviours.status(pick(random, [[1, 429], [1, 503]]), pick(random, [[2, undefined], [1, '0'], [2, '1'], [1, '20'], [1, '3600']]));
  return pick<() => Behaviour>(random, [
    [6, () => behaviours.healthy()], [6, away], [2, () => behaviours.flapping(50 + random() * 3000, 50 + random() * 3000, away())],
    [2, () => behaviours.slow(1 + Math.floor(random() * 8), 10 + random() * 1000)], [2, () => behaviours.bad(20, away())], [1, () => behaviours.bad(20, behaviours.status(500))],
    [2, () => behaviours.backends(3, away())], [2, () => behaviours.limiter(1 + random() * 100, 1 + random() * 20, refusal())], [1, refusal],
  ])();
};

const work = async (simulation: Simulation, ms: number): Promise<void> => {
  const { random } = simulation;
  const end = simulation.now + ms;
  const perSecond = pick(random, [[1, 0.1], [2, 2], [2, 20]]);
  // Not for less than a millisecond: that would be lost in rounding.
  while (end - simulation.now > 1) {
    if (random() < 0.15) simulation.send(1 + Math.floor(random() * 400));
    if (random() < 0.15) simulation.list(Math.floor(random() * 150));
    if (random() < 0.2) for (const { abort, outcomes } of simulation.messages) if (outcomes === 0 && random() < 0.05) abort.abort();
    await simulation.traffic(perSecond, Math.min(2000, end - simulation.now));
  }
};

/** `CIAM.CLOSED` before the client is closed is what an abort gives. */
const checkOutcomes = ({ messages, lookups }: Simulation, { timeout, retries }: Numbers): void => {
  const firstCalls = new Map<string, number>();
  const calls = new Map<string, number>();
  for (const { value, at } of lookups) {
    if (!firstCalls.has(value)) firstCalls.set(value, at);
    calls.set(value, (calls.get(value) ?? 0) + 1);
  }
  for (const message of messages) {
    const { value, outcomes, code, endedAt, abort } = message;
    expect(outcomes, `outcomes of ${value}`).to.equal(1);
    expect(code).to.match(CODES);
    if (code === 'CIAM.CLOSED') expect(abort.signal.aborted, 'CIAM.CLOSED without an abort').to.equal(true);
    if (retries === 0) expect(calls.get(value) ?? 0, `calls for ${value}`).to.be.at.most(1);
    const called = firstCalls.get(value);
    if (called === undefined) expect(code, `${value} was found without a call`).to.not.equal('ok');
    else expect((endedAt ?? Infinity) - called, `milliseconds from the first call to the outcome of ${value}`).to.be.at.most(timeout * 1000 + SPARE_MS);
  }
};

const checkLists = ({ lists }: Simulation): void => {
  for (const { values, outcome } of lists) {
    const places = [...(outcome?.found ?? []), ...(outcome?.failed ?? [])].map(({ index }) => index).sort((a, b) => a - b);
    expect(places, 'one outcome for each item').to.deep.equal(values.map((_, index) => index));
    for (const { index, user } of outcome?.found ?? []) expect(user.user_id).to.equal(`id of ${values[index]}`);
    for (const { error } of outcome?.failed ?? []) expect(error.code).to.match(CODES);
  }
};

const checkLimits = ({ model, lookups }: Simulation, { concurrency, rateLimit }: Numbers): void => {
  expect(model.mostInFlight, 'calls in flight').to.be.at.most(concurrency + 1);
  if (rateLimit === 0) return;
  for (let from = 0, to = 0; to < lookups.length; to++) {
    while ((lookups[to]?.at ?? 0) - (lookups[from]?.at ?? 0) >= 1000) from++;
    expect(to - from + 1, 'calls in a second').to.be.at.most(rateLimit * 1.05 + 2);
  }
};

export const runRandomScenario = async (seed: number): Promise<void> => {
  const numbers = settingsOf(createRandom(seed * 7919));
  const settings: TenantSettings = { ...numbers };
  const simulation = new Simulation(seed, settings);
  const { random } = simulation;
  try {
    simulation.be(anyBehaviour(simulation));
    for (let phases = 1 + random() * 5; phases > 0; phases--) {
      await work(simulation, 50 + random() ** 3 * 60_000);
      simulation.be(anyBehaviour(simulation));
    }
    if (random() < 0.2) {
      await simulation.close();
      return;
    }
    simulation.be(simulation.behaviours.healthy());
    const left = simulation.messages.length + simulation.lists.reduce((sum, { values }) => sum + values.length, 0);
    await simulation.settle(RECOVERY_MS + 2000 * numbers.timeout + (left * 60) / numbers.concurrency + (numbers.rateLimit > 0 ? (left * 1100) / numbers.rateLimit : 0));
    checkOutcomes(simulation, numbers);
    checkLists(simulation);
    checkLimits(simulation, numbers);
    await simulation.run(RECOVERY_MS);
    expect(simulation.tenant.stats()).to.include({ inFlight: 0, queued: 0 });
    const [message] = simulation.send();
    await simulation.settle(1000);
    expect(message?.code, 'the last message, to a tenant that has been well for minutes').to.equal('ok');
    await simulation.close();
  } catch (error) {
    if (error instanceof Error) error.message = `seed ${seed} ${JSON.stringify(settings)}: ${error.message}`;
    throw error;
  }
};
