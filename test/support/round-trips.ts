/** How many round trips lookups take, from a deployment on. */
import type { Relay } from './relay';

/** Somebody who looks up users over a relay. */
export interface Caller {
  /** Starts afresh, as a deployment does. */
  deploy(): Promise<unknown>;
  /** So many lookups at once: `answered` at each answer; resolves after the last one. */
  ask(count: number, answered: () => void): Promise<unknown>;
}

/** Of the first answer, and of the last one. */
export type Trips = [first: number, last: number];

/** Departures of the relay in a second, for whoever has the tenant 50 ms away. */
const SECOND = 40;
const MANY = 16;

export const SITUATIONS = ['at once', 'a second after', 'closed', 'reset', 'many', 'many again'] as const;
export type RoundTrips = Record<(typeof SITUATIONS)[number], Trips> & { connections: number };

export const countRoundTrips = async (relay: Relay, caller: Caller): Promise<RoundTrips> => {
  const ask = async (count = 1): Promise<Trips> => {
    const trips = await relay.trips((answered) => caller.ask(count, answered));
    return [Math.min(...trips), Math.max(...trips)];
  };
  const deploy = async (departures = 0): Promise<void> => {
    await caller.deploy();
    await relay.departed(departures);
  };

  await deploy();
  const before = relay.connections;
  const atOnce = await ask();
  const connections = relay.connections - before;
  await deploy(SECOND);
  const aSecondAfter = await ask();
  relay.hangUp();
  await relay.departed(SECOND);
  const closed = await ask();
  relay.resetNext();
  const reset = await ask();
  await deploy(SECOND);
  return { connections, 'at once': atOnce, 'a second after': aSecondAfter, closed, reset, many: await ask(MANY), 'many again': await ask(MANY) };
};
