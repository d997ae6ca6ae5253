/**
 * The one family of errors: every lookup that does not find a user ends in a `LookupFailure`.
 * Codes and categories are public: flows route on them (docs/reference.md, "Failures").
 */
import { ADVICE, type AdviceKey, PROXY_AUTHENTICATION, PROXY_NTLM, adviceKey } from './advice';
import { type Category, categoryOf, isFailedStatus, isOwn, isTransientCode, isTransientStatus } from './codes';
import { type ConfigReason, type InputReason, MESSAGES, type MessageKey, type ResponseReason, type Values, filled } from './messages';

export { ADVICE, type AdviceKey } from './advice';
export { CATEGORIES, type Category, isPublished } from './codes';
export { type ConfigReason, type InputReason, MESSAGES, type MessageKey, type ResponseReason, type Values, filled } from './messages';

/** How one lookup went, on success and on failure alike; becomes `msg.lookup`. */
export interface LookupInfo {
  by: string;
  /** What was sent after clean-up; `null` when nothing could be. */
  value: string | null;
  /** Host and port of the tenant, or `"demo"`. */
  tenant: string;
  /** Calls made for this message: 0 from the cache or another message's call, 2 after one retry or renewal. */
  attempts: number;
  durationMs: number;
  source: 'tenant' | 'cache' | 'shared' | 'stale';
}

export interface FailureDetails {
  /** Catalogue key of the message. */
  message: MessageKey;
  /** HTTP status of the answer, `null` without one. */
  status?: number | null;
  /** The system's own code, such as `ECONNREFUSED`. */
  system?: string | undefined;
  /** What the tenant wrote, scrubbed. */
  detail?: string | undefined;
  /** The setting that makes no sense: the message begins with it. */
  property?: string | undefined;
  /** Advice that fits better than that of code and category. */
  advice?: AdviceKey | undefined;
  /** What message and advice name besides code, status and system: the host, a limit … */
  values?: Values | undefined;
  /** The last trouble of an outage that this failure tells of. */
  behind?: LookupFailure | undefined;
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
  /** The system's own code behind the failure; missing if there is none. */
  declare readonly system?: string;
  /** What the tenant wrote, scrubbed; missing if it wrote nothing. Not enumerable: it may name a user, and a printed failure does not show it. */
  declare readonly detail?: string;
  /** Holds the value looked up, which is personal data: not enumerable either. */
  declare readonly lookup?: LookupInfo;
  readonly #details: FailureDetails;

  /** @internal */
  constructor(code: string, details: FailureDetails) {
    // The stack of an answer from the network shows our own inside only, and is the most expensive part of an Error.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(sentence(code, details));
    Error.stackTraceLimit = stackTraceLimit;
    this.#details = details;
    this.code = code;
    this.status = details.status ?? null;
    this.category = categoryOf(code, this.status);
    this.retryable = RETRYABLE.has(this.category) || isTransientStatus(this.status);
    if (details.system !== undefined) this.system = details.system;
    if (details.detail) Object.defineProperty(this, 'detail', { value: details.detail, enumerable: false });
    this.advice = filled(ADVICE[this.adviceKey], this.values);
  }

  /** Catalogue key of the advice. @internal */
  get adviceKey(): AdviceKey {
    return this.#details.advice ?? adviceKey(this.code, this.category, this.status, this.system);
  }

  /** Catalogue key of the message. @internal */
  get messageKey(): MessageKey {
    return this.#details.message;
  }

  /** The setting before the message, if it is about one. @internal */
  get property(): string | undefined {
    return this.#details.property;
  }

  /** The last trouble of the outage that it tells of, if any is known. @internal */
  get behind(): LookupFailure | undefined {
    return this.#details.behind;
  }

