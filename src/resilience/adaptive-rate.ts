/**
 * Finds the rate that a limiter in front of the tenant allows: less after each refusal, and more again without one.
 * The shape is that of the adaptive retry mode of the AWS SDKs: multiplicative decrease, then a cubic that is flat
 * near the rate at which the tenant refused. Rates are calls a second, times milliseconds.
 */

const DECREASE = 0.7;
const LOWEST_RATE = 0.5;
/** Steepness of the cubic, as AWS has it: calls/s per s³ … */
const GROWTH = 0.4;
/** … and flatter below a low rate that is well known: so many calls at least until it is back there. */
const CALLS_TO_PEAK = 10;
const KNOWN_BY = 5;
/** A low rate may grow while a call waits for it. */
const LOOK_AGAIN_MS = 100;
/** Not needed any more when it has delayed no call for so long. */
const UNUSED_MS = 10_000;
/** Answers are counted in steps of so many milliseconds, so many of them. */
const STEP_MS = 100;
const STEPS = 50;
/** So many answers say what the rate is. */
const ENOUGH = 10;
const SHORTEST_STEPS = 5;
const CUTS_TO_JUDGE = 3;
/** 503 may be the answer to one broken record, or of one broken backend: it is a limiter's if so many of the recent calls met it. */
const LIMITER_SHARE = 0.15;
/** Cuts have not helped if so many of the calls between the last ones met it all the same; the first ones are not judged. */
const USELESS_SHARE = 0.25;
const CALLS_TO_JUDGE = 25;
const CUTS_TO_SETTLE = 6;
const RECENT_CALLS = 50;
const FEWEST_CALLS = 20;
const IGNORE_MS = 60_000;

/** Answers a second, lately. */
class AnsweredRate {
  private readonly counts = new Array<number>(STEPS).fill(0);
  private step = 0;
  private first = -1;
  /** Answers that `at` has found. */
  known = 0;

  count(now: number): void {
    this.moveTo(now);
    const place = this.step % STEPS;
    this.counts[place] = (this.counts[place] ?? 0) + 1;
  }

  /** Over the shortest recent time that has enough answers in it. */
  at(now: number): number {
    this.moveTo(now);
    const known = Math.min(STEPS, this.step - this.first + 1);
    let sum = 0;
    let steps = 0;
    while (steps < known && (sum < ENOUGH || steps < SHORTEST_STEPS)) sum += this.counts[(this.step - steps++) % STEPS] ?? 0;
    this.known = sum;
    return (sum * 1000) / (Math.max(steps, SHORTEST_STEPS) * STEP_MS);
  }

  private moveTo(now: number): void {
    const step = Math.floor(now / STEP_MS);
    if (this.first < 0) this.first = step;
    const steps = Math.min(step - Math.max(this.step, this.first - 1), STEPS);
    for (let passed = 0; passed < steps; passed++) this.counts[(step - passed) % STEPS] = 0;
    this.step = Math.max(this.step, step);
  }
}

/** How a limiter refuses. */
export const isLimit = (status: number | null): boolean => status === 429 || status === 503;

/** From `from`, at the time `at`, the rate is back within `toPeak` seconds at what was answered when the tenant refused. */
interface Cut { at: number; peak: number; from: number; toPeak: number }

export class AdaptiveRate {
  private readonly answers = new AnsweredRate();
  /** `null`: no limiter is known. */
  cut: Cut | null = null;
  /** What of a call has been saved up since the last one began, at the time `at`. */
  private credit = { calls: 0, at: 0 };
  private usedAt = 0;
  // Whether 503 is a limiter's: the calls since the last cut, and of the last cuts
  private calls = 0;
  private refusals = 0;
  private recent: { calls: number; refusals: number }[] = [];
  private counted = new WeakSet();
  private ignoredUntil = 0;

  /** Calls a second that are allowed just now; `null` while that delays nobody. */
  limit(now: number): number | null {
    return this.cut && now - this.usedAt < 2000 ? this.rate(this.cut, now) : null;
  }

  /** Milliseconds until the next call may start. */
  waitMs(now: number): number {
    if (!this.cut) return 0;
    if (now - this.usedAt > UNUSED_MS) {
      this.cut = null;
      return 0;
    }
    this.save(this.cut, now);
    const missing = 1 - this.credit.calls;
    if (missing <= 1e-6) return 0;
    this.usedAt = now;
    return Math.min((missing * 1000) / this.rate(this.cut, now), LOOK_AGAIN_MS);
  }

  started(now: number): void {
    if (!this.cut) return;
    this.save(this.cut, now);
    this.credit.calls--;
  }

  /** The tenant answered a call, and did not refuse it. */
  answered(now: number): void {
    this.called(0);
    this.answers.count(now);
  }

  /** A limiter refused a call (429 or 503) that had begun at `startedAt`. One cut for all calls that had begun before it. */
  refused(lookup: object, startedAt: number, status: number, now: number): void {
    // One broken record is tried again and again: each lookup counts once.
    this.called(status === 503 && !this.counted.has(lookup) ? 1 : 0);
    this.counted.add(lookup);
    if (this.cut && startedAt <= this.cut.at) return;
    if (status === 503 && !this.helps(now)) return;
    const peak = this.answers.at(now);
    const from = Math.max(LOWEST_RATE, peak * DECREASE);
    const steep = Math.cbrt((Math.max(peak, from) - from) / GROWTH);
    this.cut = { at: now, peak: Math.max(peak, from), from, toPeak: this.answers.known >= KNOWN_BY ? Math.max(steep, CALLS_TO_PEAK / peak) : steep };
    this.counted = new WeakSet();
    this.usedAt = now;
    this.credit = { calls: 0, at: now };
  }

  /** The rate grows meanwhile, so what it allows adds up. Never more than one call: a limiter may take no two at once. */
  private save(cut: Cut, now: number): void {
    const { credit } = this;
    const rate = (this.rate(cut, credit.at) + this.rate(cut, now)) / 2;
    credit.calls = Math.min(1, credit.calls + (rate * (now - credit.at)) / 1000);
    credit.at = now;
  }

  private rate({ at, peak, from, toPeak }: Cut, now: number): number {
    const past = (now - at) / 1000 - toPeak;
    return Math.max(LOWEST_RATE, peak + (past >= 0 ? GROWTH * past ** 3 : (peak - from) * (past / toPeak) ** 3));
  }

  /** Of the recent calls only: what was long ago fades. */
  private called(refused: 0 | 1): void {
    this.calls++;
    this.refusals += refused;
    if (this.calls <= RECENT_CALLS) return;
    this.refusals *= RECENT_CALLS / this.calls;
    this.calls = RECENT_CALLS;
  }

  /** After several cuts many calls meet 503 all the same: slowing down helps nobody. */
  private helps(now: number): boolean {
    if (now < this.ignoredUntil || this.refusals < LIMITER_SHARE * Math.max(this.calls, FEWEST_CALLS)) return false;
    this.recent.push({ calls: this.calls, refusals: this.refusals });
    this.calls = this.refusals = 0;
    if (this.recent.length < CUTS_TO_SETTLE) return true;
    const last = this.recent.slice(-CUTS_TO_JUDGE);
    const sum = (name: 'calls' | 'refusals'): number => last.reduce((all, one) => all + one[name], 0);
    if (this.recent.length > CUTS_TO_SETTLE) this.recent.shift();
    if (sum('calls') < CALLS_TO_JUDGE || sum('refusals') < USELESS_SHARE * sum('calls')) return true;
    this.recent = [];
    this.ignoredUntil = now + IGNORE_MS;
    this.cut = null;
    return false;
  }
}
