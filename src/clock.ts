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

/** Milliseconds since then, to a hundredth. */
export const elapsedMs = (clock: Clock, since: number): number => Math.round((clock.now() - since) * 100) / 100;

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
