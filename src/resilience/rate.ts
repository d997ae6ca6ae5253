/** The rate that the settings allow: calls a second, evenly spread. */

/** Timers are coarse (16 ms on some systems): a call that is late by less than this does not push the following ones back. */
const SLACK_MS = 20;

export class Rate {
  private nextStart = 0;
  private readonly everyMs: number;

  constructor(perSecond: number) {
    this.everyMs = 1000 / perSecond;
  }

  /** Milliseconds until the next call may begin. */
  waitMs(now: number): number {
    return Math.max(0, this.nextStart - now);
  }

  started(now: number): void {
    this.nextStart = Math.max(this.nextStart, now - SLACK_MS) + this.everyMs;
  }
}
