/**
 * One question under way, and the messages that wait for its answer. It owns its state: messages `lead`, `join` and leave it,
 * the queue lets it `begin` or refuses it, the transport hands it what it `received`.
 *
 * waiting ──begin──► calling ──► over
 *                      │  ▲
 *                      ▼  │
 *                     between     backoff, outage, pause, or its next call is due
 */
import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { type Query, toQuery, toRequest } from '../api/query';
import { copyUser, isRefusal, readUser, type Found, type Reply } from '../api/response';
import type { Redactor } from '../api/redact';
import type { Token, TokenSource } from '../auth/access-token';
import type { Clock, Timer } from '../clock';
import { isFailedCall, isTransient, LookupFailure, mayBeGranted, timeoutFailure } from '../failures/failure';
import type { Exchange, Receiver, Transport, TransportResult } from '../http/transport';
import { isLimit } from '../resilience/adaptive-rate';
import { backoffMs, retryAfterMs } from '../resilience/backoff';
import type { Deadlines } from '../resilience/deadlines';
import type { RequestQueue } from '../resilience/request-queue';
import type { Turn, TurnList } from '../resilience/turn';
import type { Mismatches } from './mismatches';
import type { Figures } from './figures';
import { type Settle, Waiter } from './waiter';

/** How a call ended. */
export type Result = Found | LookupFailure;

/** Who is told of each call's end. */
export interface CallOwner {
  /** Nobody may join it any more. */
  detach(call: Call): void;
  /** It has its result, to be remembered perhaps. */
  ended(call: Call, result: Result): void;
  /** A message has its outcome; a user in it is its own. */
  settle(waiter: Waiter, result: Result, leads: boolean, attempts: number): void;
}

/** What every call of a tenant works with. */
export interface CallParts {
  clock: Clock;
  random: () => number;
  queue: RequestQueue;
  token: TokenSource;
  transport: Transport;
  redactor: Redactor;
  figures: Figures;
  mismatches: Mismatches;
  /** Times what lookups spend from their first call on. */
  deadlines: Deadlines;
  /** Times the waiting for a turn; `null`: as long as it takes. */
  queueTimeouts: Deadlines | null;
  /** Tries after the first. */
  retries: number;
  timeoutMs: number;
  /** The asynchronous context of what no message has caused. */
  outside: AsyncResource;
}

/** A reused connection that has been idle for so long may be dead without anybody knowing. */
const SUSPICIOUS_IDLE_MS = 5000;
const SHORTEST_SILENCE_MS = 1000;
const LONGEST_SILENCE_MS = 5000;
/** Characters of answers that are copied before yielding to the event loop. */
const COPIED_AT_ONCE = 1024 * 1024;
/** A token this young may not be known everywhere in the tenant yet. */
const YOUNG_TOKEN_MS = 2000;
const YOUNG_TOKEN_WAIT_MS = 1000;

/** A lookup is refused for its own sake when so many others have been served for each other one that was refused meanwhile. */
const SERVED_FOR_EACH_REFUSED = 10;

/** In a range that was never given out; fits the published pattern for mainland China. */
const NOBODYS_MOBILE = '10000000000';

/** A question for a user who cannot exist. */
export const absentUser = (by: Query['by']): Query => {
  const name = `connection-test-${randomUUID()}`;
  return toQuery(by, by === 'mobile' ? NOBODYS_MOBILE : by === 'email' ? `${name}@example.com` : name);
};

const ownOf = (result: Result): Result => (result instanceof LookupFailure ? result : { ...result, user: copyUser(result) });

