/** A clock that stands still until the test moves it. Sockets stay real. */
import type { Clock, Timer } from '../../src/clock';

interface FakeTimer extends Timer {
  at: number;
  ms: number;
  callback: () => void;
}

const MOST_FIRED = 1_000_000;

export class FakeClock implements Clock {
  /** Some time after its zero, as every real clock. */
  private time = 1_000_000;
  private readonly timers = new Set<FakeTimer>();
  private readonly watchers = new Set<() => void>();
  /** Timers that were ever set. */
  timersSet = 0;

  /** `grain`: timers fire at multiples of so many milliseconds only, late rather than early. */
  constructor(private readonly grain = 0) {}

  now = (): number => this.time;
  date = (): number => Date.UTC(2026, 0, 1) + this.time;

  setTimeout(callback: () => void, ms: number): FakeTimer {
    const at = this.time + ms;
    const timer = { at: this.grain > 0 ? Math.ceil(at / this.grain) * this.grain : at, ms, callback };
    this.timers.add(timer);
    this.timersSet++;
    for (const look of [...this.watchers]) look();
    return timer;
  }

  clearTimeout(timer: Timer): void {
    this.timers.delete(timer as FakeTimer);
  }

  /** How long each timer that is set still has to run. */
  get pending(): number[] {
    return [...this.timers].map(({ at }) => at - this.time).sort((a, b) => a - b);
  }

  /** Moves on; what is due on the way fires in its order and at its time. */
  advance(ms: number): void {
    const end = this.time + ms;
    let fired = 0;
    for (let due = this.next(end); due; due = this.next(end)) {
      if (++fired > MOST_FIRED) throw new Error(`More than ${MOST_FIRED} timers within ${ms} ms: they set each other without end.`);
      this.timers.delete(due);
      this.time = Math.max(this.time, due.at);
      due.callback();
    }
    this.time = end;
  }

  /** When the next timer is due, `null` without one. */
  get nextAt(): number | null {
    return this.next(Infinity)?.at ?? null;
  }

  /** Resolves once a timer is set that runs for at least `from` and less than `to` milliseconds; gives the time it has left. */
  async timer(from: number, to: number): Promise<number> {
    return await new Promise((resolve) => {
      const look = (): void => {
        const timer = [...this.timers].find(({ ms }) => ms >= from && ms < to);
        if (!timer) return;
        this.watchers.delete(look);
        resolve(timer.at - this.time);
      };
      this.watchers.add(look);
      look();
    });
  }

  private next(end: number): FakeTimer | undefined {
    let first: FakeTimer | undefined;
    for (const timer of this.timers) if (timer.at <= end && (!first || timer.at < first.at)) first = timer;
    return first;
  }
}

/** Real time, but so many times as fast: for tests that wait for a real server and for time as well. */
export const fastClock = (factor = 25): Clock => ({
  now: () => performance.now() * factor,
  date: () => Date.UTC(2026, 0, 1) + performance.now() * factor,
  setTimeout: (callback, ms) => setTimeout(callback, ms / factor),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
});

/** Real time, of which the test may skip some. */
export class SkippingClock implements Clock {
  private skipped = 0;
  private readonly timers = new Map<object, { at: number; callback: () => void; handle: NodeJS.Timeout }>();

  now = (): number => performance.now() + this.skipped;
  date = (): number => Date.UTC(2026, 0, 1) + this.now();

  setTimeout(callback: () => void, ms: number): Timer {
    const timer: Timer = {};
    this.start(timer, this.now() + ms, callback);
    return timer;
  }

  clearTimeout(timer: Timer): void {
    clearTimeout(this.timers.get(timer)?.handle);
    this.timers.delete(timer);
  }

  /** What was due in that time fires at its end. */
  skip(ms: number): void {
    this.skipped += ms;
    for (const [timer, { at, callback, handle }] of [...this.timers]) {
      clearTimeout(handle);
      this.start(timer, at, callback);
    }
  }

  private start(timer: Timer, at: number, callback: () => void): void {
    const handle = setTimeout(() => {
      this.timers.delete(timer);
      callback();
    }, at - this.now());
    this.timers.set(timer, { at, callback, handle });
  }
}
