/** What is known of a tenant's condition, and the events that tell of its changes: one source for the log, the statuses and `ciam-status`. */
import type { TenantState } from '../tenant-state';

export const EVENTS = ['ready', 'unreachable', 'failing', 'recovered', 'paused', 'resumed', 'refused', 'accepted', 'misconfigured'] as const;
export type TenantEventName = (typeof EVENTS)[number];

/** One change of a tenant's state. */
export interface TenantEvent {
  event: TenantEventName;
  state: TenantState;
  /** Host and port, or `"demo"`. */
  tenant: string;
  /** The failure code behind it; `null` without one. */
  code: string | null;
  /** Since when the state holds: ISO 8601 in UTC. */
  since: string;
  /** Milliseconds until the tenant may be called again; 0 without a pause. */
  heldMs: number;
  /** Lookups that have failed since the tenant was last ready. */
  failed: number;
  /** How often the state has come back within the last minute without being told; missing when it has not. */
  count?: number;
}

/** The state as it is now. */
export interface TenantCondition extends Omit<TenantEvent, 'event' | 'count'> {}

/** Gets each event; what it throws is ignored. */
export type TenantListener = (event: TenantEvent) => void;
