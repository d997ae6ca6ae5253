/** One timer for any number of deadlines that are about the same time away: the oldest is nearly always the next to pass. */
import { AT_ONCE, type Clock, LONGEST_TIMER_MS, type Timer } from '../clock';

/** What can have a deadline; the links are the list's own. */
export interface Timed {
  deadline: number;
  older: Timed | null;
  newer: Timed | null;
  list: Deadlines | null;
  /** The deadline has passed. Must not throw. */
  passed(): void;
}

/** Its time can be stopped: then nothing passes, and what was left of each deadline is left when it goes on. */
export class Deadlines {
  private oldest: Timed | null = null;
  private newest: Timed | null = null;
  private timer: Timer | null = null;
  private stoppedAt: number | null = null;
  private stoppedMs = 0;

  constructor(readonly ms: number, private readonly clock: Clock, stopped = false) {
    if (stopped) this.stop();
  }

  /** An entry that stands in another list comes with what was left to it there. */
  add(entry: Timed): void {
    const ms = entry.list?.leftTo(entry) ?? this.ms;
    entry.list?.remove(entry);
    entry.deadline = this.now() + ms;
    entry.list = this;
    let before = this.newest;
    while (before && before.deadline > entry.deadline) before = before.older;
    entry.older = before;
    entry.newer = before ? before.newer : this.oldest;
    if (entry.newer) entry.newer.older = entry;
    else this.newest = entry;
    if (before) before.newer = entry;
    else this.oldest = entry;
    if (this.timer && this.oldest === entry && ms < this.ms) this.disarm();
    this.arm();
  }

  /** Milliseconds until it passes, as long as it is not stopped. */
  leftTo(entry: Timed): number {
    return entry.deadline - this.now();
  }

  remove(entry: Timed): void {
    if (entry.older) entry.older.newer = entry.newer;
    else this.oldest = entry.newer;
    if (entry.newer) entry.newer.older = entry.older;
    else this.newest = entry.older;
    entry.list = entry.older = entry.newer = null;
  }

  stop(): void {
    this.stoppedAt ??= this.clock.now();
    this.disarm();
  }

  resume(): void {
    if (this.stoppedAt === null) return;
    this.stoppedMs += this.clock.now() - this.stoppedAt;
    this.stoppedAt = null;
    this.arm();
  }

  /** Everybody has the whole time again. */
  restart(): void {
    for (let entry = this.oldest; entry; entry = entry.newer) entry.deadline = this.now() + this.ms;
  }

  /** Forgets the timer; entries that are left do not pass any more. */
  close(): void {
    this.stop();
  }

  private now(): number {
    return (this.stoppedAt ?? this.clock.now()) - this.stoppedMs;
  }

  /** The timer is not moved when an entry is removed: it fires, finds who is oldest then, and is set again. */
  private arm(): void {
    if (this.timer || this.stoppedAt !== null || !this.oldest) return;
    const ms = Math.min(Math.max(1, this.oldest.deadline - this.now()), LONGEST_TIMER_MS);
    this.timer = this.clock.setTimeout(this.sweep, ms);
    this.timer.unref?.();
  }

  private disarm(): void {
    if (this.timer) this.clock.clearTimeout(this.timer);
    this.timer = null;
  }

  private readonly sweep = (): void => {
    this.timer = null;
    for (let count = 0; this.oldest && this.oldest.deadline <= this.now() && count < AT_ONCE; count++) {
      const entry = this.oldest;
      this.remove(entry);
      entry.passed();
    }
    this.arm();
  };
}
