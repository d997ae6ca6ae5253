/**
 * The one table of failure codes: what each means, and whether another try makes sense. Ours, and those that the vendors publish,
 * whose prefix `IDAAS.TENANT.` is optional. The tables of the reference are checked against it.
 */
import type { AdviceKey } from './advice-texts';

export const CATEGORIES = [
  'not-found', 'invalid-input', 'unauthorized', 'forbidden', 'rate-limited', 'overloaded', 'unavailable',
  'timeout', 'untrusted', 'bad-response', 'rejected', 'config', 'cancelled',
] as const;
export type Category = (typeof CATEGORIES)[number];

export interface CodeFacts {
  category: Category;
  /** A temporary failure: worth another try, whatever the status. */
  transient?: true;
  /** Advice that fits better than the category's. */
  advice?: AdviceKey;
}

/** A table that knows its own entries only: a tenant may send `constructor` as its code. */
const table = (entries: Record<string, CodeFacts>): ReadonlyMap<string, CodeFacts> => new Map(Object.entries(entries));

const CODES = table({
  'CIAM.INPUT': { category: 'invalid-input' },
  'CIAM.CONFIG': { category: 'config' },
  'CIAM.TIMEOUT': { category: 'timeout' },
  'CIAM.NETWORK': { category: 'unavailable', transient: true },
  'CIAM.TLS': { category: 'untrusted' },
  'CIAM.RESPONSE': { category: 'bad-response' },
  'CIAM.HTTP.403': { category: 'forbidden', advice: 'whitelist' },
  'CIAM.HTTP.404': { category: 'rejected', advice: 'not-served' },
  'CIAM.HTTP.408': { category: 'unavailable', advice: 'not-now' },
  'CIAM.HTTP.421': { category: 'unavailable', advice: 'not-now' },
  'CIAM.HTTP.425': { category: 'unavailable', advice: 'not-now' },
  'CIAM.QUEUE.FULL': { category: 'overloaded' },
  'CIAM.CIRCUIT': { category: 'unavailable', advice: 'circuit-unknown' },
  'CIAM.LIST': { category: 'rejected', advice: 'list' },
  'CIAM.CLOSED': { category: 'cancelled' },
  'USER.0001': { category: 'not-found' },
  'USER.0002': { category: 'invalid-input' },
  'USER.0003': { category: 'invalid-input' },
  'USER.0004': { category: 'invalid-input' },
  'USER.0005': { category: 'invalid-input' },
  'USER.0020': { category: 'invalid-input', advice: 'mobile-rule' },
  'USER.0036': { category: 'invalid-input', advice: 'name-rule' },
  'USER.0037': { category: 'invalid-input', advice: 'name-rule' },
  'USER.0038': { category: 'invalid-input', advice: 'mobile-rule' },
  'MOBILE.0002': { category: 'invalid-input', advice: 'dialling-code' },
  'COM.0002': { category: 'unavailable', transient: true, advice: 'busy' },
  invalid_token: { category: 'unauthorized' },
  invalid_client: { category: 'unauthorized', advice: 'client-credentials' },
  unauthorized: { category: 'unauthorized' },
  unauthorized_user: { category: 'unauthorized' },
  unauthorized_client: { category: 'forbidden', advice: 'client-grant' },
  invalid_scope: { category: 'forbidden', advice: 'client-grant' },
  unsupported_grant_type: { category: 'forbidden', advice: 'client-grant' },
  invalid_request: { category: 'rejected', advice: 'token-request' },
  insufficient_scope: { category: 'forbidden' },
  access_denied: { category: 'forbidden' },
  'APP.0001': { category: 'forbidden', advice: 'app' },
  'APP.0002': { category: 'forbidden', advice: 'app' },
  'APP.0003': { category: 'forbidden', advice: 'app' },
});

/** Every code of the table; those of HTTP statuses are more. */
export const KNOWN_CODES: readonly string[] = [...CODES.keys()];

const PREFIX = 'IDAAS.TENANT.';
const OWN = 'CIAM.';

/** A code of ours; a tenant's that begins like one is no code. */
export const isOwn = (code: string): boolean => code.startsWith(OWN);

const bareCode = (code: string): string => (code.startsWith(PREFIX) ? code.slice(PREFIX.length) : code);

/** What a tenant's own code means, if it is a published one. */
const tenantCode = (code: string): CodeFacts | undefined => {
  const bare = bareCode(code);
  return isOwn(bare) ? undefined : CODES.get(bare);
};

/** What any code means, ours or a published one. */
export const codeFacts = (code: string): CodeFacts | undefined => (isOwn(code) ? CODES.get(code) : tenantCode(code));

/** A published code says nothing secret, whatever a short secret may have in common with it. */
export const isPublished = (code: string): boolean => tenantCode(code) !== undefined;

/** What an HTTP status alone means. */
export const statusCategory = (status: number): Category => {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 429) return 'rate-limited';
  return status >= 500 ? 'unavailable' : 'rejected';
};

/** Statuses that say the call never got an answer of the tenant itself: what is behind the gateway is away, or busy. */
const FAILED: ReadonlySet<number | null> = new Set([502, 503, 504]);
const TRANSIENT: ReadonlySet<number | null> = new Set([408, 421, 425, 429, ...FAILED]);

export const isTransientStatus = (status: number | null): boolean => TRANSIENT.has(status);
export const isFailedStatus = (status: number | null): boolean => FAILED.has(status);
