/** What the nodes see of the client; a program sees src/index.ts. Works without Node-RED. */
import { createClient, type LookupOptions, type NodeCondition, type NodeTenant, type Tenant, type TenantParts } from './tenant/tenant';
import { type Check, testConnection } from './tenant/connection-test';
import { createDemo, demoSettings } from './tenant/demo';
import { checkedSettings, checkedSwitch, type TenantSettings } from './settings/settings';

export { configFailure, filled, inputFailure, LookupFailure, listFailure, MESSAGES } from './failures/failure';
export type { AdviceKey, Category, LookupInfo, MessageKey, Values } from './failures/failure';
export { type Availability, type Check, nothingChecked } from './tenant/connection-test';
export type { ListInfo, ListOutcome, ListRequest } from './lookup/list';
export type { Lookup, LookupRequest } from './lookup/waiter';
export { BY, type By, isBy } from './api/query';
export { checkedSwitch, type ProxySettings, type TenantSettings, type TlsSettings } from './settings/settings';
export { NUMBER_NAMES } from './settings/schema';
export type { Stats } from './lookup/stats';
export { fieldNames, keepFields, normalise, type ShapedUser, type User } from './api/user';
export { failingTenant } from './tenant/failing-tenant';
export type { TenantCondition, TenantEvent, TenantListener } from './tenant/events';
export { EVENTS, STATES, type TenantEventName, type TenantState } from './resilience/states';
export type { LookupOptions, NodeCondition, NodeTenant, Tenant, TenantParts };

/** Throws a `LookupFailure` with the code `CIAM.CONFIG`, whose message begins with the property that makes no sense. */
export const createTenant = (settings: TenantSettings, parts: TenantParts = {}): NodeTenant =>
  checkedSwitch('demo', settings.demo) ? createDemo(settings, parts) : createClient(settings, parts);

/** The connection test of settings that need not be deployed: one try, 10 s at most. Rejects with what `createTenant` throws. */
export const checkSettings = async (settings: TenantSettings, signal?: AbortSignal): Promise<Check> => {
  checkedSettings(checkedSwitch('demo', settings.demo) ? demoSettings(settings) : settings);
  return testConnection(createTenant, settings, signal);
};
