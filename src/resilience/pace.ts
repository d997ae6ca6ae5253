/** One rate for several processes: places for calls, reserved ahead with the `pace` hook, and a rate of this process while the hook does not answer. */
import type { Clock, Timer } from '../clock';
import type { PaceHook } from '../settings/settings';

export type { PaceHook };

/** A hook that takes longer is taken for broken; and so long until it is asked again. */
const PATIENCE_MS = 1000;
/** Places are given at most so far ahead; so long after its time a place lapses. */
const AHEAD_MS = 1000;
/** As many as a process can want between two answers of a busy hook. */
const MOST_AT_ONCE = 128;
/** Where the way to the hook takes longer than the places it gives, batches double; where places last longer than this, they halve. */
const SHORT_MS = 5;

/** Without the hook: from a quarter of the rate to the whole of it, twice as much every second. */
const FIRST_PART = 1 / 4;
const STEP_MS = 1000;
/** Calls a second when the hook has given nothing in the last minute and no rate is set. */
const LEAST_RATE = 1;
const REMEMBERED_SECONDS = 60;
/** A call that is late by less than this does not push the following ones back. */
const SLACK_MS = 5;

/** The rate of the last minute: places given a second, in the seconds in which there were any. */
class GivenRate {
  private readonly bySecond = new Map<number, number>();

  add(at: number, places: number): void {
    const second = Math.floor(at / 1000);
    this.bySecond.set(second, (this.bySecond.get(second) ?? 0) + places);
    this.forget(second - 2 * REMEMBERED_SECONDS);
  }

  perSecond(now: number): number {
    this.forget(Math.floor(now / 1000) - REMEMBERED_SECONDS);
    let places = 0;
    for (const each of this.bySecond.values()) places += each;
    return this.bySecond.size > 0 ? places / this.bySecond.size : 0;
  }

  private forget(before: number): void {
    for (const second of this.bySecond.keys()) if (second < before) this.bySecond.delete(second);
  }
}

export class Pace {
  /** Reserved places that were not used yet; `at`: when the first of them may be. */
  private places: { at: number; count: number }[] = [];
  /** Calls that began without a place: they are taken off the next ones. */
  private owed = 0;
  private batch = 1;
  /** The last places came at once (the fleet has some to spare), and when. */
  private spare: { since: number } | null = null;
  /** The question to the hook that is not answered yet. */
  private pending: { until: number; timer: Timer } | null = null;
  /** No question to the hook before. */
  private askAgainAt = 0;
  /** The rate of this process, since the hook does not answer. */
  private own: { everyMs: number; since: number; nextStart: number } | null = null;
  private readonly given = new GivenRate();
  private closed = false;

  /** `ownRate`: calls a second of this process while the hook does not answer; 0: half of what it gave. `onPlaces`: `waitMs` is worth another look. */
  constructor(
    private readonly hook: PaceHook, private readonly tenant: string, private readonly ownRate: number,
    private readonly clock: Clock, private readonly onPlaces: () => void,
  ) {}

  /** Milliseconds until the next call may start, as far as it is known. Whoever asks wants to make a call: a place is reserved if there is none. */
  waitMs(now: number): number {
    this.lapse(now);
    const [first] = this.places;
    if (first) return Math.max(0, first.at - now);
    this.ask(now);
    if (this.own) return Math.max(0, this.own.nextStart - now);
    return Math.max(1, this.pending ? this.pending.until - now : this.askAgainAt - now);
  }

  /** A call starts, with a place or, if it must not wait, without one. */
  started(now: number): void {
    const { own, places: [first] } = this;
    if (first && first.at <= now) {
      if (--first.count === 0) this.places.shift();
    } else if (own) {
      // Slow at first: the other processes have lost the hook in the same moment.
      const part = FIRST_PART * 2 ** Math.floor((now - own.since) / STEP_MS);
      own.nextStart = Math.max(own.nextStart, now - SLACK_MS) + own.everyMs / Math.min(1, part);
    } else {
      this.owed++;
    }
  }

  close(): void {
    this.closed = true;
    if (this.pending) this.clock.clearTimeout(this.pending.timer);
    this.pending = null;
  }

  private lapse(now: number): void {
    while (this.places[0] && this.places[0].at + AHEAD_MS < now) {
      this.places.shift();
      this.batch = 1;
    }
  }

  /** One question at a time: what comes back says how far ahead the next one is. */
  private ask(now: number): void {
    if (this.pending || this.closed || now < this.askAgainAt) return;
    const isFast = this.spare !== null && now - this.spare.since < SHORT_MS;
    this.batch = isFast ? Math.min(this.batch * 2, MOST_AT_ONCE) : Math.max(1, Math.floor(this.batch / 2));
    const calls = Math.min(this.batch + this.owed, MOST_AT_ONCE);
    const timer = this.clock.setTimeout(() => this.failed(question), PATIENCE_MS);
    const question = { until: now + PATIENCE_MS, timer };
    this.pending = question;
    // The hook is somebody else's program: it may throw as well as reject.
    new Promise<number>((resolve) => resolve(this.hook(this.tenant, calls))).then(
      (ms) => (Number.isFinite(ms) ? this.answered(question, Math.max(0, ms), calls) : this.failed(question)),
      () => this.failed(question),
    );
  }

  private answered(question: object, wait: number, calls: number): void {
    if (!this.end(question)) return;
    const now = this.clock.now();
    this.own = null;
    if (wait > AHEAD_MS) {
      this.askAgainAt = now + wait - AHEAD_MS;
    } else {
      this.given.add(now + wait, calls);
      const paid = Math.min(this.owed, calls - 1);
      this.owed -= paid;
      this.places.push({ at: now + wait, count: calls - paid });
      this.spare = wait < SHORT_MS ? { since: now } : null;
    }
    this.onPlaces();
  }

  private failed(question: object): void {
    if (!this.end(question)) return;
    const now = this.clock.now();
    this.askAgainAt = now + PATIENCE_MS;
    this.batch = 1;
    this.own ??= { everyMs: 1000 / (this.ownRate || Math.max(LEAST_RATE, this.given.perSecond(now) / 2)), since: now, nextStart: now };
    this.onPlaces();
  }

  /** False: it was given up before. */
  private end(question: object): boolean {
    if (this.pending !== question) return false;
    this.clock.clearTimeout(this.pending.timer);
    this.pending = null;
    return true;
  }
}
