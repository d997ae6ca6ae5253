/** Circuit breaker: a dead tenant is spared, and found alive again by itself. */
import type { Clock } from '../clock';

const FAILURES_TO_OPEN = 10;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

export class Circuit {
  private failures = 0;
  private waitMs = FIRST_WAIT_MS;
  private probeAt = 0;
  private current: 'closed' | 'open' | 'half-open' = 'closed';

  /** `opened` is told when calls begin to fail at once. */
  constructor(private readonly clock: Clock, private readonly opened: () => void) {}

  get state(): 'closed' | 'open' | 'half-open' {
    return this.current;
  }

  /** Whether a lookup that comes now would be refused. */
  get refuses(): boolean {
    return this.current !== 'closed' && !this.probeIsDue;
  }

  private get probeIsDue(): boolean {
    return this.current === 'open' && this.clock.now() >= this.probeAt;
  }

  /** Lets a lookup through that `refuses` did not refuse; true if it is the probe, which must end in `report` or `release`. */
  enter(): boolean {
    if (this.current === 'closed') return false;
    this.current = 'half-open';
    return true;
  }

  /** How one call went: `outage` is a network failure, a timeout or a 5xx. */
  report(outage: boolean): void {
    if (!outage) {
      this.failures = 0;
      this.waitMs = FIRST_WAIT_MS;
      this.current = 'closed';
    } else if (this.current === 'half-open') {
      this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
      this.open();
    } else if (this.current === 'closed' && ++this.failures >= FAILURES_TO_OPEN) {
      this.open();
    }
  }

  /** The probe ended without a verdict (its message was cancelled): the next lookup is the probe. */
  release(): void {
    if (this.current === 'half-open') this.current = 'open';
  }

  private open(): void {
    this.current = 'open';
    this.probeAt = this.clock.now() + this.waitMs;
    this.opened();
  }
}
