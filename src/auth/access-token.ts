/** The access token: a fixed one, or client credentials with renewal. However many lookups wait, one token call at a time. */
import { AsyncResource } from 'node:async_hooks';
import { parseObject } from '../api/json';
import type { Redactor } from '../api/redact';
import { failureOf, type Reply } from '../api/response';
import { Alarm, type Clock } from '../clock';
import { closedFailure, isFailedCall, LookupFailure, mayBeGranted, timeoutFailure } from '../failures/failure';
import type { Exchange, Receiver, Transport, TransportResult } from '../http/transport';
import { backoffMs, retryAfterMs } from '../resilience/backoff';
import type { Condition } from '../resilience/condition';
import type { RequestQueue } from '../resilience/request-queue';
import { type Credentials, LONGEST_SECRET } from '../settings/settings';

export interface Token {
  /** Headers of a lookup with this token. */
  readonly headers: string[];
  /** When it was granted. */
  readonly since: number;
}

export type TokenCallback = (token: Token | LookupFailure) => void;

export interface TokenSource {
  /** A token that can be used now, without waiting. */
  ready(): Token | null;
  /** Calls back with a token, at once if there is one. */
  use(callback: TokenCallback): void;
  /** The same before any lookup needs it: that does not count as a use. */
  prepare(callback: TokenCallback): void;
  /** The tenant refused this token. True: `use` will give another one. */
  refused(token: Token): boolean;
  /** A token that came in place of a refused one was refused as well, or was accepted. */
  rejected(token: Token): void;
  accepted(token: Token): void;
  /** The tenant granted its tokens: one that it refuses is not for want of the right credentials. */
  readonly isGranted: boolean;
  /** This machine was suspended for so long. */
  age(ms: number): void;
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
  const fixed: Token = { headers: lookupHeaders(token, userAgent), since: -Infinity };
  const nothing = (): void => undefined;
  const give = (callback: TokenCallback): void => callback(fixed);
  return {
    ready: () => fixed, use: give, prepare: give, refused: () => false, rejected: nothing, accepted: nothing, age: nothing,
    isGranted: false, expiresIn: null, renewals: 0, close: nothing,
  };
};

/** What a vendor's tenant grants unless an administrator changed it. */
const USUAL_LIFETIME_MS = 1_800_000;
/** A token that claims to live shorter is kept this long all the same: a broken `expires_in` must not make a loop. */
const SHORTEST_LIFETIME_MS = 1000;
/** Renewed at a random moment of its life, so that a fleet's renewals spread. */
const RENEW_FROM = 0.8;
const RENEW_TO = 0.9;

/** A background renewal that failed is tried again after 1, 2, 4 … 60 s. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

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
  random: () => number;
  transport: Transport;
  redactor: Redactor;
  queue: Pick<RequestQueue, 'tokenCallFailed' | 'tokenCallPaused' | 'tokenCallRefused' | 'accept'>;
  condition: Condition;
  timeoutMs: number;
  userAgent: string;
  /** The asynchronous context of what no message has caused. */
  outside: AsyncResource;
}

export class ClientToken implements TokenSource, Receiver {
  readonly isGranted = true;
  private current: Token | null = null;
  /** This token, those before it that are still good, and what came with them; and until when each is a secret. */
  private readonly secrets = new Map<string, number>();
  /** Its life. */
  private bornAt = 0;
  private expiresAt = 0;
  /** A lookup wanted a token last. */
  private usedAt = -Infinity;
  /** The moment to renew has come, and nobody had used the token by then. */
  private isRenewalDue = false;
  private waiting: TokenCallback[] = [];
  private exchange: Exchange | null = null;
  private fetched = 0;
  private startedAt = 0;
  private failures = 0;
  private readonly deadline: Alarm;
  private readonly renewal: Alarm;
  /** A token that replaced a refused one was refused as well: no other one before this time. */
  private noRenewalBefore = 0;
  private vainMs = FIRST_PAUSE_MS;
  /** A token call was refused, and none has been granted since. */
  private hasRefused = false;
  private closed = false;
  private readonly request: ReturnType<typeof tokenRequest>;

  constructor(credentials: ClientCredentials, private readonly parts: TokenParts) {
    this.request = tokenRequest(credentials, parts.userAgent);
    this.deadline = new Alarm(parts.clock);
    this.renewal = new Alarm(parts.clock);
  }

  get expiresIn(): number | null {
    return this.current ? Math.max(0, Math.round((this.expiresAt - this.parts.clock.now()) / 1000)) : null;
  }

  get renewals(): number {
    return Math.max(0, this.fetched - 1);
  }

  ready(): Token | null {
    this.usedAt = this.parts.clock.now();
    const token = this.goodAt(this.usedAt);
    if (token && this.isRenewalDue) this.fetch(this.usedAt);
    return token;
  }

  use(callback: TokenCallback): void {
    const token = this.ready();
    if (token) callback(token);
    else this.prepare(callback, this.usedAt);
  }

  prepare(callback: TokenCallback, now = this.parts.clock.now()): void {
    const token = this.goodAt(now);
    if (this.closed) return callback(closedFailure());
    if (token) return callback(token);
    this.waiting.push(callback);
    this.fetch(now);
  }

  refused(token: Token): boolean {
    if (token !== this.current) return true;
    // A new token did not help the last time: asking for more of them would be a storm.
    if (this.parts.clock.now() < this.noRenewalBefore) return false;
    this.current = null;
    this.renewal.stop();
    return true;
  }

