/** The states of a tenant; `ciam-status`, the log and the figures show them. */

/** Where several hold, the first of these counts; `unknown`: nobody has asked the tenant yet. */
export const STATES = ['misconfigured', 'refused', 'failing', 'unreachable', 'paused', 'ready', 'unknown'] as const;
export type TenantState = (typeof STATES)[number];