export class Call implements Turn, Receiver {
  // for the queue
  ahead: Turn | null = null;
  behind: Turn | null = null;
  line: object | null = null;
  messages = 0;
  begunAt = 0;
  failures = 0;
  probedIn = 0;
  wasRefused = false;
  isSpent = false;
  // the messages: the one that caused the call until it has gone, and those that joined
  private leader: Waiter | null = null;
  private followers: Set<Waiter> | null = null;
  // the call
  private state: 'waiting' | 'calling' | 'between' | 'over' = 'waiting';
  private attempts = 0;
  private tries = 0;
  private answersBefore = 0;
  private lastFailure: LookupFailure | null = null;
  private token: Token | null = null;
  private renewed = false;
  private firstRefused: Token | null = null;
  private hasWaitedForYoung = false;
  private isCheckingMismatch = false;
  private needsFresh = false;
  private servedAtRefusal = 0;
  /** Refusals of all lookups when it was refused last, its own among them; 0: it never was. */
  private refusalsAtRefusal = 0;
  private exchange: Exchange | null = null;
  private second: SecondCall | null = null;
  private timer: Timer | null = null;

  constructor(readonly query: Query, private readonly parts: CallParts, private readonly owner: CallOwner, readonly list: TurnList | null = null) {}

  // Messages

  get hasBegun(): boolean {
    return this.state !== 'waiting';
  }

  get isOver(): boolean {
    return this.state === 'over';
  }

  /** The message that causes the call. */
  lead(startedAt: number, signal: AbortSignal | undefined, settle: Settle): Waiter {
    this.messages = 1;
    return (this.leader = new Waiter(this, this.query, startedAt, signal, settle));
  }

  /** One more message that waits for the same answer. */
  join(query: Query, startedAt: number, signal: AbortSignal | undefined, settle: Settle): Waiter {
    const waiter = new Waiter(this, query, startedAt, signal, settle);
    (this.followers ??= new Set()).add(waiter);
    this.parts.queue.share(this, 1);
    if (this.hasBegun) this.parts.deadlines.add(waiter);
    else this.timeTurn(waiter);
    return waiter;
  }

  private timeTurn(waiter: Waiter): void {
    waiter.waitForTurn(this.parts.queue.patience, this.parts.queueTimeouts);
  }

  /** What it has not spent while it waited for its turn is left for the call. */
  private timeCall(waiter: Waiter): void {
    if (waiter.turn) waiter.endTurn();
    this.parts.deadlines.add(waiter);
  }

  private endTime(waiter: Waiter): void {
    if (waiter.turn) waiter.endTurn();
    waiter.list?.remove(waiter);
  }

  /** Why a message whose time has passed has failed. */
  whyLate(): LookupFailure {
    const { queue, timeoutMs } = this.parts;
    const late = timeoutFailure('timeout', timeoutMs / 1000);
    if (this.state === 'calling') return late;
    return this.lastFailure ?? queue.obstacle ?? late;
  }

  /** One message waits no longer; the others are not taken down with it, and the last one ends the call. */
  drop(waiter: Waiter, failure: LookupFailure): void {
    const { queue } = this.parts;
    if (this.isOver) return this.settle(waiter, failure); // it was about to get its copy of the answer
    const isLate = failure.code === 'CIAM.TIMEOUT';
    const wasCalling = this.state === 'calling';
    const leads = this.remove(waiter);
    queue.share(this, -1);
    if (this.messages === 0) {
      this.stop();
      this.owner.detach(this);
      if (isLate && wasCalling) this.reportSilence(failure);
      if (queue.leave(this)) queue.pump();
    } else if ((leads || isLate) && this.hasBegun) {
      // Later messages begin a call of their own: this one has little time left.
      this.owner.detach(this);
    }
    this.owner.settle(waiter, failure, leads, leads ? this.attempts : 0);
  }

  private settle(waiter: Waiter, result: Result): void {
    const leads = this.remove(waiter);
    this.owner.settle(waiter, result, leads, leads ? this.attempts : 0);
  }

  // The queue

  wait(): void {
    this.each((waiter) => this.timeTurn(waiter));
  }

  begin(fresh: boolean): void {
    this.needsFresh ||= fresh;
    if (this.attempts++ > 0) this.parts.figures.lookups.retried++;
    if (this.isEntering) this.send(null);
    else this.context.runInAsyncScope(() => this.send(null));
  }

  refuse(failure: LookupFailure): void {
    this.end(failure);
  }

