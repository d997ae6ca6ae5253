/** Many lookups for one message: handed in as there is room, duplicates asked once, order kept. */
import { AsyncResource } from 'node:async_hooks';
import { copyJson } from '../api/json';
import { byGiven, toQuery } from '../api/query';
import type { User } from '../api/user';
import { type Clock, elapsedMs, isEnoughAtOnce } from '../clock';
import { closedFailure, type LookupFailure, timeoutFailure, warnOfThrown } from '../failures/failure';
import { type Abortable, Aborts } from '../resilience/aborts';
import type { Deadlines, Timed } from '../resilience/deadlines';
import type { RequestQueue } from '../resilience/request-queue';
import type { TurnList } from '../resilience/turn';
import type { Lookup, LookupRequest, Settle } from './waiter';

export interface ListRequest {
  by: unknown;
  values: readonly unknown[];
  /** Told how many of `values` have their outcome. */
  progress?: (settled: number) => void;
}

export interface ListInfo {
  by: string;
  tenant: string;
  total: number;
  found: number;
  failed: number;
  durationMs: number;
}

export interface ListOutcome {
  /** `index` is the place in the list that came in, `value` what was sent after clean-up. */
  found: { index: number; value: string; user: User }[];
  failed: { index: number; value: string | null; error: LookupFailure }[];
  lookup: ListInfo;
  /** Calls made for all items together. */
  attempts: number;
}

export interface ListParts {
  label: string;
  clock: Clock;
  queue: Pick<RequestQueue, 'enterList' | 'leaveList' | 'itemSettled'>;
  /** Times the waiting of lists until their first item is asked; `null`: as long as it takes. */
  queueTimeouts: Deadlines | null;
  ask: (request: LookupRequest, signal: AbortSignal | undefined, settle: Settle, list: TurnList | null) => void;
  /** The outcome of an item that is not to be asked. */
  refuse: (request: LookupRequest, failure: LookupFailure, settle: Settle) => void;
}

type Outcome = { value: string; user: User } | { value: string | null; error: LookupFailure };

/** However many lists run with one signal, they are one listener of it. */
const running = new Aborts<List>((list) => list.refuse(closedFailure()));

/** One lookup per item; it never rejects. */
export const lookupList = (request: ListRequest, signal: AbortSignal | undefined, parts: ListParts): Promise<ListOutcome> =>
  new Promise((resolve) => {
    new List(request, signal, parts, resolve).enter();
  });

/** A list in a message may hold anything; what cannot even be read is no value either. */
export const itemAt = (values: readonly unknown[], index: number): unknown => {
  try {
    return values[index];
  } catch {
    return Symbol('unreadable');
  }
};

/** As it is now: whoever handed it in may go on to change it. */
const copyOfList = (values: readonly unknown[]): readonly unknown[] => {
  try {
    // The one way that passes over what is not there: a place far out in an array leaves very many holes before it.
    if (Array.isArray(values)) return ([] as unknown[]).concat(values);
  } catch {
    // Some of it cannot be read.
  }
  return Array.from({ length: values.length }, (_, index) => itemAt(values, index));
};

const keyOf = (by: unknown, value: unknown): string | null => {
  try {
    return toQuery(by, value).key;
  } catch {
    return null; // the lookup itself says what is wrong
  }
};

/** Like the outcome, with objects of its own. */
const copyOf = (outcome: Outcome): Outcome =>
  'user' in outcome ? { value: outcome.value, user: copyJson(outcome.user) } : { value: outcome.value, error: outcome.error.copy() };

/** An asynchronous resource: its items are asked when the queue has room, in the context of its message all the same. */
class List extends AsyncResource implements TurnList, Timed, Abortable<List> {
  // among those with a deadline
  deadline = 0;
  older: Timed | null = null;
  newer: Timed | null = null;
  list: Deadlines | null = null;
  // among those of the same signal
  before: List | null = null;
  after: List | null = null;
  private readonly items: readonly unknown[];
  private readonly outcomes: (Outcome | undefined)[];
  /** Distinct items by key: where else they stand, while the first of them is under way, or what became of it. */
  private readonly asked = new Map<string, number[] | Outcome>();
  readonly since: number;
  private next = 0;
  private settled = 0;
  private attempts = 0;
  private refusedBy: LookupFailure | null = null;

  constructor(
    private readonly request: ListRequest, private readonly signal: AbortSignal | undefined, private readonly parts: ListParts,
    private readonly done: (outcome: ListOutcome) => void,
  ) {
    super('CiamLookupList', { requireManualDestroy: true });
    this.since = parts.clock.now();
    this.items = copyOfList(request.values);
    this.outcomes = new Array<Outcome | undefined>(this.items.length);
  }

