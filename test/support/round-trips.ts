/** How many round trips lookups take, from a deployment on. */
import type { Relay } from './relay';

/** Somebody who looks up users over a relay. */
export interface Caller {
  /** Starts afresh, as a deployment does. */
  deploy(): Promise<unknown>;
  /** So many lookups at once: `answered` at each answer; resolves after the last one. */
  ask(count: number, answered: (isGood?: boolean) => void): Promise<unknown>;
}

/** Of the first answer, and of the last one. */
export type Trips = [first: number, last: number];

/** Departures in a second, if it is 50 ms from one to the next. */
const SECOND = 20;
const MANY = 16;

export interface RoundTrips {
  /** That the first lookup opened. */
  connections: number;
  /** The first message at once after a deployment. */
  atOnce: Trips;
  aSecondAfter: Trips;
  /** The server has closed idle connections. */
  closed: Trips;
  /** The server resets a connection that was used before. */
  reset: Trips;
  /** 16 messages a second after a deployment. */
  many: Trips;
  manyAgain: Trips;
}

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
  return { connections, atOnce, aSecondAfter, closed, reset, many: await ask(MANY), manyAgain: await ask(MANY) };
};
