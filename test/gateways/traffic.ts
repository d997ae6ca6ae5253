/** Messages for a tenant, and when and how each of them ended. */
import { expect } from 'chai';
import { LookupFailure, type NodeTenant } from '../../src/node-api';

/** The default of `timeout`. */
export const TIMEOUT_MS = 10_000;
/** Longer than the widest interval between two probes. */
export const RECOVERY_MS = 5500;
/** Of messages that come one by one while a gateway is away. */
export const PER_SECOND = 25;

export interface Outcome {
  /** Milliseconds of `performance.now()`. */
  sentAt: number;
  endedAt: number;
  /** `ok`, or the failure's code. */
  code: string;
  attempts: number;
}

let next = 0;
/** Another number each time, so that no two messages share a call. */
export const freshMobile = (): string => String(13_000_000_000 + next++);

export class Traffic {
  readonly outcomes: Outcome[] = [];
  sent = 0;
  private readonly pending: Promise<void>[] = [];
  private timer: NodeJS.Timeout | null = null;
  private goal: { count: number; resolve: () => void } | null = null;

  constructor(private readonly tenant: NodeTenant) {}

  send(count = 1): void {
    for (let made = 0; made < count; made++) this.pending.push(this.one());
  }

  /** So many messages a second from now on. */
  start(perSecond: number): void {
    this.timer = setInterval(() => this.send(), 1000 / perSecond);
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
  }

  /** Sends no more; resolves once each message has its outcome. */
  async settled(): Promise<Outcome[]> {
    this.stop();
    await Promise.all(this.pending);
    expect(this.outcomes).to.have.length(this.sent);
    return this.outcomes;
  }

  /** Resolves as soon as so many messages have their outcome. */
  until(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.goal = { count, resolve };
      this.check();
    });
  }

  private check(): void {
    if (this.goal && this.outcomes.length >= this.goal.count) this.goal.resolve();
  }

  private async one(): Promise<void> {
    this.sent++;
    const sentAt = performance.now();
    const told = (code: string, attempts: number): void => {
      this.outcomes.push({ sentAt, endedAt: performance.now(), code, attempts });
      this.check();
    };
    try {
      const { lookup } = await this.tenant.lookup({ by: 'mobile', value: freshMobile() });
      told('ok', lookup.attempts);
    } catch (error) {
      expect(error).to.be.instanceOf(LookupFailure);
      const failure = error as LookupFailure;
      told(failure.code, failure.lookup?.attempts ?? 0);
    }
  }
}

/** How often each code. */
export const codes = (outcomes: readonly { code: string }[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { code } of outcomes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
};

export const failed = <T extends { code: string }>(outcomes: readonly T[]): T[] => outcomes.filter(({ code }) => code !== 'ok');
