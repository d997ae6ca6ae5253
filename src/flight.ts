/** One call to the tenant, and the messages that wait for it. */
import type { Timer } from './clock';
import type { Deadlines, Timed } from './deadlines';
import type { Found } from './answer';
import type { LookupFailure } from './failures';
import type { Query } from './query';
import type { Turn } from './pacing';
import type { Exchange } from './transport';

/** How a call ended. */
export type Result = Found | LookupFailure;
/** The same from memory: the text alone, every message reads an object of its own from it. */
export type Answer = (Pick<Found, 'text'> & Partial<Found>) | LookupFailure;

/** One message that waits for a call. */
export interface Waiter extends Timed {
  readonly query: Query;
  readonly startedAt: number;
  readonly flight: Flight;
  readonly signal: AbortSignal | undefined;
  readonly settle: (result: Result) => void;
}

export interface Flight extends Turn {
  readonly query: Query;
  /** The message that caused the call; null once it has gone. */
  leader: Waiter | null;
  /** Messages that joined. */
  followers: Set<Waiter> | null;
  /** The message with the latest deadline. */
  latest: Waiter;
  state: 'queued' | 'running' | 'over';
  isProbe: boolean;
  /** Calls made, or begun with a token call. */
  attempts: number;
  retries: number;
  renewed: boolean;
  exchange: Exchange | null;
  timer: Timer | null;
}

export const leave = (waiter: Waiter): void => {
  const { flight } = waiter;
  waiter.list?.remove(waiter);
  if (flight.leader === waiter) flight.leader = null;
  else flight.followers?.delete(waiter);
};

export const eachWaiter = (flight: Flight, visit: (waiter: Waiter) => void): void => {
  if (flight.leader) visit(flight.leader);
  flight.followers?.forEach(visit);
};

/** The clock of a waiter: how long for its turn, or how long for the answer. */
export const setDeadline = (waiter: Waiter, list: Deadlines | null): void => {
  waiter.list?.remove(waiter);
  list?.add(waiter);
};