  enter(): void {
    if (this.items.length === 0) return this.finish();
    if (this.signal?.aborted) return this.refuse(closedFailure());
    if (this.signal) running.add(this.signal, this);
    this.parts.queueTimeouts?.add(this);
    const refused = this.parts.queue.enterList(this);
    if (refused) this.refuse(refused);
  }

  get hasMore(): boolean {
    return this.next < this.items.length && this.refusedBy === null;
  }

  pull(): boolean {
    return this.runInAsyncScope(() => this.handIn());
  }

  /** True: it is under way. */
  private handIn(): boolean {
    this.list?.remove(this);
    let isUnderWay = true;
    const settled = (): void => {
      isUnderWay = false;
      this.parts.queue.itemSettled();
    };
    const isNew = this.takeNext((request, settle) => this.parts.ask(request, this.signal, (failure, found) => {
      settled();
      settle(failure, found);
    }, this));
    if (!isNew) settled();
    return isUnderWay;
  }

  /** The next item: equal to one before, or else to be asked; false: it is not. */
  private takeNext(ask: (request: LookupRequest, settle: Settle) => void): boolean {
    const { by } = this.request;
    const index = this.next++;
    const value = this.items[index];
    const key = keyOf(by, value);
    const before = key === null ? undefined : this.asked.get(key);
    if (Array.isArray(before)) before.push(index);
    else if (before) this.settle(index, copyOf(before));
    if (before) return false;
    if (key !== null) this.asked.set(key, []);
    ask({ by, value }, (failure, found) => this.settleAll(index, key, failure, found));
    return true;
  }

  /** What has not been handed in fails. */
  refuse(failure: LookupFailure): void {
    if (this.refusedBy) return;
    this.refusedBy = failure;
    this.list?.remove(this);
    this.parts.queue.leaveList(this);
    this.runInAsyncScope(() => this.refuseSome(failure));
  }

  passed(): void {
    this.refuse(timeoutFailure('queueTimeout', (this.parts.queueTimeouts?.ms ?? 0) / 1000));
  }

  /** The item, and those that are equal to it. */
  private settleAll(index: number, key: string | null, failure: LookupFailure | null, found: Lookup | null): void {
    const info = failure?.lookup ?? found?.lookup;
    this.attempts += info?.attempts ?? 0;
    const outcome: Outcome = found
      ? { value: found.lookup.value ?? '', user: found.user }
      : { value: info?.value ?? null, error: failure ?? closedFailure() };
    const others = key === null ? undefined : this.asked.get(key);
    if (key !== null) this.asked.set(key, outcome);
    this.settle(index, outcome);
    if (Array.isArray(others)) this.settleOthers(others, outcome, 0);
  }

  private settleOthers(indexes: readonly number[], outcome: Outcome, from: number): void {
    const since = this.parts.clock.now();
    for (let place = from; place < indexes.length; place++) {
      if (isEnoughAtOnce(place - from, since, this.parts.clock.now())) return void setImmediate(() => this.settleOthers(indexes, outcome, place));
      this.settle(indexes[place] ?? 0, copyOf(outcome));
    }
  }

  private refuseSome(failure: LookupFailure): void {
    const since = this.parts.clock.now();
    for (let count = 0; this.next < this.items.length; count++) {
      if (isEnoughAtOnce(count, since, this.parts.clock.now())) return void setImmediate(() => this.refuseSome(failure));
      this.takeNext((request, settle) => this.parts.refuse(request, failure, settle));
    }
  }

  private settle(index: number, outcome: Outcome): void {
    this.outcomes[index] = outcome;
    this.settled++;
    try {
      this.request.progress?.(this.settled);
    } catch (error) {
      warnOfThrown(error);
    }
    if (this.settled === this.items.length) this.finish();
  }

  private finish(): void {
    if (this.signal) running.remove(this.signal, this);
    const found: ListOutcome['found'] = [];
    const failed: ListOutcome['failed'] = [];
    this.outcomes.forEach((outcome, index) => {
      if (!outcome) return;
      if ('user' in outcome) found.push({ index, value: outcome.value, user: outcome.user });
      else failed.push({ index, value: outcome.value, error: outcome.error });
    });
    const { by } = this.request;
    this.done({
      found, failed, attempts: this.attempts,
      lookup: {
        by: byGiven(by), tenant: this.parts.label, total: this.items.length, found: found.length, failed: failed.length,
        durationMs: elapsedMs(this.parts.clock, this.since),
      },
    });
  }
}
