/** The pause that a tenant asks for by `Retry-After`, and the first call after it. */
import type { LookupFailure } from '../failures/failure';
import { LONGEST_PAUSE_MS } from './backoff';

export class Pause {
  /** The answer that asked for it; `null` when there is none. */
  by: LookupFailure | null = null;
  beganAt = 0;
  private until = 0;

  /** Milliseconds until the tenant may be called again. */
  remainingMs(now: number): number {
    return this.by ? Math.max(0, this.until - now) : 0;
  }

  /** Its time is up, and no call has shown yet that it is over. */
  isInTrial(now: number): boolean {
    return this.by !== null && now >= this.until;
  }

  /** When its time is, or was, up. */
  get endedAt(): number {
    return this.until;
  }

  /** It has lasted so long already, and goes on. */
  hasLasted(ms: number, now: number): boolean {
    return this.by !== null && now < this.until && now - this.beganAt >= ms;
  }

  /** Begins, or goes on for at least so long. */
  begin(ms: number, by: LookupFailure, now: number): void {
    if (!this.by) this.beganAt = now;
    this.by = by;
    this.until = Math.max(this.until, now + Math.min(ms, LONGEST_PAUSE_MS));
  }

  end(): void {
    this.by = null;
    this.until = 0;
  }
}
