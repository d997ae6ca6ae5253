/** Counts what became of the lookups of one tenant. */
import type { Clock } from '../clock';
import type { LookupFailure, LookupInfo } from '../failures/failure';
import type { Stats } from './stats';

const RECENT = 1000;
/** Upper bounds in milliseconds, as Prometheus' default buckets for HTTP latencies have them. */
const BOUNDS = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];
const MOST_CODES = 50;

export class Figures {
  readonly lookups: Stats['lookups'] = { found: 0, notFound: 0, failed: 0, shared: 0, cached: 0, stale: 0, retried: 0, mismatched: 0 };
  private lastFailure: Stats['lastFailure'] = null;
  /** Failures by code; a not-found is an answer and is counted apart. */
  private readonly codes = new Map<string, number>();
  private readonly recent = new Float64Array(RECENT);
  private readonly atMost = new Array<number>(BOUNDS.length).fill(0);
  private sum = 0;
  private answered = 0;

  /** One message has its outcome. */
  count(failure: LookupFailure | null, { source, attempts, durationMs }: LookupInfo, clock: Pick<Clock, 'date'>): void {
    const { lookups } = this;
    if (!failure) lookups.found++;
    else this.failed(failure, clock);
    if (source === 'cache') lookups.cached++;
    else if (source === 'shared') lookups.shared++;
    else if (source === 'stale') lookups.stale++;
    else if (attempts > 0) this.timed(durationMs);
  }

  /** Durations are sorted only when somebody asks. */
  snapshot(): Pick<Stats, 'lookups' | 'failures' | 'lastFailure' | 'latencyMs'> {
    const sorted = this.recent.slice(0, Math.min(this.answered, RECENT)).sort();
    const at = (share: number): number | null => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
    let count = 0;
    const buckets = BOUNDS.map((le, index) => ({ le, count: (count += this.atMost[index] ?? 0) }));
    return {
      lookups: { ...this.lookups }, failures: Object.fromEntries(this.codes), lastFailure: this.lastFailure,
      latencyMs: { p50: at(0.5), p95: at(0.95), p99: at(0.99), buckets, sum: this.sum, count: this.answered },
    };
  }

  private failed({ code, category }: LookupFailure, clock: Pick<Clock, 'date'>): void {
    if (category === 'not-found') {
      this.lookups.notFound++;
      return;
    }
    this.lookups.failed++;
    const name = this.codes.has(code) || this.codes.size < MOST_CODES ? code : 'other';
    this.codes.set(name, (this.codes.get(name) ?? 0) + 1);
    this.lastFailure = { code, category, at: new Date(clock.date()).toISOString() };
  }

  private timed(durationMs: number): void {
    this.recent[this.answered++ % RECENT] = durationMs;
    this.sum += durationMs;
    const bucket = BOUNDS.findIndex((bound) => durationMs <= bound);
    if (bucket >= 0) this.atMost[bucket] = (this.atMost[bucket] ?? 0) + 1;
  }
}
