/** Whose turn it is: how many in flight, how many waiting, how many a second, and not while the tenant asked for peace. */
import type { Circuit } from './circuit';
import type { Clock, Timer } from '../clock';
import { circuitFailure, closedFailure, type LookupFailure, queueFullFailure } from '../failures/failure';
import type { Settings } from '../settings/settings';

/** What waits for its turn; the links are the queue's own. */
export interface Turn {
  ahead: Turn | null;
  behind: Turn | null;
  queued: boolean;
  /** Messages that wait for this turn: more than one when they share a call. */
  messages: number;
  /** The turn has come; `leave` gives it back. `probe`: it finds out whether the tenant is alive again. */
  begin(probe: boolean): void;
  /** It will not come. */
  refuse(failure: LookupFailure): void;
}

type Limits = Pick<Settings, 'concurrency' | 'queueLimit' | 'rateLimit'>;

/** Timers are coarse: a start that is late by less than this does not push the following ones back. */
const RATE_SLACK_MS = 20;
/** What a timer can take; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Refusals in a row before the event loop gets a breath. */
const REFUSALS_AT_ONCE = 200;

export class Pacing {
  inFlight = 0;
  /** Messages waiting for their turn. */
  waiting = 0;
  private first: Turn | null = null;
  private last: Turn | null = null;
  private heldUntil = 0;
  heldBy: LookupFailure | null = null;
  private nextStart = 0;
  private readonly startEveryMs: number;
  private alarm: { at: number; timer: Timer } | null = null;
  private pumping = false;
  private closed = false;
  private forRoom: (() => void)[] = [];

  constructor(private readonly limits: Limits, private readonly clock: Clock, private readonly circuit: Circuit) {
    this.startEveryMs = limits.rateLimit > 0 ? 1000 / limits.rateLimit : 0;
  }

  /** Begins the turn at once, puts it in the queue, or says why it can do neither. */
  enter(turn: Turn): LookupFailure | null {
    if (this.closed) return closedFailure();
    if (this.circuit.refuses) return circuitFailure();
    if (this.mayStart) {
      this.start(turn);
      return null;
    }
    if (this.isFull) return queueFullFailure(this.limits.queueLimit);
    this.waiting += turn.messages;
    this.append(turn);
    this.pump();
    return null;
  }

  get isFull(): boolean {
    return this.waiting >= this.limits.queueLimit;
  }

  /** One more, or one less, message waits for a queued turn. */
  share(turn: Turn, change: 1 | -1): void {
    turn.messages += change;
    if (turn.queued) this.waiting += change;
  }

  /** Out of the queue: nobody waits for this turn any more. */
  withdraw(turn: Turn): void {
    if (!turn.queued) return;
    this.unlink(turn);
    this.waiting -= turn.messages;
    this.tellRoom();
  }

  /** A turn has ended. */
  leave(): void {
    this.inFlight--;
    this.pump();
  }

  /** `Retry-After`: no lookup of this tenant starts before. `by` is the answer that asked for it. */
  hold(ms: number, by: LookupFailure): void {
    this.heldUntil = Math.max(this.heldUntil, this.clock.now() + ms);
    this.heldBy = by;
  }

  /** Milliseconds until the tenant may be called again. */
  get holdMs(): number {
    return Math.max(0, this.heldUntil - this.clock.now());
  }

  /** Calls back, once, as soon as one more may enter without overflowing the queue: whoever is called enters at once, or not at all. */
  whenRoom(enter: () => void): void {
    this.forRoom.push(enter);
    this.tellRoom();
  }

  /** Everybody who waits is refused. */
  close(): void {
    this.closed = true;
    if (this.alarm) this.clock.clearTimeout(this.alarm.timer);
    while (this.first) this.dismiss(this.first, closedFailure());
    this.tellRoom();
  }

  /** Whoever comes now need not wait. */
  private get mayStart(): boolean {
    return this.first === null && this.inFlight < this.limits.concurrency && this.waitMs() === 0;
  }

  private get hasRoom(): boolean {
    return this.closed || !this.isFull || this.mayStart || this.circuit.refuses;
  }

  private tellRoom(): void {
    while (this.forRoom.length > 0 && this.hasRoom) this.forRoom.shift()?.();
    // With an empty queue nobody else's turn would wake them.
    if (this.forRoom.length > 0 && this.first === null && this.inFlight < this.limits.concurrency) this.later(this.waitMs());
  }

  private waitMs(): number {
    return Math.max(0, Math.max(this.heldUntil, this.nextStart) - this.clock.now());
  }

  private start(turn: Turn): void {
    this.nextStart = Math.max(this.nextStart, this.clock.now() - RATE_SLACK_MS) + this.startEveryMs;
    this.inFlight++;
    turn.begin(this.circuit.enter());
  }

  /** Starts, or refuses, whoever is first, as long as something can be done. Not reentrant: a turn may end inside `begin`. */
  pump(): void {
    if (this.pumping || this.closed) return;
    this.pumping = true;
    let refusals = 0;
    while (this.first) {
      if (this.circuit.refuses) {
        if (++refusals > REFUSALS_AT_ONCE) {
          this.later(0);
          break;
        }
        this.dismiss(this.first, circuitFailure());
        continue;
      }
      if (this.inFlight >= this.limits.concurrency) break;
      const wait = this.waitMs();
      if (wait > 0) {
        this.later(wait);
        break;
      }
      const turn = this.first;
      this.unlink(turn);
      this.waiting -= turn.messages;
      this.start(turn);
    }
    this.pumping = false;
    this.tellRoom();
  }

  private later(wait: number): void {
    const ms = Math.min(wait, LONGEST_TIMER_MS);
    const at = this.clock.now() + ms;
    if (this.alarm) {
      if (this.alarm.at <= at) return;
      this.clock.clearTimeout(this.alarm.timer);
    }
    const timer = this.clock.setTimeout(() => {
      this.alarm = null;
      this.pump();
    }, ms);
    this.alarm = { at, timer };
  }

  private dismiss(turn: Turn, failure: LookupFailure): void {
    this.unlink(turn);
    this.waiting -= turn.messages;
    turn.refuse(failure);
  }

  private append(turn: Turn): void {
    turn.queued = true;
    turn.ahead = this.last;
    if (this.last) this.last.behind = turn;
    else this.first = turn;
    this.last = turn;
  }

  private unlink(turn: Turn): void {
    if (turn.ahead) turn.ahead.behind = turn.behind;
    else this.first = turn.behind;
    if (turn.behind) turn.behind.ahead = turn.ahead;
    else this.last = turn.ahead;
    turn.ahead = turn.behind = null;
    turn.queued = false;
  }
}