  /** What the sentences name; a host that is not known is "the tenant", by the catalogue too. @internal */
  get values(): Values {
    return valuesOf(this.code, this.#details);
  }

  /** Whether the sentences name a host that is known. @internal */
  get namesHost(): boolean {
    return this.#details.values?.host !== undefined;
  }

  /** The same failure as it happened to one message: every message gets an object of its own. @internal */
  for(lookup: LookupInfo): LookupFailure {
    const own = this.at(lookup.tenant);
    Object.defineProperty(own, 'lookup', { value: lookup, enumerable: false });
    return own;
  }

  /** The same failure as it happened to one more message. @internal */
  copy(): LookupFailure {
    return this.lookup ? this.for(this.lookup) : this.with({});
  }

  /** A copy whose sentences name the host, unless they name one already. @internal */
  at(host: string): LookupFailure {
    return this.with(this.namesHost || !host ? {} : { values: { ...this.#details.values, host } });
  }

  /** A copy with advice that fits better. @internal */
  advised(advice: AdviceKey): LookupFailure {
    return this.with({ advice });
  }

  private with(details: Partial<FailureDetails>): LookupFailure {
    return new LookupFailure(this.code, { ...this.#details, ...details });
  }

  toJSON(): object {
    const { code, message, category, status, retryable, advice, system, detail } = this;
    return { code, message, category, status, retryable, advice, ...(system !== undefined && { system }), ...(detail !== undefined && { detail }) };
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const valuesOf = (code: string, { status, system, values }: FailureDetails): Values =>
  ({ host: MESSAGES['the-tenant'], code, status: status ?? '', system: system ?? '', ...values });

const sentence = (code: string, details: FailureDetails): string => {
  const text = filled(MESSAGES[details.message], valuesOf(code, details));
  if (details.property !== undefined) return `${details.property}: ${text}`;
  // A host keeps its letters; "the tenant" at the beginning of a sentence does not.
  return details.values?.host === undefined && !text.startsWith('by ') ? capital(text) : text;
};

const failure = (code: string, message: MessageKey, details: Omit<FailureDetails, 'message'> = {}): LookupFailure => new LookupFailure(code, { ...details, message });

/** A failure that the tenant named itself, by `error_code` or the OAuth `error`. `detail`: what it wrote, scrubbed already. */
export const tenantFailure = (code: string, status: number, detail?: string): LookupFailure => {
  if (isOwn(code)) return status >= 400 ? httpFailure(status, detail) : responseFailure(status, 'code', detail);
  // There is a sentence for each category of the tenant's codes and of the statuses.
  return failure(code, `tenant-${categoryOf(code, status)}` as MessageKey, { status, detail });
};

/** A failure known by the HTTP status alone: no body that says more. */
export const httpFailure = (status: number, detail?: string): LookupFailure => failure(`CIAM.HTTP.${status}`, 'http', { status, detail });

export const inputFailure = (reason: InputReason, values: Values = {}, advice?: AdviceKey): LookupFailure =>
  failure('CIAM.INPUT', `input-${reason}`, { values, advice });

/** Reasons that have advice of their own. */
const CONFIG_ADVICE: { [Reason in ConfigReason]?: AdviceKey } = {
  'missing-token': 'credentials', 'missing-clientId': 'credentials', 'missing-clientSecret': 'credentials', quoted: 'quotes', colon: 'client-id-colon', 'tls-passphrase': 'tls-passphrase', 'tls-pair': 'tls-pair', 'tls-pem': 'tls-pem', 'tls-unreadable': 'tls-pem',
};

/** `property` is the setting that makes no sense; the message begins with it. */
export const configFailure = (property: string, reason: ConfigReason, values: Values = {}): LookupFailure =>
  failure('CIAM.CONFIG', `config-${reason}`, { values, property, advice: CONFIG_ADVICE[reason] });

/** The message says which of the two passed. */
export const timeoutFailure = (property: 'timeout' | 'queueTimeout', seconds: number): LookupFailure =>
  failure('CIAM.TIMEOUT', property, { values: { seconds }, advice: property === 'queueTimeout' ? 'queue-timeout' : undefined });

type NetworkMessage = 'network' | 'proxy-unreachable' | 'proxy-refused' | 'proxy-authentication' | 'proxy-ntlm' | 'demo-start';

const at = (host: string | undefined): Values => (host === undefined ? {} : { host });

/** `host`: host and port, where they are known. */
export const networkFailure = (system: string, what: NetworkMessage = 'network', host?: string): LookupFailure =>
  failure('CIAM.NETWORK', what, {
    system, values: at(host),
    // Of a proxy that cannot be reached, the address of the tenant says nothing.
    advice: what === 'proxy-unreachable' ? 'proxy' : undefined,
  });

/** The proxy wants a password, or refused it; `system` may say that it takes none of ours. */
export const proxyPasswordFailure = (system: string = PROXY_AUTHENTICATION): LookupFailure =>
  networkFailure(system, system === PROXY_NTLM ? 'proxy-ntlm' : 'proxy-authentication');

export const tlsFailure = (system: string, host?: string): LookupFailure =>
  failure('CIAM.TLS', 'tls', { system, values: at(host) });

export const responseFailure = (status: number | null, reason: ResponseReason, detail?: string, values: Values = {}): LookupFailure =>
  failure('CIAM.RESPONSE', `response-${reason}`, { status, detail, values, advice: reason === 'redirect' ? 'redirect' : undefined });

export const queueFullFailure = (limit: number): LookupFailure =>
  failure('CIAM.QUEUE.FULL', 'queue-full', { values: { limit } });

/** An outage that has lasted too long. `last`: what the last call met, if any is known. */
export const circuitFailure = (last: LookupFailure | null = null): LookupFailure => {
  if (last === null) return failure('CIAM.CIRCUIT', 'circuit-unknown');
  const values = { ...(last.namesHost && { host: last.values['host'] ?? '' }), cause: last.advice };
  return failure('CIAM.CIRCUIT', 'circuit', { system: last.system ?? last.code, values, advice: 'circuit', behind: last });
};

export const listFailure = (failed: number, total: number): LookupFailure => failure('CIAM.LIST', 'list', { values: { failed, total } });

export const closedFailure = (): LookupFailure => failure('CIAM.CLOSED', 'closed');

/** What a callback of the caller threw: a warning of the process, since no other lookup must suffer from it. */
export const warnOfThrown = (error: unknown): void => process.emitWarning(error instanceof Error ? error : String(error));

const noRetryMends = ({ system }: LookupFailure): boolean => system === PROXY_AUTHENTICATION || system === PROXY_NTLM;

/** Temporary failures, and only they, are worth another try: the lookups only read, so repeating their POST is safe. */
export const isTransient = (met: LookupFailure): boolean => (isTransientCode(met.code) && !noRetryMends(met)) || isTransientStatus(met.status);

/** A token call may be granted next time. HTTP 500 says nothing about the credentials; that of a lookup may be about its record, and is no reason to try again. */
export const mayBeGranted = (met: LookupFailure): boolean => isTransient(met) || (met.category === 'unavailable' && (met.status ?? 0) >= 500);

/** A call that failed: no response, none in time, or one that says that the tenant is away or busy. Any other response, HTTP 500 included, is an answer. */
export const isFailedCall = (met: LookupFailure): boolean => isTransientCode(met.code) || met.code === 'CIAM.TIMEOUT' || isFailedStatus(met.status);
