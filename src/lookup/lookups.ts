/** The way of one lookup: cache → a call under way, or a new one → back, exactly one outcome each, and nothing left when the tenant closes. */
import { channel as channelOf } from 'node:diagnostics_channel';
import { byGiven, type Query, toQuery } from '../api/query';
import type { User } from '../api/user';
import { type Clock, elapsedMs } from '../clock';
import { closedFailure, inputFailure, LookupFailure, type LookupInfo, queueFullFailure, type Category, warnOfThrown } from '../failures/failure';
import { Aborts } from '../resilience/aborts';
import type { Condition } from '../resilience/condition';
import type { RequestQueue } from '../resilience/request-queue';
import type { TurnList } from '../resilience/turn';
import type { Settings } from '../settings/settings';
import type { Cache } from './cache';
import { Call, type CallOwner, type CallParts, absentUser, type Result } from './call';
import { type ListOutcome, type ListRequest, lookupList } from './list';
import type { Figures } from './figures';
import type { LookupRequest, Settle, Waiter } from './waiter';

export interface LookupParts {
  settings: Pick<Settings, 'label' | 'queueLimit'>;
  /** Missing when nothing is to be remembered. */
  cache: Cache | null;
  condition: Condition;
  call: CallParts;
}

/** What a message asked for; `null` when nothing could be sent. */
type Asked = Pick<LookupInfo, 'by' | 'value'>;

/** Calls that leave the table of calls before it is made anew. */
const FEW = 256;

const channel = channelOf('ciam-flows:lookup');

/** A remembered user is better than these. */
const REPLACEABLE: ReadonlySet<Category> = new Set<Category>(['unavailable', 'timeout', 'rate-limited', 'overloaded']);

export class Lookups implements CallOwner {
  /** Calls that a message may join, by key. */
  private calls = new Map<string, Call>();
  private detached = 0;
  private readonly aborts = new Aborts<Waiter>((waiter) => waiter.call.drop(waiter, closedFailure()));
  private readonly clock: Clock;
  private readonly queue: RequestQueue;
  private readonly figures: Figures;
  private closed = false;

  constructor(private readonly parts: LookupParts) {
    const { clock, queue, figures } = parts.call;
    this.clock = clock;
    this.queue = queue;
    this.figures = figures;
  }

  /** `settle` is called exactly once, possibly before `ask` returns. `list`: of which this is an item. */
  ask(request: LookupRequest, signal: AbortSignal | undefined, settle: Settle, list: TurnList | null = null, startedAt = this.clock.now()): void {
    const query = this.queryOf(request, startedAt, settle);
    if (!query) return;
    if (this.closed || signal?.aborted) return this.tell(query, startedAt, closedFailure(), 'tenant', 0, settle);
    if (this.answerFromCache(query, startedAt, settle)) return;
    const call = this.calls.get(query.key);
    // One that is over has left the queue, and those who are told of that may ask.
    if (!call || call.isOver) return this.lead(query, startedAt, signal, settle, list);
    if (!call.hasBegun && list === null && this.queue.isFull) return this.settleFailure(query, startedAt, queueFullFailure(this.parts.settings.queueLimit), settle);
    const waiter = call.join(query, startedAt, signal, settle);
    if (signal) this.aborts.add(signal, waiter);
  }

  /** A request that nobody else will look at: an item of a list that is refused as a whole. */
  refuse(request: LookupRequest, failure: LookupFailure, settle: Settle): void {
    const startedAt = this.clock.now();
    const query = this.queryOf(request, startedAt, settle);
    if (query) this.settleFailure(query, startedAt, failure, settle);
  }

  /** One lookup per item; it never rejects. */
  askList(request: ListRequest, signal: AbortSignal | undefined): Promise<ListOutcome> {
    const { settings: { label }, call: { clock, queue, queueTimeouts } } = this.parts;
    return lookupList(request, signal, {
      label, clock, queue, queueTimeouts,
      ask: (one, own, settle, list) => this.ask(one, own, settle, list),
      refuse: (one, failure, settle) => this.refuse(one, failure, settle),
    });
  }

  /** A call that no message has caused. */
  probeCall(by: Query['by'] = 'mobile'): Call {
    return new Call(absentUser(by), this.parts.call, this);
  }

