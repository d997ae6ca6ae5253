/** One sample: so many in flight, for so long or so many of them. */
import { figure, type Sample } from './statistics';

export interface Load {
  inFlight: number;
  /** Milliseconds after which no more is sent; without it, `total` is. */
  ms?: number;
  /** Milliseconds before that which do not count. */
  warmUpMs?: number;
  total?: number;
  payload: () => unknown;
  /** Whether what came back is what it should be. */
  isGood: (payload: unknown) => boolean;
}

let last = 0;
/** A mobile number that nobody had before: nothing is shared, nothing remembered. */
export const newMobile = (): string => `1${3_000_000_000 + last++}`;

export const isUser = (payload: unknown): boolean => typeof payload === 'object' && payload !== null && 'user_id' in payload;

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Counts one sample. `wants` is asked before each message, `came` told of each answer with the time it was sent. */
export class Meter {
  private sent = 0;
  private count = 0;
  private bad: unknown[] = [];
  private latencies: number[] = [];
  private startedCpu = cpuMs();
  private started = performance.now();
  private uncounted = 0;
  private warmUntil: number;
  private readonly until: number;

  constructor(private readonly load: Load) {
    this.warmUntil = this.started + (load.warmUpMs ?? 0);
    this.until = this.warmUntil + (load.ms ?? Infinity);
  }

  wants(): boolean {
    const now = performance.now();
    if (this.sent >= (this.load.total ?? Infinity) || now >= this.until) return false;
    if (now >= this.warmUntil) this.startCounting(now);
    this.sent++;
    return true;
  }

  /** What was sent until now was to get warm: collecting garbage throws compiled code away too. */
  private startCounting(now: number): void {
    this.warmUntil = Infinity;
    this.started = now;
    this.startedCpu = cpuMs();
    this.uncounted = this.sent;
    this.latencies = [];
  }

  /** True when it was the last one. */
  came(payload: unknown, sentAt: number): boolean {
    if (!this.load.isGood(payload)) this.bad.push(payload);
    if (this.load.inFlight === 1) this.latencies.push(performance.now() - sentAt);
    return ++this.count === this.sent;
  }

  get progress(): string {
    return `${this.count} of ${this.sent} messages are back, ${this.bad.length} with a wrong result: ${JSON.stringify(this.bad[0])}`;
  }

  sample(): Sample {
    if (this.bad.length > 0) throw new Error(this.progress);
    return { count: this.count - this.uncounted, ms: performance.now() - this.started, cpuMs: cpuMs() - this.startedCpu, p50: figure(this.latencies).median };
  }
}
