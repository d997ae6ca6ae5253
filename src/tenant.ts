/** The one face of the client: `createTenant`, and lookups in it. Works without Node-RED. */
import { createClient, type Tenant, type TenantParts } from './client';
import { type Check, nothingChecked } from './check';
import { createDemo } from './demo';
import { type LookupFailure, timeoutFailure } from './failures';
import type { TenantSettings } from './settings';

export { ADVICE, adviceKey, CATEGORIES, configFailure, inputFailure, LookupFailure, listFailure } from './failures';
export type { AdviceKey, Category, LookupInfo } from './failures';
export type { Availability, Check } from './check';
export type { ListInfo, ListOutcome, ListRequest } from './list';
export type { Lookup } from './flight';
export type { LookupRequest } from './lookups';
export { BY, type By, isBy } from './query';
export type { ProxySettings, TenantSettings, TlsSettings } from './settings';
export type { Stats } from './stats';
export { fieldNames, keepFields, normalise, type ShapedUser, type User } from './user';
export { unusableTenant } from './unusable';
export type { Tenant, TenantParts };

/** Throws a `LookupFailure` with the code `CIAM.CONFIG`, whose message begins with the property that makes no sense. */
export const createTenant = (settings: TenantSettings, parts: TenantParts = {}): Tenant =>
  settings.demo ? createDemo(settings, parts) : createClient(settings, parts);

const CHECK_MS = 10_000;

/** The connection test of settings that need not be deployed: one try, 10 s at most. Throws as `createTenant` does. */
export const checkSettings = async (settings: TenantSettings, signal?: AbortSignal): Promise<Check> => {
  const tenant = createTenant({ ...settings, retries: 0, cacheTtl: 0, cacheMissTtl: 0 });
  const late: LookupFailure[] = [];
  const close = (): void => void tenant.close();
  const timer = setTimeout(() => {
    late.push(timeoutFailure('timeout', CHECK_MS / 1000));
    close();
  }, CHECK_MS);
  signal?.addEventListener('abort', close, { once: true });
  try {
    const check = await tenant.check();
    return late[0] ? { ...nothingChecked, error: late[0] } : check;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', close);
    await tenant.close();
  }
};
