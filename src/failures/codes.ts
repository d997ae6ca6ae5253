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

interface CodeFacts {
  category: Category;
  /** The category's own, unless another one fits better. */
  advice: AdviceKey;
}

const TABLE: readonly (readonly [Category, AdviceKey, codes: string])[] = [
  ['invalid-input', 'invalid-input', 'CIAM.INPUT USER.0002 USER.0003 USER.0004 USER.0005'],
  ['invalid-input', 'mobile-rule', 'USER.0020 USER.0038'],
  ['invalid-input', 'name-rule', 'USER.0036 USER.0037'],
  ['invalid-input', 'dialling-code', 'MOBILE.0002'],
  ['not-found', 'not-found', 'USER.0001'],
  ['config', 'config', 'CIAM.CONFIG'],
  ['timeout', 'timeout', 'CIAM.TIMEOUT'],
  ['unavailable', 'unavailable', 'CIAM.NETWORK'],
  ['unavailable', 'not-now', 'CIAM.HTTP.408 CIAM.HTTP.421 CIAM.HTTP.425'],
  ['unavailable', 'circuit-unknown', 'CIAM.CIRCUIT'],
  ['unavailable', 'busy', 'COM.0002'],
  ['untrusted', 'untrusted', 'CIAM.TLS'],
  ['bad-response', 'bad-response', 'CIAM.RESPONSE'],
  ['overloaded', 'overloaded', 'CIAM.QUEUE.FULL'],
  ['cancelled', 'cancelled', 'CIAM.CLOSED'],
  ['unauthorized', 'unauthorized', 'invalid_token unauthorized unauthorized_user'],
  ['unauthorized', 'client-credentials', 'invalid_client'],
  ['forbidden', 'forbidden', 'insufficient_scope access_denied'],
  ['forbidden', 'whitelist', 'CIAM.HTTP.403'],
  ['forbidden', 'client-grant', 'unauthorized_client invalid_scope unsupported_grant_type'],
  ['forbidden', 'app', 'APP.0001 APP.0002 APP.0003'],
  ['rejected', 'not-served', 'CIAM.HTTP.404'],
  ['rejected', 'list', 'CIAM.LIST'],
  ['rejected', 'token-request', 'invalid_request'],
];

/** Knows its own entries only: a tenant may send `constructor` as its code. */
const CODES: ReadonlyMap<string, CodeFacts> = new Map(TABLE.flatMap(([category, advice, codes]) => codes.split(' ').map((code) => [code, { category, advice }])));

/** Every code of the table; those of HTTP statuses are more. */
export const KNOWN_CODES: readonly string[] = [...CODES.keys()];

/** A code of ours; a tenant's that begins like one is no code. */
export const isOwn = (code: string): boolean => code.startsWith('CIAM.');

const bareCode = (code: string): string => code.replace(/^IDAAS\.TENANT\./, '');

/** What any code means, ours or a published one. */
export const codeFacts = (code: string): CodeFacts | undefined => {
  const bare = bareCode(code);
  return bare !== code && isOwn(bare) ? undefined : CODES.get(bare);
};

/** A published code says nothing secret, whatever a short secret may have in common with it. */
export const isPublished = (code: string): boolean => !isOwn(code) && codeFacts(code) !== undefined;

/** The network, and system busy: worth another try, whatever the status. */
export const isTransientCode = (code: string): boolean => code === 'CIAM.NETWORK' || bareCode(code) === 'COM.0002';

/** What an HTTP status alone means. */
const statusCategory = (status: number): Category => {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 429) return 'rate-limited';
  return status >= 500 ? 'unavailable' : 'rejected';
};

export const categoryOf = (code: string, status: number | null): Category => codeFacts(code)?.category ?? statusCategory(status ?? 0);

/** Statuses that say the call never got an answer of the tenant itself: what is behind the gateway is away, or busy. */
const FAILED: ReadonlySet<number | null> = new Set([502, 503, 504]);
const TRANSIENT: ReadonlySet<number | null> = new Set([408, 421, 425, 429, ...FAILED]);

export const isTransientStatus = (status: number | null): boolean => TRANSIENT.has(status);
export const isFailedStatus = (status: number | null): boolean => FAILED.has(status);