  giveUp(): void {
    if (this.lastFailure) this.end(this.lastFailure);
  }

  revive(): void {
    this.tries = this.failures = 0;
    this.isSpent = false;
  }

  interrupt(): void {
    this.exchange?.cancel();
    this.exchange = null;
    this.endSilence();
    if (this.messages === 0) return this.end(this.whyLate());
    this.state = 'between';
    this.parts.queue.suspend(this);
  }

  probeCall(): Call {
    return new Call(absentUser(this.query.by), this.parts, this.owner);
  }

  /** The message that causes it is just handing it in, and the context is its own: neither its waiting nor its call is timed yet. */
  private get isEntering(): boolean {
    return this.leader?.list === null;
  }

  /** The asynchronous context of the message that causes the call. */
  private get context(): AsyncResource {
    if (this.leader) return this.leader;
    for (const follower of this.followers ?? []) return follower;
    return this.parts.outside;
  }

  /** `granted`: a token that it has waited for. */
  private send(granted: Token | null): void {
    const { token: source, transport } = this.parts;
    if (!this.hasBegun) this.each((waiter) => this.timeCall(waiter));
    this.state = 'calling';
    const token = granted ?? source.ready();
    if (!token) return this.waitForToken();
    this.token = token;
    // What checks a mismatch counts on a fresh connection alone, whatever came between.
    const fresh = this.needsFresh || this.isCheckingMismatch;
    this.needsFresh = false;
    this.exchange = transport.send(toRequest(this.query, token.headers), this, fresh);
    if (this.messages === 0) this.limitProbeCall();
    else if (this.exchange.idleMs >= SUSPICIOUS_IDLE_MS) this.watchSilence(token);
  }

  private waitForToken(): void {
    this.parts.token.use((result) => {
      if (this.state !== 'calling' || this.exchange) return;
      if (!(result instanceof LookupFailure)) return this.context.runInAsyncScope(() => this.send(result));
      // The token call has been reported as a failed call already.
      this.remember(result);
      this.failed(result, isFailedCall(result), mayBeGranted(result) || result.code === 'CIAM.TIMEOUT');
    });
  }

  // The transport

  received(result: TransportResult): void {
    if (this.state !== 'calling') return;
    const { queue, redactor, clock } = this.parts;
    const { exchange } = this;
    this.endSilence();
    this.exchange = null;
    // It says nothing about the tenant: the connection was used before, and its end came before any answer.
    if (result === 'stale') return this.callAgain(true);
    const reply = result instanceof LookupFailure ? null : result;
    const outcome = reply ? readUser(reply, redactor, this.query) : (result as LookupFailure);
    const failure = outcome instanceof LookupFailure ? outcome : null;
    const pauseMs = failure && reply && isTransient(failure) ? retryAfterMs(reply.retryAfter, reply.date, clock.date()) : null;
    const failed = failure !== null && pauseMs === null && isFailedCall(failure);
    if (failure) this.remember(failure);
    const isLimited = failure !== null && (pauseMs !== null || isLimit(failure.status));
    const alone = isLimited && this.countRefusal();
    queue.report(this, { failure, failed, paused: pauseMs !== null, alone });
    if (this.isOver) return;
    if (outcome instanceof LookupFailure) this.failedWith(outcome, reply, failed, pauseMs, alone);
    else this.found(outcome, exchange);
  }

  private failedWith(failure: LookupFailure, reply: Reply | null, failed: boolean, pauseMs: number | null, alone: boolean): void {
    if (reply && isRefusal(failure, reply)) this.tokenRefused(failure);
    else if (failure.category === 'untrusted') this.refusedForAll(failure);
    else if (pauseMs !== null) this.pausedBy(failure, pauseMs, alone);
    else this.failed(failure, failed);
  }

