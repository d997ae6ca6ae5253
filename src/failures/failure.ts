/**
 * The one family of errors: every lookup that does not find a user ends in a `LookupFailure`.
 * Codes and categories are public: flows route on them (README, "Failures").
 */
import { ADVICE, type AdviceKey, PROXY_AUTHENTICATION, adviceKey, bareCode, type Category } from './advice';

export { ADVICE, CATEGORIES, adviceKey, type AdviceKey, type Category } from './advice';

/** How one lookup went, on success and on failure alike; becomes `msg.lookup`. */
export interface LookupInfo {
  by: string;
  /** What was sent after clean-up; `null` when nothing could be. */
  value: string | null;
  /** Host and port of the tenant, or `"demo"`. */
  tenant: string;
  /** Calls made for this message: 0 from memory or another message's call, 2 after one retry or renewal. */
  attempts: number;
  durationMs: number;
  source: 'tenant' | 'cache' | 'shared' | 'stale';
}

export interface FailureDetails {
  category: Category;
  /** HTTP status of the answer, `null` without one. */
  status?: number | null;
  /** The default follows from the category. */
  retryable?: boolean;
  /** The system's code behind a network or TLS failure. */
  cause?: { code: string } | undefined;
}

const RETRYABLE: ReadonlySet<Category> = new Set(['rate-limited', 'overloaded', 'unavailable', 'timeout', 'cancelled']);

export class LookupFailure extends Error {
  override readonly name = 'LookupFailure';
  readonly code: string;
  readonly category: Category;
  readonly status: number | null;
  readonly retryable: boolean;
  /** One English sentence a flow builder can act on; the nodes translate it. */
  readonly advice: string;
  declare readonly cause?: { code: string };
  /** Holds the value looked up, which is personal data: not enumerable, so that a printed failure does not show it. */
  declare readonly lookup?: LookupInfo;

  constructor(code: string, message: string, details: FailureDetails) {
    // The stack of an answer from the network shows our own inside only, and is the dearest part of an Error.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.category = details.category;
    this.status = details.status ?? null;
    this.retryable = details.retryable ?? RETRYABLE.has(details.category);
    if (details.cause) this.cause = details.cause;
    this.advice = ADVICE[this.adviceKey];
  }

  /** Catalogue key of the advice. */
  get adviceKey(): AdviceKey {
    return adviceKey(this.code, this.category, this.cause);
  }

  /** The same failure as it happened to one message: every message gets an object of its own. */
  for(lookup: LookupInfo): LookupFailure {
    const { category, status, retryable, cause } = this;
    const own = new LookupFailure(this.code, this.message, { category, status, retryable, cause });
    Object.defineProperty(own, 'lookup', { value: lookup, enumerable: false });
    return own;
  }

  toJSON(): object {
    const { code, message, category, status, retryable, advice, cause } = this;
    return { code, message, category, status, retryable, advice, ...(cause && { cause }) };
  }
}

/** What the tenant's own codes mean: the vendors' published error codes (README, Failures); the prefix `IDAAS.TENANT.` is optional. */
const TENANT_CODES: Readonly<Record<string, { category: Category; passing?: true }>> = {
  'USER.0001': { category: 'not-found' },
  'USER.0002': { category: 'invalid-input' },
  'USER.0003': { category: 'invalid-input' },
  'USER.0004': { category: 'invalid-input' },
  'USER.0020': { category: 'invalid-input' },
  'USER.0036': { category: 'invalid-input' },
  'USER.0037': { category: 'invalid-input' },
  'USER.0038': { category: 'invalid-input' },
  'MOBILE.0002': { category: 'invalid-input' },
  'COM.0002': { category: 'unavailable', passing: true },
  invalid_token: { category: 'unauthorized' },
  invalid_client: { category: 'unauthorized' },
  unauthorized_user: { category: 'unauthorized' },
  insufficient_scope: { category: 'forbidden' },
  access_denied: { category: 'forbidden' },
  'APP.0001': { category: 'forbidden' },
  'APP.0002': { category: 'forbidden' },
  'APP.0003': { category: 'forbidden' },
};