  detach(call: Call): void {
    if (this.calls.get(call.query.key) !== call) return;
    this.calls.delete(call.query.key);
    // A Map that entries come to and go from is rebuilt time and again, and each old table keeps the next one, and the calls in it,
    // from being collected while young: a third of all that a lookup costs here. A new Map begins without them.
    if (++this.detached <= Math.max(FEW, this.calls.size)) return;
    this.detached = 0;
    this.calls = new Map(this.calls);
  }

  ended(call: Call, result: Result): void {
    this.detach(call);
    this.parts.cache?.remember(call.query.key, result);
  }

  settle(waiter: Waiter, result: Result, leads: boolean, attempts: number): void {
    const { query, startedAt, signal, settle } = waiter;
    if (signal) this.aborts.remove(signal, waiter);
    const answer = result instanceof LookupFailure ? result : result.user;
    if (answer instanceof LookupFailure && this.answerStale(query, startedAt, answer, settle, waiter)) return;
    this.tell(query, startedAt, answer, leads ? 'tenant' : 'shared', attempts, settle, waiter);
  }

  close(): void {
    this.closed = true;
    this.queue.close();
    this.parts.call.deadlines.close();
    this.parts.call.queueTimeouts?.close();
  }

  private lead(query: Query, startedAt: number, signal: AbortSignal | undefined, settle: Settle, list: TurnList | null): void {
    const call = new Call(query, this.parts.call, this, list);
    const waiter = call.lead(startedAt, signal, settle);
    if (signal) this.aborts.add(signal, waiter);
    this.calls.set(query.key, call);
    const refused = this.queue.enter(call, startedAt);
    if (refused) call.refuse(refused);
  }

  /** `null` after `settle` has been told why there is none. */
  private queryOf({ by, value }: LookupRequest, startedAt: number, settle: Settle): Query | null {
    try {
      return toQuery(by, value);
    } catch (error) {
      const failure = error instanceof LookupFailure ? error : inputFailure('unreadable');
      this.tell({ by: byGiven(by), value: null }, startedAt, failure, 'tenant', 0, settle);
      return null;
    }
  }

  private answerFromCache(query: Query, startedAt: number, settle: Settle): boolean {
    const { cache } = this.parts;
    if (!cache) return false;
    if (this.queue.isTroubled) this.queue.messageCame(startedAt);
    const fresh = cache.recall(query.key);
    if (fresh) this.tell(query, startedAt, fresh, 'cache', 0, settle);
    else if (!this.queue.isTroubled) return false;
    else return this.tellStale(query, startedAt, settle, null);
    return true;
  }

  /** In place of a failure that says nothing about the user. */
  private answerStale(query: Query, startedAt: number, failure: LookupFailure, settle: Settle, waiter: Waiter | null): boolean {
    return REPLACEABLE.has(failure.category) && this.tellStale(query, startedAt, settle, waiter);
  }

  private tellStale(query: Query, startedAt: number, settle: Settle, waiter: Waiter | null): boolean {
    const user = this.parts.cache?.recallStale(query.key);
    if (user) this.tell(query, startedAt, user, 'stale', 0, settle, waiter);
    return user !== undefined;
  }

  private settleFailure(query: Query, startedAt: number, failure: LookupFailure, settle: Settle): void {
    if (!this.answerStale(query, startedAt, failure, settle, null)) this.tell(query, startedAt, failure, 'tenant', 0, settle);
  }

  /** `waiter`: in whose asynchronous context. */
  private tell({ by, value }: Asked, startedAt: number, result: User | LookupFailure, source: LookupInfo['source'], attempts: number, settle: Settle, waiter: Waiter | null = null): void {
    const { settings: { label }, condition } = this.parts;
    const lookup: LookupInfo = { by, value, tenant: label, attempts, durationMs: elapsedMs(this.clock, startedAt), source };
    const failure = result instanceof LookupFailure ? result.for(lookup) : null;
    this.figures.count(failure, lookup, this.clock);
    if (failure && failure.category !== 'not-found' && failure.category !== 'invalid-input') condition.lookupFailed();
    if (channel.hasSubscribers) {
      const told = { tenant: label, by, source, attempts, durationMs: lookup.durationMs, code: failure?.code ?? null, category: failure?.category ?? null };
      if (waiter) waiter.runInAsyncScope(() => channel.publish(told));
      else channel.publish(told);
    }
    // Whoever throws must not keep the others from their outcome.
    try {
      const found = result instanceof LookupFailure ? null : { user: result, lookup };
      if (waiter) waiter.runInAsyncScope(settle, undefined, failure, found);
      else settle(failure, found);
    } catch (error) {
      warnOfThrown(error);
    }
  }
}
