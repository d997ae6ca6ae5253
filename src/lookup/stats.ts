/** Figures of one tenant since it was deployed; `GET ciam-tenant/:id/stats` shows them. */
import type { LookupFailure, LookupInfo } from '../failures/failure';

export interface Stats {
  inFlight: number;
  queued: number;
  circuit: 'closed' | 'open' | 'half-open';
  token: { renewals: number; expiresIn: number | null };
  lookups: { found: number; notFound: number; failed: number; shared: number; cached: number; retried: number };
  /** Of the last 1,000 lookups that asked the tenant, waiting for their turn included; `null` before the first. */
  latencyMs: { p50: number | null; p95: number | null; p99: number | null };
}

const RECENT = 1000;

export class Figures {
  readonly lookups: Stats['lookups'] = { found: 0, notFound: 0, failed: 0, shared: 0, cached: 0, retried: 0 };
  private readonly recent = new Float64Array(RECENT);
  private answered = 0;

  /** One message has its outcome. */
  count(failure: LookupFailure | null, { source, attempts, durationMs }: LookupInfo): void {
    const { lookups } = this;
    if (!failure) lookups.found++;
    else if (failure.category === 'not-found') lookups.notFound++;
    else lookups.failed++;
    if (source === 'cache') lookups.cached++;
    else if (source === 'shared') lookups.shared++;
    else if (attempts > 0) this.recent[this.answered++ % RECENT] = durationMs;
  }

  /** Sorted only when somebody asks. */
  percentiles(): Stats['latencyMs'] {
    const sorted = this.recent.slice(0, Math.min(this.answered, RECENT)).sort();
    const at = (share: number): number | null => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }
}
