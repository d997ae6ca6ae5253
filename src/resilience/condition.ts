/** What is known of a tenant: the facts that the calls found, the state that follows from them, and each change of it told once. */
import type { Clock } from '../clock';
import type { LookupFailure } from '../failures/failure';
import type { TenantEventName, TenantState } from './states';

/** A fact that is not well, with the failure that showed it. */
export type Trouble = 'refused' | 'failing' | 'unreachable' | 'paused';
const TROUBLES: readonly Trouble[] = ['refused', 'failing', 'unreachable', 'paused'];
const OVER: Readonly<Record<Trouble, TenantEventName>> = { refused: 'accepted', failing: 'recovered', unreachable: 'recovered', paused: 'resumed' };

/** What an event tells, and what `snapshot` gives without one. */
export interface ConditionSnapshot {
  state: TenantState;
  /** The failure code behind the state; `null` without one. */
  code: string | null;
  /** Since when the state holds: ISO 8601 in UTC. */
  since: string;
  /** Lookups that have failed since the tenant was last ready. */
  failed: number;
}

export class Condition {
  private readonly facts = new Map<Trouble, LookupFailure>();
  private asked = false;
  private since: string;
  private failed = 0;

  /** `tell` gets each change; it must not throw. */
  constructor(private readonly clock: Pick<Clock, 'date'>, private readonly tell: (event: TenantEventName, now: ConditionSnapshot) => void) {
    this.since = this.date();
  }

  get state(): TenantState {
    return TROUBLES.find((trouble) => this.facts.has(trouble)) ?? (this.asked ? 'ready' : 'unknown');
  }

  /** The failure behind the state; `null` without one. */
  get cause(): LookupFailure | null {
    return this.facts.get(this.state as Trouble) ?? null;
  }

  snapshot(): ConditionSnapshot {
    const { state, cause, since, failed } = this;
    return { state, code: cause?.code ?? null, since, failed };
  }

  begin(trouble: Trouble, failure: LookupFailure): void {
    if (this.facts.has(trouble)) return;
    this.change(trouble, () => this.facts.set(trouble, failure));
  }

  end(trouble: Trouble): void {
    if (this.facts.has(trouble)) this.change(OVER[trouble], () => this.facts.delete(trouble));
  }

  /** The tenant has answered a lookup whose token it accepts, or granted a token, for the first time. */
  ready(): void {
    if (!this.asked) this.change('ready', () => (this.asked = true));
  }

  /** A lookup has failed, and not because its user does not exist. */
  lookupFailed(): void {
    if (this.state !== 'ready') this.failed++;
  }

  private change(event: TenantEventName, apply: () => void): void {
    const before = this.state;
    apply();
    if (this.state === before) return;
    this.since = this.date();
    this.tell(event, this.snapshot());
    if (this.state === 'ready') this.failed = 0;
  }

  private date(): string {
    return new Date(this.clock.date()).toISOString();
  }
}
