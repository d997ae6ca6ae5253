/** Refused credentials and certificates: no retry mends them, so lookups fail at once, and now and then one tries again. */
import type { LookupFailure } from '../failures/failure';

const FIRST_MS = 1000;
const LONGEST_MS = 60_000;
/** Without messages it is tried so often. */
export const UNATTENDED_MS = 300_000;

export class Refusal {
  /** Why lookups fail; `null` while nothing is refused. */
  failure: LookupFailure | null = null;
  private waitMs = FIRST_MS;
  private retryAt = 0;
  private trial: object | null = null;

  /** The failure of a lookup that comes now; `null` when it may try. */
  of(now: number): LookupFailure | null {
    return this.failure && (this.trial !== null || now < this.retryAt) ? this.failure : null;
  }

  /** `turn` may try, as `of` has said: until `release` nobody else may. */
  enter(turn: object): void {
    this.trial = turn;
  }

  release(turn: object): void {
    if (this.trial === turn) this.trial = null;
  }

  begin(failure: LookupFailure, now: number): void {
    if (this.failure && now < this.retryAt) return;
    this.failure = failure;
    this.retryAt = now + this.waitMs;
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_MS);
    this.trial = null;
  }

  end(): void {
    this.failure = this.trial = null;
    this.waitMs = FIRST_MS;
  }
}
