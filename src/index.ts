/** What a program sees: a tenant, lookups in it, and the one family of errors. Works without Node-RED. */
export { createTenant, LookupFailure } from './node-api';
export type { Category, ListInfo, ListOutcome, ListRequest, Lookup, LookupInfo, LookupRequest, ProxySettings, Stats, Tenant, TenantSettings, TlsSettings, User } from './node-api';
