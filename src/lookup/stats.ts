/** Figures of one tenant since it was deployed; `GET ciam-tenant/:id/stats` gives them, and the dialog shows them. */
import type { Category } from '../failures/codes';
import type { TenantState } from '../resilience/states';

/** `le`: milliseconds; `count`: lookups that took at most that long. */
export interface LatencyBucket { le: number; count: number }

export interface Stats {
  /** Host and port, or `"demo"`. */
  tenant: string;
  state: TenantState;
  /** Since when: ISO 8601 in UTC. */
  since: string;
  inFlight: number;
  /** Calls a second that the limiter allows just now; `null` while it does not bind. */
  limit: number | null;
  queued: number;
  circuit: 'closed' | 'open' | 'half-open';
  /** Milliseconds until the tenant may be called again (`Retry-After`), and the code that asked for it. */
  heldMs: number;
  heldBy: string | null;
  token: { renewals: number; expiresIn: number | null };
  lookups: { found: number; notFound: number; failed: number; shared: number; cached: number; stale: number; retried: number; mismatched: number };
  /** Failures by code: 50 codes at most, then `other`. */
  failures: Record<string, number>;
  /** `at`: ISO 8601 in UTC. */
  lastFailure: { code: string; category: Category; at: string } | null;
  /** Of the lookups that asked the tenant, waiting for their turn included. Percentiles are of the last 1,000, `null` before the first; the rest is since deployment. */
  latencyMs: { p50: number | null; p95: number | null; p99: number | null; buckets: LatencyBucket[]; sum: number; count: number };
  cache: { size: number; bytes: number };
}
