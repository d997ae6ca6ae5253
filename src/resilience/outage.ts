/** Whether the tenant is away: a row of failed calls makes it suspect, a probe that fails makes it an outage, any answer ends both. */
import type { LookupFailure } from '../failures/failure';

/** So many failed calls in a row make the tenant suspect. */
export const ROW = 10;
const INTERVALS_MS = [200, 500, 1000, 2000, 4000, 5000];
const IDLE_INTERVAL_MS = 5000;
const QUIET_INTERVAL_MS = 15_000;
/** Without a message for so long, the tenant is asked less often. */
const QUIET_MS = 60_000;
/** An outage shorter than this refuses nobody, however short the timeout. */
const SHORTEST_MS = 2000;

export class Outage {
  state: 'none' | 'suspected' | 'on' = 'none';
  /** When calls stopped. */
  since = 0;
  /** What the last failed call met. */
  trouble: LookupFailure | null = null;
  failedInRow = 0;
  private firstInRow: object | null = null;
  private several = false;
  private endedAt = -Infinity;
  private probes = 0;

  /** New lookups are refused once it has lasted `timeoutMs`. */
  constructor(private readonly timeoutMs: number, private readonly random: () => number) {}

  get stopsCalls(): boolean {
    return this.state !== 'none';
  }

  /** Milliseconds from its beginning until new lookups are refused. */
  get failingAfterMs(): number {
    return Math.max(this.timeoutMs, SHORTEST_MS);
  }

  isFailing(now: number): boolean {
    return this.state === 'on' && now - this.since >= this.failingAfterMs;
  }

  /** A call that had begun at `begunAt` failed. True: so many in a row have, of two lookups or more, that the tenant may be away. */
  failed(by: object, begunAt: number, failure: LookupFailure): boolean {
    this.trouble = failure;
    if (begunAt < this.endedAt) return false;
    this.failedInRow++;
    if (this.firstInRow === null) this.firstInRow = by;
    else if (this.firstInRow !== by) this.several = true;
    return this.state === 'none' && this.several && this.failedInRow >= ROW;
  }

  answered(): void {
    this.failedInRow = 0;
    this.firstInRow = null;
    this.several = false;
  }

  suspect(now: number): void {
    this.state = 'suspected';
    this.since = now;
    this.probes = 0;
  }

  confirm(): void {
    this.state = 'on';
  }

  end(now: number): void {
    this.state = 'none';
    this.endedAt = now;
  }

  /** Milliseconds from a probe that failed to the next: each randomly shortened by up to half, so that a fleet's probes spread. */
  nextProbeMs(somebodyWaits: boolean, sinceLastMessageMs: number): number {
    const interval = somebodyWaits
      ? INTERVALS_MS[Math.min(this.probes++, INTERVALS_MS.length - 1)] ?? IDLE_INTERVAL_MS
      : sinceLastMessageMs > QUIET_MS ? QUIET_INTERVAL_MS : IDLE_INTERVAL_MS;
    return interval * (1 - this.random() / 2);
  }
}
