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
/** A rate that is refused again so soon was not what the limiter allows. */
const SOON_MS = 1000;
/** 503 may be the answer to one broken record, or of one broken backend: it is a limiter's if so many of the recent calls met it. */
const LIMITER_SHARE = 0.15;
/** Fewer are enough while a limiter is known. */
const KNOWN_LIMITER_SHARE = 0.05;
/** Slowed calls are judged in batches of so many. */
const BATCH = 12;
/** … or as many as there are in that time, from so many on. */
const BATCH_MS = 3000;
const SMALLEST_BATCH = 4;
/** A limiter takes all but so many of a batch … */
const TAKEN_ALL_BUT = 1;
/** … or at least refuses fewer than of the batch before. */
const LOWERED = 0.7;
/** It was a limiter after all, if so many more of the calls that are not slowed any more meet 503. */
const RISEN_BY = 0.2;
const RECENT_CALLS = 50;
const FEWEST_CALLS = 20;
const IGNORE_MS = 60_000;

/** Answers a second, lately. */
class AnsweredRate {
  private readonly counts = new Array<number>(STEPS).fill(0);
  private step = 0;
  private since: number | null = null;
  private isAfresh = false;
  /** Answers that `at` has found. */
  known = 0;

  count(startedAt: number, now: number): void {
    this.since ??= now;
    if (startedAt < this.since && this.isAfresh) return;
    this.moveTo(now);
    const place = this.step % STEPS;
    this.counts[place] = (this.counts[place] ?? 0) + 1;
  }

  /** What began before does not count. */
  beginAfresh(now: number): void {
    this.counts.fill(0);
    this.since = now;
    this.isAfresh = true;
  }

  /** Over the shortest recent time that has enough answers in it. */
  at(now: number): number {
    this.moveTo(now);
    const elapsed = Math.max(1, now - (this.since ?? now));
    let sum = 0;
    let steps = 0;
    while (steps < STEPS && steps * STEP_MS < elapsed + STEP_MS && (sum < ENOUGH || steps < SHORTEST_STEPS)) sum += this.counts[(this.step - steps++ + STEPS) % STEPS] ?? 0;
    this.known = sum;
    return (sum * 1000) / Math.min(Math.max(steps, SHORTEST_STEPS) * STEP_MS, elapsed);
  }

  private moveTo(now: number): void {
    const step = Math.floor(now / STEP_MS);
    const passed = Math.min(step - this.step, STEPS);
    for (let back = 0; back < passed; back++) this.counts[(step - back + STEPS) % STEPS] = 0;
    this.step = Math.max(this.step, step);
  }
}

interface Calls { all: number; refused: number }

/**
 * Whether slowing down helps. Calls that begin more slowly than the tenant answered when it refused are taken by a limiter,
 * but a broken backend, or broken records, refuse as many of them as before.
 */
class SlowedCalls {
  private batch: Calls = { all: 0, refused: 0 };
  private begunAt = 0;
  private before: Calls | null = null;
  /** The share that is refused whatever the rate, once that is known. */
  uselessAt: number | null = null;
  /** A limiter took the last two batches. */
  areTaken = false;

  count(refused: 0 | 1, now: number): void {
    const { batch, before } = this;
    if (batch.all++ === 0) this.begunAt = now;
    batch.refused += refused;
    if (batch.all < (now - this.begunAt < BATCH_MS ? BATCH : SMALLEST_BATCH)) return;
    if (before) {
      const refusedOfBoth = batch.refused + before.refused;
      this.areTaken = refusedOfBoth <= TAKEN_ALL_BUT;
      if (batch.refused > TAKEN_ALL_BUT && batch.refused * before.all >= LOWERED * before.refused * batch.all) this.uselessAt = refusedOfBoth / (batch.all + before.all);
    }
    this.before = batch;
    this.batch = { all: 0, refused: 0 };
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
  // Whether 503 is a limiter's
  private recent: Calls = { all: 0, refused: 0 };
  private counted = new WeakSet();
  private slowed = new SlowedCalls();
  /** 503 is no limiter's, as long as no more than that share of the calls meet it. */
  private ignored: { until: number; share: number } | null = null;

  /** Calls a second that are allowed just now; `null` while that delays nobody. */
  limit(now: number): number | null {
    return this.cut && now - this.usedAt < 2000 ? this.rate(this.cut, now) : null;
  }

  /** Milliseconds until the next call may start. */
  waitMs(now: number): number {
    if (!this.cut) return 0;
    if (now - this.usedAt > UNUSED_MS) {
      this.forget();
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

  /** The tenant answered a call that had begun at `startedAt`, and did not refuse it. */
  answered(startedAt: number, now: number): void {
    this.called(startedAt, 0, now);
    this.answers.count(startedAt, now);
  }

  /** A limiter refused a call (429 or 503) that had begun at `startedAt`. One cut for all calls that had begun before it. */
  refused(lookup: object, startedAt: number, status: number, now: number): void {
    // One broken record is tried again and again: each lookup counts once.
    if (status === 503 && !this.counted.has(lookup)) this.called(startedAt, 1, now);
    this.counted.add(lookup);
    if (this.cut && startedAt <= this.cut.at) return;
    if (status === 503 && !this.isLimiter(now)) return;
    const peak = this.peakAt(now);
    // It may have been a burst that the limiter let through, or its end.
    if (!this.cut || now - this.cut.at < SOON_MS) this.answers.beginAfresh(now);
    const from = Math.max(LOWEST_RATE, peak * DECREASE);
    const steep = Math.cbrt((Math.max(peak, from) - from) / GROWTH);
    this.cut = { at: now, peak: Math.max(peak, from), from, toPeak: this.answers.known >= KNOWN_BY ? Math.max(steep, CALLS_TO_PEAK / peak) : steep };
    this.recent = { all: 0, refused: 0 };
    this.counted = new WeakSet();
    this.usedAt = now;
    this.credit = { calls: 0, at: now };
  }

  /** What was answered lately; after a cut at least one call, and not more than the rate of now. */
  private peakAt(now: number): number {
    const answered = this.answers.at(now);
    return this.cut ? Math.min(Math.max(answered, 1000 / Math.max(1, now - this.cut.at)), this.rate(this.cut, now)) : answered;
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

  private called(startedAt: number, refused: 0 | 1, now: number): void {
    const { cut, recent } = this;
    if (cut && startedAt > cut.at && startedAt < cut.at + cut.toPeak * 1000) this.slowed.count(refused, now);
    recent.all++;
    recent.refused += refused;
    if (recent.all <= RECENT_CALLS) return;
    // What was long ago fades.
    recent.refused *= RECENT_CALLS / recent.all;
    recent.all = RECENT_CALLS;
  }

  /** Whether many calls meet 503, and fewer when they are slower. */
  private isLimiter(now: number): boolean {
    const { recent, slowed } = this;
    const calls = Math.max(recent.all, FEWEST_CALLS);
    if (this.ignored && now < this.ignored.until && recent.refused < (this.ignored.share + RISEN_BY) * calls) return false;
    this.ignored = null;
    if (slowed.uselessAt !== null) {
      this.ignored = { until: now + IGNORE_MS, share: slowed.uselessAt };
      this.forget();
      return false;
    }
    return recent.refused >= (slowed.areTaken ? KNOWN_LIMITER_SHARE : LIMITER_SHARE) * calls;
  }

  private forget(): void {
    this.cut = null;
    this.slowed = new SlowedCalls();
  }
}
