/** The states of a tenant, and the events that tell of their changes. */

/** Where several hold, the first of these counts; `unknown`: nobody has asked the tenant yet. */
export const STATES = ['misconfigured', 'refused', 'failing', 'unreachable', 'paused', 'ready', 'unknown'] as const;
export type TenantState = (typeof STATES)[number];

export const EVENTS = ['ready', 'unreachable', 'failing', 'recovered', 'paused', 'resumed', 'refused', 'accepted', 'misconfigured'] as const;
export type TenantEventName = (typeof EVENTS)[number];
