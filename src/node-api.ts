/** The one face of the client: `createTenant`, and lookups in it. Works without Node-RED. */
import { createClient, type LookupOptions, type NodeTenant, type Tenant, type TenantParts } from './tenant/tenant';
import type { Check } from './tenant/connection-test';
import { createDemo, demoSettings } from './tenant/demo';
import { type LookupFailure, timeoutFailure } from './failures/failure';
import { checkedSettings, checkedSwitch, type TenantSettings } from './settings/settings';

export { ADVICE, adviceKey, CATEGORIES, configFailure, filled, inputFailure, LookupFailure, listFailure, MESSAGES } from './failures/failure';
export type { AdviceKey, Category, LookupInfo, MessageKey, Values } from './failures/failure';
export type { Availability, Check } from './tenant/connection-test';
export type { ListInfo, ListOutcome, ListRequest } from './lookup/list';
export type { Lookup } from './lookup/waiter';
export type { LookupRequest } from './lookup/lookups';
export { BY, type By, isBy } from './api/query';
export { checkedSwitch, type ProxySettings, type TenantSettings, type TlsSettings } from './settings/settings';
export type { Stats } from './lookup/stats';
export { fieldNames, keepFields, normalise, type ShapedUser, type User } from './api/user';
export { unusableTenant } from './tenant/failing-tenant';
export type { TenantCondition, TenantEvent, TenantListener } from './tenant/events';
export { EVENTS, STATES, type TenantEventName, type TenantState } from './resilience/condition';
export type { LookupOptions, NodeTenant, Tenant, TenantParts };

/** Throws a `LookupFailure` with the code `CIAM.CONFIG`, whose message begins with the property that makes no sense. */
export const createTenant = (settings: TenantSettings, parts: TenantParts = {}): NodeTenant =>
  checkedSwitch('demo', settings.demo) ? createDemo(settings, parts) : createClient(settings, parts);

const CHECK_MS = 10_000;
/** One try, at once, whatever the tenant allows its lookups. */
const CHECK_LIMITS = { retries: 0, cacheTtl: 0, cacheMissTtl: 0, concurrency: 2, queueLimit: 2, rateLimit: 0, queueTimeout: 0 };

/** What was ended because time was up did not fail by being ended. */
const timedOut = (check: Check): Check => {
  const late = timeoutFailure('timeout', CHECK_MS / 1000);
  const named = <Part extends { error?: LookupFailure }>(part: Part): Part => (part.error?.code === 'CIAM.CLOSED' ? { ...part, error: late } : part);
  return named({ ...check, mobile: named(check.mobile), username: named(check.username) });
};

/** The connection test of settings that need not be deployed: one try, 10 s at most. Throws as `createTenant` does. */
export const checkSettings = async (settings: TenantSettings, signal?: AbortSignal): Promise<Check> => {
  checkedSettings(checkedSwitch('demo', settings.demo) ? demoSettings(settings) : settings);
  const tenant = createTenant({ ...settings, ...CHECK_LIMITS });
  const time = { isUp: false };
  const close = (): void => void tenant.close();
  const timer = setTimeout(() => {
    time.isUp = true;
    close();
  }, CHECK_MS);
  signal?.addEventListener('abort', close, { once: true });
  try {
    const check = await tenant.check();
    return time.isUp ? timedOut(check) : check;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', close);
    await tenant.close();
  }
};
