/** Time, handed in so that tests need not wait. All times in milliseconds. */
export interface Clock {
  /** Monotonic; for everything that is measured or scheduled. */
  now(): number;
  /** Since the epoch; for dates that the tenant sends. */
  date(): number;
  setTimeout(callback: () => void, ms: number): Timer;
  clearTimeout(timer: Timer): void;
}

/** What `setTimeout` of the clock gives back. `unref`: the process may end before it fires. */
export interface Timer {
  unref?(): unknown;
}

/** Messages or items handled in one go before yielding to the event loop, so that timers and sockets wait for milliseconds only. */
export const AT_ONCE = 200;
/** … and for so long at most: some are large. */
const AT_ONCE_MS = 8;

/** Whether so many in one go, since then, are enough. */
export const isEnoughAtOnce = (count: number, since: number, now: number): boolean => count >= AT_ONCE || now - since > AT_ONCE_MS;

/** What a timer can take; a longer one would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One timer that is set again and again, each time in place of the one before. It keeps no process alive. */
export class Alarm {
  private timer: Timer | null = null;

  constructor(private readonly clock: Clock) {}

  set(ring: () => void, ms: number): void {
    this.stop();
    this.timer = this.clock.setTimeout(() => {
      this.timer = null;
      ring();
    }, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
    this.timer.unref?.();
  }

  stop(): void {
    if (this.timer) this.clock.clearTimeout(this.timer);
    this.timer = null;
  }

  get isSet(): boolean {
    return this.timer !== null;
  }
}

/** Milliseconds since then, to a hundredth. */
export const elapsedMs = (clock: Clock, since: number): number => Math.round((clock.now() - since) * 100) / 100;

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** A difference as small as this is the clock being set, not a suspend. */
const SLEPT_MS = 5000;

/** Notices that this machine was suspended: the wall clock went on, the monotonic one did not. */
export class SleepWatch {
  /** By how much the wall clock is ahead of the monotonic one. */
  private aheadMs: number;

  constructor(private readonly clock: Clock) {
    this.aheadMs = clock.date() - clock.now();
  }

  /** Milliseconds slept since it was asked last; 0 when it did not. `now`: of the monotonic clock. */
  sleptMs(now: number): number {
    const before = this.aheadMs;
    this.aheadMs = this.clock.date() - now;
    const slept = this.aheadMs - before;
    return slept > SLEPT_MS ? slept : 0;
  }
}
