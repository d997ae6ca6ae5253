/** What a program sees: a tenant, lookups in it, and the one family of errors. Works without Node-RED. */
import { createTenant as createNodeTenant, type Tenant, type TenantSettings } from './node-api';

export { LookupFailure } from './node-api';
export type {
  Category, ListInfo, ListOutcome, ListRequest, Lookup, LookupInfo, LookupOptions, LookupRequest, ProxySettings, Stats, Tenant, TenantEvent,
  TenantEventName, TenantListener, TenantSettings, TenantState, TlsSettings, User,
} from './node-api';

/** Throws a `LookupFailure` with the code `CIAM.CONFIG`, whose message begins with the property that makes no sense. */
export const createTenant: (settings: TenantSettings) => Tenant = createNodeTenant;
