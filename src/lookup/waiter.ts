/** One message that waits for a call. */
import { AsyncResource } from 'node:async_hooks';
import type { Query } from '../api/query';
import type { User } from '../api/user';
import { type LookupFailure, type LookupInfo, timeoutFailure } from '../failures/failure';
import type { Abortable } from '../resilience/aborts';
import type { Deadlines, Timed } from '../resilience/deadlines';

/** A found user, and how the lookup went. */
export interface Lookup {
  user: User;
  lookup: LookupInfo;
}

/** Gets the outcome of one message: exactly one of the two. */
export type Settle = (failure: LookupFailure | null, lookup: Lookup | null) => void;

/** What to look up. `value`: text, a Buffer or Uint8Array of UTF-8, or a whole number that is not negative. */
export interface LookupRequest {
  by: unknown;
  value: unknown;
}

/** What a message knows of the call that it has joined. */
interface JoinedCall {
  drop(waiter: Waiter, failure: LookupFailure): void;
  /** The failure of a message whose time is up. */
  whyLate(): LookupFailure;
}

/** An asynchronous resource, so that a message goes on in the context in which it came. */
export class Waiter extends AsyncResource implements Timed, Abortable<Waiter> {
  // among those with a deadline: of what it may spend on the tenant
  deadline = 0;
  older: Timed | null = null;
  newer: Timed | null = null;
  list: Deadlines | null = null;
  // among those of the same signal
  before: Waiter | null = null;
  after: Waiter | null = null;
  /** The deadline for its turn, while it waits for that. */
  turn: TurnDeadline | null = null;

  constructor(
    readonly call: JoinedCall,
    readonly query: Query,
    readonly startedAt: number,
    readonly signal: AbortSignal | undefined,
    readonly settle: Settle,
  ) {
    super('CiamLookup', { requireManualDestroy: true });
  }

  /** `patience` runs while an outage or a pause is to blame for the waiting; `queueTimeouts` whatever the reason. */
  waitForTurn(patience: Deadlines, queueTimeouts: Deadlines | null): void {
    patience.add(this);
    if (!queueTimeouts) return;
    this.turn = new TurnDeadline(this, queueTimeouts.ms / 1000);
    queueTimeouts.add(this.turn);
  }

  /** Its turn has come, or will not come. */
  endTurn(): void {
    this.turn?.list?.remove(this.turn);
    this.turn = null;
  }

  passed(): void {
    this.call.drop(this, this.call.whyLate());
  }
}

/** The deadline of a message for its turn. */
class TurnDeadline implements Timed {
  deadline = 0;
  older: Timed | null = null;
  newer: Timed | null = null;
  list: Deadlines | null = null;

  constructor(private readonly waiter: Waiter, private readonly seconds: number) {}

  passed(): void {
    this.waiter.call.drop(this.waiter, timeoutFailure('queueTimeout', this.seconds));
  }
}
