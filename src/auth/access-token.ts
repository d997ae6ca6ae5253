/** The access token: a fixed one, or client credentials with renewal. However many lookups wait, one token call at a time. */
import { failureOf, type Reply } from '../api/response';
import { parseObject } from '../api/json';
import type { Clock } from '../clock';
import { Deadlines, type Timed } from '../resilience/deadlines';
import { closedFailure, isOutage, isPassing, LookupFailure, timeoutFailure } from '../failures/failure';
import { retryAfterMs } from '../resilience/backoff';
import type { Secrets } from '../api/redact';
import { type Credentials, LONGEST_SECRET } from '../settings/settings';
import type { Exchange, Receiver, Transport, TransportResult } from '../http/transport';

export interface Token {
  /** Headers of a lookup with this token. */
  readonly headers: string[];
}

export interface TokenSource {
  /** A token that can be used now, without waiting. */
  ready(): Token | null;
  /** Calls back with a token, at once if there is one. */
  use(callback: (token: Token | LookupFailure) => void): void;
  /** The tenant refused this token. True: `use` will give another one. */
  refused(token: Token): boolean;
  /** How the replay after a renewal went: what did not help is not repeated for a while. */
  replayed(accepted: boolean): void;
  /** Whole seconds until expiry; `null` when that is not known. */
  readonly expiresIn: number | null;
  /** Tokens fetched after the first. */
  readonly renewals: number;
  close(): void;
}

const lookupHeaders = (token: string, userAgent: string): string[] => [
  'Authorization', `Bearer ${token}`, 'Content-Type', 'application/json; charset=utf-8', 'Accept', 'application/json', 'User-Agent', userAgent,
];

export const fixedToken = (token: string, userAgent: string): TokenSource => {
  const fixed: Token = { headers: lookupHeaders(token, userAgent) };
  return { ready: () => fixed, use: (callback) => callback(fixed), refused: () => false, replayed: () => undefined, expiresIn: null, renewals: 0, close: () => undefined };
};

/** What a vendor's tenant grants unless an administrator changed it. */
const USUAL_LIFETIME_MS = 1_800_000;
/** A token that claims to live shorter is kept this long all the same: a broken `expires_in` must not make a loop. */
const SHORTEST_LIFETIME_MS = 1000;
const EARLY = 0.1;
const LONGEST_EARLY_MS = 60_000;

/** After a refusal that no retry mends the tenant is left alone for 1, 2, 4 … 30 s. */
class Pause {
  private nextMs = 1000;
  private until = 0;

  isOver(now: number): boolean {
    return now >= this.until;
  }

  begin(now: number): void {
    this.until = now + this.nextMs;
    this.nextMs = Math.min(this.nextMs * 2, 30_000);
  }

  reset(): void {
    this.nextMs = 1000;
    this.until = 0;
  }
}

const canBeToken = (value: unknown): value is string => typeof value === 'string' && value.length <= LONGEST_SECRET && /^[\x21-\x7e]+$/.test(value);

const lifetimeMs = (expiresIn: unknown): number => {
  const seconds = typeof expiresIn === 'number' || (typeof expiresIn === 'string' && expiresIn.trim() !== '') ? Number(expiresIn) : NaN;
  return Number.isFinite(seconds) ? Math.max(seconds * 1000, SHORTEST_LIFETIME_MS) : USUAL_LIFETIME_MS;
};

type ClientCredentials = Extract<Credentials, { kind: 'client' }>;

/** Both published ways; a secret in a URL (the third) would end up in proxy logs. */
const tokenRequest = ({ clientAuth, clientId, clientSecret }: ClientCredentials, userAgent: string) => {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  const headers = ['Content-Type', 'application/x-www-form-urlencoded', 'Accept', 'application/json', 'User-Agent', userAgent];
  if (clientAuth === 'basic') {
    headers.push('Authorization', `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`);
  } else {
    form.set('client_id', clientId);
    form.set('client_secret', clientSecret);
  }
  return { method: 'POST' as const, path: '/api/v2/tenant/token', headers, body: form.toString() };
};

export interface TokenParts {
  clock: Clock;
  transport: Transport;
  secrets: Secrets;
  timeoutMs: number;
  userAgent: string;
  /** Told once for each token call whether the tenant itself was in trouble. */
  report: (outage: boolean) => void;
  /** The tenant asks for so much peace. */
  hold: (ms: number, by: LookupFailure) => void;
}

/** The deadline of the token call under way. */
class TokenCall implements Timed<TokenCall> {
  deadline = 0;
  older = null;
  newer = null;
  list: Deadlines<TokenCall> | null = null;
}