/** A published code says nothing secret, whatever a short secret may have in common with it. */
export const isPublished = (code: string): boolean => Object.hasOwn(TENANT_CODES, bareCode(code));

const byStatus = (status: number): Category => {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 429) return 'rate-limited';
  return status >= 500 ? 'unavailable' : 'rejected';
};

/** A failure that the tenant named itself, by `error_code` or the OAuth `error`. `text` is scrubbed already. */
export const tenantFailure = (code: string, status: number, text: string): LookupFailure => {
  const known = TENANT_CODES[bareCode(code)];
  const category = known?.category ?? (status === 429 ? 'rate-limited' : status >= 500 ? 'unavailable' : 'rejected');
  return new LookupFailure(code, text || `The tenant answered ${code}.`, { category, status });
};

/** A failure known by the HTTP status alone: no body that says more. */
export const httpFailure = (status: number): LookupFailure =>
  new LookupFailure(`CIAM.HTTP.${status}`, `The tenant answered HTTP ${status} without an error code.`, { category: byStatus(status), status });

export const inputFailure = (reason: string): LookupFailure => new LookupFailure('CIAM.INPUT', reason, { category: 'invalid-input' });

/** `property` is the setting that makes no sense; the message names it. */
export const configFailure = (property: string, expected: string): LookupFailure =>
  new LookupFailure('CIAM.CONFIG', `${property}: ${expected}`, { category: 'config' });

export const timeoutFailure = (property: 'timeout' | 'queueTimeout', seconds: number): LookupFailure =>
  new LookupFailure('CIAM.TIMEOUT',
    property === 'timeout' ? `No answer within the timeout of ${seconds} s.` : `Its turn did not come within the queueTimeout of ${seconds} s.`,
    { category: 'timeout' });

export const networkFailure = (code: string, what = 'The tenant could not be reached'): LookupFailure =>
  new LookupFailure('CIAM.NETWORK', `${what} (${code}).`, { category: 'unavailable', cause: { code } });

export const proxyPasswordFailure = (): LookupFailure =>
  networkFailure(PROXY_AUTHENTICATION, 'The proxy asks for a user name and password, or refused them');

export const tlsFailure = (code: string): LookupFailure =>
  new LookupFailure('CIAM.TLS', `The TLS connection was refused (${code}).`, { category: 'untrusted', cause: { code } });

export const responseFailure = (status: number | null, what: string): LookupFailure =>
  new LookupFailure('CIAM.RESPONSE', `The answer is not a user: ${what}.`, { category: 'bad-response', status });

export const queueFullFailure = (limit: number): LookupFailure =>
  new LookupFailure('CIAM.QUEUE.FULL', `${limit} lookups are waiting already (queueLimit).`, { category: 'overloaded' });

export const circuitFailure = (): LookupFailure =>
  new LookupFailure('CIAM.CIRCUIT', 'Ten calls in a row failed: the tenant is spared until a probe succeeds.', { category: 'unavailable' });

export const listFailure = (failed: number, total: number): LookupFailure =>
  new LookupFailure('CIAM.LIST', `${failed} of ${total} items of the list failed.`, { category: 'rejected' });

export const closedFailure = (): LookupFailure =>
  new LookupFailure('CIAM.CLOSED', 'The flow was redeployed or stopped before the answer came.', { category: 'cancelled' });

/** Passing troubles, and only they, are worth another try: the lookups only read, so repeating their POST is safe. */
export const isPassing = (failure: LookupFailure): boolean =>
  (failure.code === 'CIAM.NETWORK' && failure.cause?.code !== PROXY_AUTHENTICATION) || TENANT_CODES[bareCode(failure.code)]?.passing === true ||
  failure.status === 429 || failure.status === 502 || failure.status === 503 || failure.status === 504;

/** What the circuit counts: the tenant itself is in trouble, whatever was asked. */
export const isOutage = (failure: LookupFailure): boolean =>
  failure.code === 'CIAM.NETWORK' || failure.code === 'CIAM.TIMEOUT' || (failure.status !== null && failure.status >= 500);
