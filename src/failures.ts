/**
 * The one family of errors: every lookup that does not find a user ends in a `LookupFailure`.
 * Codes and categories are public: flows route on them (README, "Failures").
 */

export const CATEGORIES = [
  'not-found', 'invalid-input', 'unauthorized', 'forbidden', 'rate-limited', 'overloaded', 'unavailable',
  'timeout', 'untrusted', 'bad-response', 'rejected', 'config', 'cancelled',
] as const;
export type Category = (typeof CATEGORIES)[number];

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
  source: 'tenant' | 'cache' | 'shared';
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
    this.advice = ADVICE[adviceKey(code, details.category, details.cause)];
    if (details.cause) this.cause = details.cause;
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

/** What the tenant's own codes mean (api.md; the prefix `IDAAS.TENANT.` is optional). */
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

const PREFIX = 'IDAAS.TENANT.';
const bare = (code: string): string => (code.startsWith(PREFIX) ? code.slice(PREFIX.length) : code);

const byStatus = (status: number): Category => {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 429) return 'rate-limited';
  return status >= 500 ? 'unavailable' : 'rejected';
};

/** A failure that the tenant named itself, by `error_code` or the OAuth `error`. `text` is scrubbed already. */
export const tenantFailure = (code: string, status: number, text: string): LookupFailure => {
  const known = TENANT_CODES[bare(code)];
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

/** `cause.code` of a refused proxy password, which no retry mends. */
const PROXY_AUTHENTICATION = 'PROXY_AUTHENTICATION_REQUIRED';
export const proxyPasswordFailure = (): LookupFailure =>
  networkFailure(PROXY_AUTHENTICATION, 'The proxy asks for a user name and password, or refused them, with HTTP 407');

export const tlsFailure = (code: string): LookupFailure =>
  new LookupFailure('CIAM.TLS', `The TLS connection was refused (${code}).`, { category: 'untrusted', cause: { code } });

export const responseFailure = (status: number | null, what: string): LookupFailure =>
  new LookupFailure('CIAM.RESPONSE', `The answer is not a user: ${what}.`, { category: 'bad-response', status });

export const queueFullFailure = (limit: number): LookupFailure =>
  new LookupFailure('CIAM.QUEUE.FULL', `${limit} lookups are waiting already (queueLimit).`, { category: 'overloaded' });

export const circuitFailure = (): LookupFailure =>
  new LookupFailure('CIAM.CIRCUIT', 'Ten calls in a row failed: the tenant is spared until a probe succeeds.', { category: 'unavailable' });

export const closedFailure = (): LookupFailure =>
  new LookupFailure('CIAM.CLOSED', 'The flow was redeployed or stopped before the answer came.', { category: 'cancelled' });

/** Passing troubles, and only they, are worth another try: the lookups only read, so repeating their POST is safe. */
export const isPassing = (failure: LookupFailure): boolean =>
  (failure.code === 'CIAM.NETWORK' && failure.cause?.code !== PROXY_AUTHENTICATION) || TENANT_CODES[bare(failure.code)]?.passing === true ||
  failure.status === 429 || failure.status === 502 || failure.status === 503 || failure.status === 504;

/** What the circuit counts: the tenant itself is in trouble, whatever was asked. */
export const isOutage = (failure: LookupFailure): boolean =>
  failure.code === 'CIAM.NETWORK' || failure.code === 'CIAM.TIMEOUT' || (failure.status !== null && failure.status >= 500);

/** Advice that fits a code better than its category's; keys of the catalogues under `advice`. */
const CODE_ADVICE: Readonly<Record<string, AdviceKey>> = {
  'USER.0020': 'mobile-rule',
  'USER.0038': 'mobile-rule',
  'MOBILE.0002': 'dialling-code',
  invalid_client: 'client-credentials',
  'APP.0001': 'app',
  'APP.0002': 'app',
  'APP.0003': 'app',
  'CIAM.LIST': 'list',
  'CIAM.CIRCUIT': 'circuit',
  'CIAM.HTTP.404': 'not-served',
};

/** English advice by key. The catalogues `nodes/ciam-user/locales/*` hold the same keys; a test compares them. */
export const ADVICE = {
  'not-found': 'Check that this user exists in the tenant, in the form the tenant stores it.',
  'invalid-input': 'Check the value that is looked up: a mobile number or a name, as text.',
  'mobile-rule': 'Write the number as the tenant expects it, for example 13800001111 or +86-13800001111; the rule is in the admin portal under Users > User Attribute Definition.',
  'dialling-code': 'Allow this dialling code in the admin portal under Enterprise Configuration > International Dialing Code Configuration, or look up another number.',
  'unauthorized': 'Check the token, or the client id and secret, in the tenant node; a token may have expired.',
  'client-credentials': 'Check the client id and client secret in the tenant node against the admin portal.',
  'forbidden': 'Grant the user query API to this app in the admin portal.',
  'app': 'Check in the admin portal that the app exists and is enabled.',
  'rate-limited': 'Send fewer lookups: set a rate limit in the tenant node, or try again later.',
  'overloaded': 'Slow the messages down, or raise the queue limit in the tenant node.',
  'unavailable': 'Try again later; check the domain, the proxy and the network if it stays so.',
  'circuit': 'Wait: the tenant is asked again by itself, at most 30 seconds later. Check the domain and the network if it stays so.',
  'timeout': 'Try again later, or raise the timeout in the tenant node.',
  'untrusted': 'Check the domain; for a certificate of your own authority, choose a TLS node that knows it.',
  'bad-response': 'Check the domain: something other than the tenant seems to answer, such as a proxy or a login page.',
  'not-served': 'Check the domain, and whether this tenant offers this kind of lookup.',
  'proxy-password': 'Check the user name and password in the proxy node.',
  'rejected': 'Look up the code in the documentation of the tenant.',
  'list': 'See the failures of the list, one by one, in the message.',
  'config': 'Open the tenant node and correct the property that the message names.',
  'cancelled': 'Send the message again: the flow was restarted meanwhile.',
} as const;
export type AdviceKey = keyof typeof ADVICE;

/** The catalogue key of the advice for a failure. */
export const adviceKey = (code: string, category: Category, cause?: { code: string }): AdviceKey =>
  (cause?.code === PROXY_AUTHENTICATION ? 'proxy-password' : CODE_ADVICE[bare(code)]) ?? category;