  private found(found: Found, exchange: Exchange | null): void {
    const { mismatches, figures } = this.parts;
    if (this.token && this.renewed) this.parts.token.accepted(this.token);
    const { isOther } = found;
    if (isOther) figures.lookups.mismatched++;
    if (this.isCheckingMismatch) mismatches.checked(this.query.by, isOther);
    else if (isOther && mismatches.isToBeChecked(this.query.by)) {
      this.isCheckingMismatch = true;
      exchange?.discard();
      return this.callAgain(true);
    }
    this.end(found);
  }

  /** Another one, and a replay, once; a young token may not be known everywhere yet. */
  private tokenRefused(failure: LookupFailure): void {
    const { token: source, clock, random } = this.parts;
    const { token } = this;
    // Replaced meanwhile for another lookup: that is this one's renewal too, or lookups would go on replacing each other's new tokens.
    if (this.firstRefused && token !== this.firstRefused) this.replaced();
    this.firstRefused ??= token;
    if (token && clock.now() - token.since < YOUNG_TOKEN_MS && !this.hasWaitedForYoung) {
      this.hasWaitedForYoung = true;
      return this.restFor(YOUNG_TOKEN_WAIT_MS * (0.5 + random() / 2));
    }
    if (token && !this.renewed && source.refused(token)) {
      this.replaced();
      return this.callAgain(false);
    }
    if (token) source.rejected(token);
    this.refusedForAll(source.isGranted ? failure.advised('new-token') : failure);
  }

  /** The token of this lookup has been, once; the new one may be too young in its turn. */
  private replaced(): void {
    if (this.renewed) return;
    this.renewed = true;
    this.hasWaitedForYoung = false;
  }

  /** No retry mends it, for this lookup or for any other. */
  private refusedForAll(failure: LookupFailure): void {
    this.parts.queue.refuseAll(failure);
    this.end(failure);
  }

  // Tries

  private remember(failure: LookupFailure): void {
    if (this.failures++ === 0) this.answersBefore = this.parts.queue.answers;
    this.lastFailure = failure;
  }

  private failed(failure: LookupFailure, failedCall: boolean, mayRetry = isTransient(failure)): void {
    const { queue, retries, random } = this.parts;
    if (this.messages === 0 || retries === 0 || !mayRetry) return this.end(failure);
    this.state = 'between';
    // In an outage whoever failed waits for its end, whatever tries are left.
    if (failedCall && queue.isStopped) return queue.suspend(this);
    if (this.tries < retries) return this.restFor(backoffMs(this.tries++, random));
    this.isSpent = true;
    if (!failedCall || !queue.suspectAfter(this, this.answersBefore)) this.end(failure);
  }

  /** Waiting for a pause uses up no try, except for one that is refused while others are answered: it delays only itself. */
  private pausedBy(failure: LookupFailure, pauseMs: number, isAlone: boolean): void {
    const { queue, retries, random } = this.parts;
    this.wasRefused = true;
    const ms = Math.max(pauseMs, backoffMs(this.tries, random));
    if (!isAlone) queue.hold(ms, failure);
    if (this.messages === 0 || retries === 0 || (isAlone && this.tries >= retries)) return this.end(failure);
    this.state = 'between';
    if (!isAlone) return queue.suspend(this);
    this.tries++;
    this.restFor(ms);
  }

  /** Before the queue counts it. True: it was refused before, and hardly anybody else meanwhile. A limiter refuses many among few that it serves, and is a matter of the whole tenant. */
  private countRefusal(): boolean {
    const { queue } = this.parts;
    const served = queue.served - this.servedAtRefusal;
    const others = queue.refusals - this.refusalsAtRefusal;
    const isAlone = this.refusalsAtRefusal > 0 && served >= Math.max(1, SERVED_FOR_EACH_REFUSED * others);
    this.servedAtRefusal = queue.served;
    this.refusalsAtRefusal = queue.refusals + 1;
    return isAlone;
  }

  /** Not an `Alarm`, which would let the process end between two tries; and most calls need none. */
  private setTimer(act: () => void, ms: number): void {
    this.timer = this.parts.clock.setTimeout(act, ms);
  }

  private restFor(ms: number): void {
    const { queue } = this.parts;
    this.state = 'between';
    this.setTimer(() => queue.again(this), ms);
    queue.rest(this);
  }