export class ClientToken implements TokenSource, Receiver {
  private current: Token | null = null;
  private expiresAt = 0;
  private renewAt = 0;
  private waiting: ((token: Token | LookupFailure) => void)[] = [];
  private exchange: Exchange | null = null;
  private fetched = 0;
  private startedAt = 0;
  /** After a token call that failed, and after a new token that the tenant refused as well. */
  private readonly afterFailure = new Pause();
  private readonly afterRefusal = new Pause();
  /** Why the tenant gives no token: the answer to everybody until the pause is over. */
  private refusal: LookupFailure | null = null;
  private readonly request: ReturnType<typeof tokenRequest>;
  private readonly deadlines: Deadlines<TokenCall>;
  private readonly call = new TokenCall();

  constructor(credentials: ClientCredentials, private readonly parts: TokenParts) {
    this.request = tokenRequest(credentials, parts.userAgent);
    this.deadlines = new Deadlines(parts.timeoutMs, parts.clock, () => {
      this.exchange?.cancel();
      this.failed(timeoutFailure('timeout', parts.timeoutMs / 1000));
    });
  }

  get expiresIn(): number | null {
    return this.current ? Math.max(0, Math.round((this.expiresAt - this.parts.clock.now()) / 1000)) : null;
  }

  get renewals(): number {
    return Math.max(0, this.fetched - 1);
  }

  ready(): Token | null {
    if (!this.current) return null;
    const now = this.parts.clock.now();
    // Shortly before expiry the old token still serves while the next one is on its way.
    if (now >= this.renewAt && this.afterFailure.isOver(now)) this.fetch();
    return now < this.expiresAt ? this.current : null;
  }

  use(callback: (token: Token | LookupFailure) => void): void {
    const ready = this.ready();
    if (ready) {
      callback(ready);
    } else if (this.refusal && !this.afterFailure.isOver(this.parts.clock.now())) {
      callback(this.refusal);
    } else {
      this.waiting.push(callback);
      this.fetch();
    }
  }

  refused(token: Token): boolean {
    if (token !== this.current) return true;
    // A new token did not help the last time: asking for more of them would be a storm.
    if (!this.afterRefusal.isOver(this.parts.clock.now())) return false;
    this.current = null;
    return true;
  }

  replayed(accepted: boolean): void {
    const now = this.parts.clock.now();
    if (accepted) this.afterRefusal.reset();
    else if (this.afterRefusal.isOver(now)) this.afterRefusal.begin(now);
  }

  close(): void {
    this.deadlines.close();
    this.exchange?.cancel();
    this.exchange = null;
    this.answer(closedFailure());
  }

  private fetch(): void {
    if (this.exchange) return;
    this.startedAt = this.parts.clock.now();
    this.exchange = this.parts.transport.send({ ...this.request }, this);
    this.deadlines.add(this.call);
  }

  /** The answer to the token call. */
  received(result: TransportResult): void {
    if (result instanceof LookupFailure) this.failed(result);
    else this.read(result);
  }

  private read(reply: Reply): void {
    const { clock, secrets, userAgent, report, hold } = this.parts;
    const body = parseObject(reply.text);
    const token = body?.access_token;
    if (!body || reply.status >= 300 || !canBeToken(token)) {
      const failure = failureOf(reply, body, 'access_token', secrets, null);
      const holdMs = isPassing(failure) ? retryAfterMs(reply.retryAfter, clock) : null;
      if (holdMs !== null) hold(holdMs, failure);
      return this.failed(failure);
    }
    report(false);
    this.ended();
    if (canBeToken(body.id_token)) secrets.add(body.id_token);
    secrets.add(token);
    const lifetime = lifetimeMs(body.expires_in);
    this.current = { headers: lookupHeaders(token, userAgent) };
    this.expiresAt = this.startedAt + lifetime;
    this.renewAt = this.expiresAt - Math.min(lifetime * EARLY, LONGEST_EARLY_MS);
    this.fetched++;
    this.refusal = null;
    this.afterFailure.reset();
    this.answer(this.current);
  }

  private failed(failure: LookupFailure): void {
    this.parts.report(isOutage(failure));
    this.ended();
    this.refusal = isPassing(failure) || failure.category === 'timeout' ? null : failure;
    this.afterFailure.begin(this.parts.clock.now());
    this.answer(failure);
  }

  private ended(): void {
    this.exchange = null;
    this.deadlines.remove(this.call);
  }

  private answer(result: Token | LookupFailure): void {
    const { waiting } = this;
    this.waiting = [];
    for (const callback of waiting) callback(result);
  }
}
