/**
 * Finds the rate that a limiter in front of the tenant allows: less after each refusal, and more again without one.
 * The shape is that of the adaptive retry mode of the AWS SDKs: multiplicative decrease, then a cubic that is flat
 * near the rate at which the tenant refused. Rates are calls a second, times milliseconds.
 */

const DECREASE = 0.7;
const LOWEST_RATE = 0.5;
/** Steepness of the cubic, as AWS has it: calls/s per s³. */
const GROWTH = 0.4;
/** Not needed any more when it has delayed no call for so long. */
const UNUSED_MS = 10_000;
/** Answers are counted in steps of so many milliseconds, so many of them. */
const STEP_MS = 100;
const STEPS = 50;
/** So many answers say what the rate is. */
const ENOUGH = 10;
const SHORTEST_STEPS = 5;
const CUTS_TO_JUDGE = 3;
const IGNORE_MS = 60_000;

/** Answers a second, lately. */
class AnsweredRate {
  private readonly counts = new Array<number>(STEPS).fill(0);
  private step = 0;
  private first = -1;

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

export class AdaptiveRate {
  private readonly answers = new AnsweredRate();
  /** The rate at which the tenant refused last, and when that was; `null` while nothing is limited. */
  private cut: { at: number; peak: number; from: number } | null = null;
  private nextStart = 0;
  private usedAt = 0;
  // Whether cutting helps against 503: shares of 503 among the calls between cuts.
  private calls = 0;
  private refusals = 0;
  private shares: number[] = [];
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
    const wait = Math.max(0, this.nextStart - now);
    if (wait > 0) this.usedAt = now;
    return wait;
  }

  started(now: number): void {
    if (this.cut) this.nextStart = Math.max(this.nextStart, now) + 1000 / this.rate(this.cut, now);
  }

  /** The tenant answered a call, and did not refuse it. */
  answered(now: number): void {
    this.calls++;
    this.answers.count(now);
  }

  /** A limiter refused a call (429 or 503) that had begun at `startedAt`. One cut for all calls that had begun before it. */
  refused(startedAt: number, status: number, now: number): void {
    this.calls++;
    if (status === 503) this.refusals++;
    if (this.cut && startedAt <= this.cut.at) return;
    if (status === 503 && !this.helps(now)) return;
    const peak = this.answers.at(now);
    const from = Math.max(LOWEST_RATE, peak * DECREASE);
    this.cut = { at: now, peak: Math.max(peak, from), from };
    this.usedAt = now;
    this.nextStart = now + 1000 / from;
  }

  private rate({ at, peak, from }: { at: number; peak: number; from: number }, now: number): number {
    const plateauAfter = Math.cbrt((peak - from) / GROWTH);
    return Math.max(LOWEST_RATE, GROWTH * ((now - at) / 1000 - plateauAfter) ** 3 + peak);
  }

  /** Three cuts that did not lower the share of 503: they are not a limiter's, and slowing down helps nobody. */
  private helps(now: number): boolean {
    if (now < this.ignoredUntil) return false;
    this.shares.push(this.refusals / this.calls);
    this.calls = this.refusals = 0;
    if (this.shares.length <= CUTS_TO_JUDGE) return true;
    const [first = 1, ...later] = this.shares;
    this.shares = [];
    if (later.some((share) => share < first)) return true;
    this.ignoredUntil = now + IGNORE_MS;
    this.cut = null;
    return false;
  }
}
