/** One call to the tenant, and the messages that wait for it. */
import type { Abortable } from '../resilience/aborts';
import type { Found } from '../api/response';
import type { Timer } from '../clock';
import type { Deadlines, Timed } from '../resilience/deadlines';
import type { LookupFailure, LookupInfo } from '../failures/failure';
import type { Turn } from '../resilience/request-queue';
import type { Query } from '../api/query';
import type { Token } from '../auth/access-token';
import type { Exchange, Receiver, TransportResult } from '../http/transport';
import type { User } from '../api/user';

/** How a call ended. */
export type Result = Found | LookupFailure;
/** A found user, and how the lookup went. */
export interface Lookup {
  user: User;
  lookup: LookupInfo;
}

/** Gets the outcome of one message: exactly one of the two. */
export type Settle = (failure: LookupFailure | null, lookup: Lookup | null) => void;

/** Who looks after a flight. @internal */
export interface Crew {
  begin(flight: Flight, probe: boolean): void;
  end(flight: Flight, result: Result): void;
  received(flight: Flight, result: TransportResult): void;
}

/** One message that waits for a call. @internal */
export class Waiter implements Timed<Waiter>, Abortable<Waiter> {
  // among the deadlines
  deadline = 0;
  older: Waiter | null = null;
  newer: Waiter | null = null;
  list: Deadlines<Waiter> | null = null;
  // among those of the same signal
  before: Waiter | null = null;
  after: Waiter | null = null;

  constructor(
    readonly flight: Flight,
    readonly query: Query,
    readonly startedAt: number,
    readonly signal: AbortSignal | undefined,
    readonly settle: Settle,
  ) {}

  /** How long for its turn, or how long for the answer. */
  timeBy(list: Deadlines<Waiter> | null): void {
    this.list?.remove(this);
    list?.add(this);
  }
}

/** @internal */
export class Flight implements Turn, Receiver {
  // in the queue
  ahead: Turn | null = null;
  behind: Turn | null = null;
  queued = false;
  messages = 1;
  // among the flights
  hash = 0;
  sameSlot: Flight | null = null;
  // the messages: the one that caused the call until it has gone, and those that joined
  leader: Waiter | null = null;
  followers: Set<Waiter> | null = null;
  // the call
  state: 'queued' | 'running' | 'over' = 'queued';
  isProbe = false;
  /** Calls made, or begun with a token call. */
  attempts = 0;
  retries = 0;
  renewed = false;
  token: Token | null = null;
  exchange: Exchange | null = null;
  timer: Timer | null = null;

  constructor(readonly query: Query, private readonly crew: Crew) {}

  begin(probe: boolean): void {
    this.crew.begin(this, probe);
  }

  refuse(failure: LookupFailure): void {
    this.crew.end(this, failure);
  }

  received(result: TransportResult): void {
    this.exchange = null;
    this.crew.received(this, result);
  }

  /** Visits everybody who waits; the visitor may remove whom it visits. */
  each(visit: (waiter: Waiter) => void): void {
    if (this.leader) visit(this.leader);
    this.followers?.forEach(visit);
  }

  remove(waiter: Waiter): void {
    waiter.list?.remove(waiter);
    if (this.leader === waiter) this.leader = null;
    else this.followers?.delete(waiter);
  }
}
