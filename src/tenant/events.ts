/** The events of a tenant: one source for the log, the statuses and `ciam-status`. */
import { Alarm, type Clock } from '../clock';
import { warnOfThrown } from '../failures/failure';
import type { ConditionSnapshot } from '../resilience/condition';
import type { TenantEventName, TenantState } from '../resilience/states';

/** The state as it is now. */
export interface TenantCondition extends ConditionSnapshot {
  /** Host and port, or `"demo"`. */
  tenant: string;
  /** Milliseconds until the tenant may be called again; 0 without a pause. */
  heldMs: number;
}

/** One change of a tenant's state. */
export interface TenantEvent extends TenantCondition {
  event: TenantEventName;
  /** How often the state has come back since it was last told; missing when this is the first time. */
  count?: number;
}

/** Gets each event. What it throws becomes a warning of the process. */
export type TenantListener = (event: TenantEvent) => void;

/** A state that comes back so soon is not told at once … */
const SOON_MS = 30_000;
/** … but so long after it was told last, with its count. */
const SUMMARY_MS = 60_000;

interface Told {
  at: number;
  /** How often the state has come back since then without being told. */
  untold: number;
}

export class TenantEvents {
  private readonly listeners = new Map<TenantListener, TenantEventName | 'change'>();
  private readonly watchers = new Set<() => void>();
  private readonly told = new Map<TenantState, Told>();
  private latest: TenantEvent | null = null;
  private latestTold: TenantState | null = null;
  private readonly summary: Alarm;

  constructor(private readonly clock: Clock) {
    this.summary = new Alarm(clock);
  }

  on(event: TenantEventName | 'change', listener: TenantListener): () => void {
    const own: TenantListener = (told) => listener(told);
    this.listeners.set(own, event);
    return () => void this.listeners.delete(own);
  }

  /** Told of every change, those that are not worth an event included: for what shows the state as it is. */
  watch(watcher: () => void): () => void {
    const own = (): void => watcher();
    this.watchers.add(own);
    return () => void this.watchers.delete(own);
  }

  tell(event: TenantEvent): void {
    for (const watcher of this.watchers) callSafely(watcher);
    const now = this.clock.now();
    const last = this.told.get(event.state);
    // Whoever was told of a trouble is told of its end at once.
    const endsTrouble = event.state === 'ready' && this.latestTold !== 'ready';
    if (last === undefined || now - last.at >= (last.untold > 0 ? SUMMARY_MS : SOON_MS) || endsTrouble) return this.publish(event, now);
    last.untold++;
    this.latest = event;
    if (!this.summary.isSet) this.summary.set(() => this.latest && this.publish(this.latest, this.clock.now()), last.at + SUMMARY_MS - now);
  }

  close(): void {
    this.summary.stop();
  }

  private publish(event: TenantEvent, now: number): void {
    const untold = this.told.get(event.state)?.untold ?? 0;
    this.told.set(event.state, { at: now, untold: 0 });
    this.latestTold = event.state;
    this.latest = null;
    this.summary.stop();
    const told: TenantEvent = untold > 0 ? { ...event, count: untold + 1 } : event;
    for (const [listener, wanted] of this.listeners) {
      if (wanted === 'change' || wanted === event.event) callSafely(() => listener(told));
    }
  }
}

/** What a listener throws becomes a warning of the process. */
export const callSafely = (call: () => void): void => {
  try {
    call();
  } catch (error) {
    warnOfThrown(error);
  }
};
