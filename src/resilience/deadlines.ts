/** One timer for any number of deadlines that are all the same time away: the oldest is always the next to pass. */
import type { Clock, Timer } from '../clock';

/** What can have a deadline; the links are the list's own. */
export interface Timed<Entry extends Timed<Entry>> {
  deadline: number;
  older: Entry | null;
  newer: Entry | null;
  list: Deadlines<Entry> | null;
}

export class Deadlines<Entry extends Timed<Entry>> {
  private oldest: Entry | null = null;
  private newest: Entry | null = null;
  private timer: Timer | null = null;

  constructor(private readonly ms: number, private readonly clock: Clock, private readonly pass: (entry: Entry) => void) {}

  add(entry: Entry): void {
    entry.deadline = this.clock.now() + this.ms;
    entry.list = this;
    entry.older = this.newest;
    if (this.newest) this.newest.newer = entry;
    else this.oldest = entry;
    this.newest = entry;
    this.arm(this.ms);
  }

  remove(entry: Entry): void {
    if (entry.list !== this) return;
    if (entry.older) entry.older.newer = entry.newer;
    else this.oldest = entry.newer;
    if (entry.newer) entry.newer.older = entry.older;
    else this.newest = entry.older;
    entry.list = entry.older = entry.newer = null;
  }

  /** Passes, ahead of time, what would pass until `time`. */
  passUntil(time: number, pass: (entry: Entry) => void): void {
    while (this.oldest && this.oldest.deadline <= time) {
      const entry = this.oldest;
      this.remove(entry);
      pass(entry);
    }
  }

  /** Forgets the timer; entries that are left do not pass any more. */
  close(): void {
    if (this.timer) this.clock.clearTimeout(this.timer);
    this.timer = null;
  }

  /** The timer is not moved when an entry is removed: it fires, finds who is oldest then, and sleeps again. */
  private arm(ms: number): void {
    if (this.timer) return;
    this.timer = this.clock.setTimeout(this.sweep, ms);
    this.timer.unref?.();
  }

  private readonly sweep = (): void => {
    this.timer = null;
    const now = this.clock.now();
    this.passUntil(now, this.pass);
    if (this.oldest) this.arm(Math.max(1, this.oldest.deadline - now));
  };
}
