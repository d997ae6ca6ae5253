/** What a program sees: a tenant, lookups in it, and the one family of errors. Works without Node-RED. */
import { createTenant as createNodeTenant } from './node-api';
import type { By, ListOutcome, Lookup, LookupOptions, Stats, TenantEventName, TenantListener, TenantSettings } from './node-api';

export { LookupFailure } from './node-api';
export type {
  By, Category, ListInfo, ListOutcome, Lookup, LookupInfo, LookupOptions, ProxySettings, Stats, TenantEvent, TenantEventName, TenantListener,
  TenantSettings, TenantState, TlsSettings, User,
} from './node-api';

/** Text, UTF-8 as bytes (a `Buffer` is a `Uint8Array`), or a whole number that is not negative. */
export type LookupValue = string | number | bigint | Uint8Array;

/** Whom to look up. */
export interface LookupRequest {
  by: By;
  value: LookupValue;
}

/** Whom to look up; an item that is missing fails with `CIAM.INPUT` at its own place. */
export interface ListRequest {
  by: By;
  values: readonly (LookupValue | null | undefined)[];
  /** Told how many of `values` have their outcome. */
  progress?: (settled: number) => void;
}

export interface Tenant {
  /** Host and port, or the label given in the settings. */
  readonly label: string;
  /** Rejects with a `LookupFailure`, and with nothing else. */
  lookup(request: LookupRequest, options?: LookupOptions): Promise<Lookup>;
  /** One lookup per item, order kept, duplicates looked up once. Failures of items are part of the outcome: it never rejects. */
  lookupList(request: ListRequest, options?: LookupOptions): Promise<ListOutcome>;
  /** Figures since the tenant was created. */
  stats(): Stats;
  /** Calls `listener` at each event of that name, or at every one (`"change"`). Call what it returns to end that. */
  on(event: TenantEventName | 'change', listener: TenantListener): () => void;
  /** Ends everything under way with `CIAM.CLOSED`; when it resolves no socket and no timer is left. */
  close(): Promise<void>;
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Throws a `LookupFailure` with the code `CIAM.CONFIG`, whose message begins with the property that makes no sense. */
export const createTenant: (settings: TenantSettings) => Tenant = (settings) => {
  const tenant = createNodeTenant(settings);
  tenant.warmUp();
  return tenant;
};