  private callAgain(fresh: boolean): void {
    this.state = 'between';
    this.needsFresh = fresh;
    this.parts.queue.again(this, true);
  }

  /** No message's deadline ends a call that no message has caused. */
  private limitProbeCall(): void {
    const { timeoutMs } = this.parts;
    this.setTimer(() => {
      const failure = this.whyLate();
      this.reportSilence(failure);
      this.end(failure);
    }, timeoutMs);
  }

  /** Its call was not answered in time. */
  private reportSilence(failure: LookupFailure): void {
    this.parts.queue.report(this, { failure, failed: true, paused: false, alone: false });
  }

  // A silent connection

  private watchSilence(token: Token): void {
    const ms = Math.min(Math.max(this.parts.timeoutMs / 4, SHORTEST_SILENCE_MS), LONGEST_SILENCE_MS);
    this.setTimer(() => this.callBeside(token), ms);
  }

  private callBeside(token: Token): void {
    const { queue, transport } = this.parts;
    if (!queue.beginSecondCall()) return this.watchSilence(token);
    this.attempts++;
    const second = new SecondCall((result) => {
      queue.endSecondCall();
      this.second = null;
      // It says nothing, and the next one may find the tenant.
      if (result instanceof LookupFailure || result === 'stale') return this.silenceFailed(token);
      this.exchange?.cancel();
      this.exchange = second.exchange;
      transport.closeSilent(SUSPICIOUS_IDLE_MS);
      this.received(result);
    });
    this.second = second;
    second.exchange = transport.send(toRequest(this.query, token.headers), second, true);
  }

  private silenceFailed(token: Token): void {
    if (this.tries >= this.parts.retries) return;
    this.tries++;
    this.watchSilence(token);
  }

  private endSilence(): void {
    if (this.timer) this.parts.clock.clearTimeout(this.timer);
    this.timer = null;
    if (!this.second) return;
    this.second.exchange?.cancel();
    this.second = null;
    this.parts.queue.endSecondCall();
  }

  // The end

  /** Gives back what it holds before its messages go on, so that the next call is on its way by then. */
  private end(result: Result): void {
    if (this.isOver) return;
    const { owner, parts: { queue } } = this;
    this.stop();
    if (this.leader) this.endTime(this.leader);
    const isWaitedFor = queue.leave(this);
    if (this.messages > 0) owner.ended(this, result);
    if (isWaitedFor) queue.pump();
    const { leader } = this; // unless it was dropped meanwhile
    // A copy even for the first one: the others copy what came, not what a flow has made of it.
    if (leader) owner.settle(leader, this.followers ? ownOf(result) : result, true, this.attempts);
    if (this.followers) this.settleFollowers(result);
  }

  /** Each with a copy of its own; large ones a few at a time, so that the event loop is not held. */
  private settleFollowers(result: Result): void {
    const size = result instanceof LookupFailure ? 0 : result.size;
    let copied = 0;
    for (const waiter of this.followers ?? []) {
      if (copied > COPIED_AT_ONCE) return void setImmediate(() => this.settleFollowers(result));
      this.settle(waiter, ownOf(result));
      copied += size;
    }
  }

  private stop(): void {
    this.state = 'over';
    this.exchange?.cancel();
    this.endSilence();
  }

  /** Visits everybody who waits; the visitor may remove whom it visits. */
  private each(visit: (waiter: Waiter) => void): void {
    if (this.leader) visit(this.leader);
    this.followers?.forEach(visit);
  }

  /** True: it was the one that caused the call. */
  private remove(waiter: Waiter): boolean {
    this.endTime(waiter);
    if (this.leader !== waiter) {
      this.followers?.delete(waiter);
      return false;
    }
    this.leader = null;
    return true;
  }
}

/** A second call for the same answer, beside one that is silent. */
class SecondCall implements Receiver {
  exchange: Exchange | null = null;
  constructor(readonly received: (result: TransportResult) => void) {}
}