  rejected(token: Token): void {
    const now = this.parts.clock.now();
    if (token !== this.current || now < this.noRenewalBefore) return;
    this.noRenewalBefore = now + this.vainMs;
    this.vainMs = Math.min(this.vainMs * 2, LONGEST_PAUSE_MS);
  }

  accepted(): void {
    this.noRenewalBefore = 0;
    this.vainMs = FIRST_PAUSE_MS;
  }

  age(ms: number): void {
    this.bornAt -= ms;
    this.expiresAt -= ms;
    this.timeRenewal();
  }

  close(): void {
    this.closed = true;
    this.renewal.stop();
    this.ended();
    this.answer(closedFailure());
  }

  /** The answer to the token call. */
  received(result: TransportResult): void {
    // A reused connection that ended before any answer: once more, on a fresh one.
    if (result === 'stale') this.send(true);
    else if (result instanceof LookupFailure) this.failed(result, null);
    else this.read(result);
  }

  private goodAt(now: number): Token | null {
    return now < this.expiresAt ? this.current : null;
  }

  /** A lookup that causes it is a use of the life that begins with it: `now` is the same moment for both. */
  private fetch(now: number): void {
    if (this.exchange || this.closed) return;
    this.isRenewalDue = false;
    const { timeoutMs } = this.parts;
    this.startedAt = now;
    this.deadline.set(() => this.failed(timeoutFailure('timeout', timeoutMs / 1000), null), timeoutMs);
    this.send(false);
  }

  private send(fresh: boolean): void {
    const { outside, transport } = this.parts;
    this.exchange = outside.runInAsyncScope(() => transport.send({ ...this.request, beside: true }, this, fresh));
  }

  private read(reply: Reply): void {
    const { clock, redactor, userAgent, condition, queue } = this.parts;
    const body = parseObject(reply.text);
    const token = body?.access_token;
    if (!body || reply.status >= 300 || !canBeToken(token)) {
      const failure = failureOf(reply, body, 'access_token', redactor, null);
      return this.failed(failure, mayBeGranted(failure) ? retryAfterMs(reply.retryAfter, reply.date, clock.date()) : null);
    }
    this.ended();
    this.bornAt = this.startedAt;
    this.expiresAt = this.bornAt + lifetimeMs(body.expires_in);
    this.know([body.id_token, body.refresh_token, token].filter(canBeToken));
    const granted = { headers: lookupHeaders(token, userAgent), since: clock.now() };
    this.current = granted;
    this.fetched++;
    this.failures = 0;
    this.timeRenewal();
    condition.ready();
    // A token that is granted says nothing about a lookup that was refused.
    if (this.hasRefused) queue.accept();
    this.hasRefused = false;
    this.answer(granted);
  }

  /** An expired token is no secret any more. */
  private know(texts: readonly string[]): void {
    const { redactor, clock } = this.parts;
    for (const [text, until] of this.secrets) {
      if (until > clock.now()) continue;
      this.secrets.delete(text);
      if (!texts.includes(text)) redactor.forget(text);
    }
    for (const text of texts) {
      this.secrets.set(text, Math.max(this.expiresAt, this.secrets.get(text) ?? 0));
      redactor.add(text, 'token');
    }
  }

  /** `pauseMs`: the tenant asked for this much time. Lookups need not wait for it while the old token is good. */
  private failed(failure: LookupFailure, pauseMs: number | null): void {
    const { queue, clock, random } = this.parts;
    this.ended();
    // A probe may ask for the next token call already: it is not among them.
    const waiting = this.takeWaiting();
    const isFailed = pauseMs === null && isFailedCall(failure);
    // Each one that lookups wait for concerns all of them; a renewal in the background is the same question again.
    if (isFailed) queue.tokenCallFailed(waiting.length > 0 ? waiting : this, this.startedAt, failure);
    if (this.goodAt(clock.now())) {
      // Whatever is answered: lookups find out by themselves how the tenant is.
      this.setRenewal(Math.max(pauseMs ?? 0, Math.min(FIRST_PAUSE_MS * 2 ** this.failures++, LONGEST_PAUSE_MS)));
    } else if (pauseMs !== null) {
      queue.tokenCallPaused(Math.max(pauseMs, backoffMs(0, random)), failure);
    } else if (mayBeGranted(failure) && !isFailed) {
      // 429 or 500, say: an answer, so no outage spaces the token calls that the lookups ask for.
      queue.tokenCallPaused(backoffMs(this.failures++, random), failure);
    } else if (!mayBeGranted(failure) && failure.category !== 'timeout' && failure.category !== 'cancelled') {
      this.hasRefused = true;
      queue.tokenCallRefused(failure, !isFailed);
    }
    this.answer(failure, waiting);
  }

  /** The token call is over. */
  private ended(): void {
    this.exchange?.cancel();
    this.exchange = null;
    this.deadline.stop();
  }

  private answer(result: Token | LookupFailure, waiting = this.takeWaiting()): void {
    for (const callback of waiting) callback(result);
  }

  private takeWaiting(): TokenCallback[] {
    const { waiting } = this;
    this.waiting = [];
    return waiting;
  }

  /** In the background, also when no message comes, as long as this token has been used. */
  private timeRenewal(): void {
    if (!this.current) return;
    const { clock, random } = this.parts;
    const at = this.bornAt + (this.expiresAt - this.bornAt) * (RENEW_FROM + (RENEW_TO - RENEW_FROM) * random());
    this.setRenewal(at - clock.now());
  }

  private setRenewal(ms: number): void {
    if (this.closed) return;
    this.renewal.set(() => {
      this.isRenewalDue = true;
      if (this.usedAt >= this.bornAt) this.fetch(this.parts.clock.now());
    }, ms);
  }
}
