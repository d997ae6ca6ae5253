/** The connection test: each lookup asked for somebody who cannot exist, and what the answers tell about the tenant, step by step. */
import { BY, type By } from '../api/query';
import { systemClock } from '../clock';
import { LookupFailure, timeoutFailure } from '../failures/failure';
import { createTransport, type Transport } from '../http/transport';
import { absentUser } from '../lookup/call';
import type { TenantSettings } from '../settings/settings';
import type { NodeTenant, TenantParts } from './tenant';

export interface Availability {
  available: boolean;
  /** Why not; missing where the test did not get that far. */
  error?: LookupFailure;
}

/** Each lookup mode has its own `Availability`. */
export interface Check extends Record<By, Availability> {
  ok: boolean;
  /** Something at that address speaks HTTP. */
  reached: { ok: boolean };
  token: { ok: boolean; expiresIn: number | null };
  dialect: 'CIAM' | 'EIAM' | 'OneAccess' | null;
  /** By how much this machine's clock is ahead of the tenant's; `null` when the answers name no date. */
  clock: { skewMs: number | null };
  /** A pause that the tenant asked for, and the code that did so. */
  paused: { heldMs: number; code: string | null } | null;
  /** The first thing to mend; missing when `ok`. */
  error?: LookupFailure;
}

const ofEach = <Value>(value: (by: By) => Value): Record<By, Value> => Object.fromEntries(BY.map((by) => [by, value(by)])) as Record<By, Value>;

/** What is known before, or without, any answer. */
export const nothingChecked: Check = {
  ok: false, reached: { ok: false }, token: { ok: false, expiresIn: null }, ...ofEach(() => ({ available: false })),
  dialect: null, clock: { skewMs: null }, paused: null,
};

/** It ends after so long, whatever the timeout of the tenant. */
const LONGEST_MS = 10_000;
/** Somewhat sooner, so that a lookup that waits for a pause ends with the code that asked for it. */
const LOOKUP_SECONDS = 9;
/** Each lookup once, all at the same time, whatever the tenant allows its lookups. */
const LIMITS = {
  retries: 0, cacheTtl: 0, cacheMissTtl: 0, cacheStale: 0, concurrency: 4, queueLimit: 4, rateLimit: 0, queueTimeout: 0, warmUp: false,
} satisfies TenantSettings;

const TOKEN_PATH = '/token';

/** What the wire shows that no outcome of a lookup does. */
interface Seen {
  reached: boolean;
  /** A lookup was sent, with a token therefore; answered. */
  asked: boolean;
  answered: boolean;
  skewMs: number | null;
}

const watched = (transport: Transport, seen: Seen): Transport => ({
  open: (opened) => transport.open(opened),
  closeSilent: (idleMs) => transport.closeSilent(idleMs),
  close: () => transport.close(),
  send: (request, receiver, fresh) => {
    const isLookup = !request.path.endsWith(TOKEN_PATH);
    if (isLookup) seen.asked = true;
    return transport.send(request, {
      received: (result) => {
        if (result !== 'stale' && !(result instanceof LookupFailure)) {
          seen.reached = true;
          if (isLookup) seen.answered = true;
          const date = Date.parse(result.date ?? '');
          if (!Number.isNaN(date)) seen.skewMs = systemClock.date() - date;
        }
        receiver.received(result);
      },
    }, fresh);
  },
});

/** The tenant understood the question: it knows nobody of that name, or does not like the name. `null`: somebody was found. */
const isAnswer = (failure: LookupFailure | null): boolean =>
  failure === null || failure.category === 'not-found' || (failure.category === 'invalid-input' && failure.status !== null);

/** Not served, or not granted to this app: no reason to doubt domain and credentials. */
const isMissing = (failure: LookupFailure): boolean =>
  failure.category === 'forbidden' || failure.status === 404 || failure.status === 405 || failure.status === 501;

const availability = (failure: LookupFailure | null): Availability => ({ available: isAnswer(failure), ...(failure && !isAnswer(failure) && { error: failure }) });

type Outcomes = Record<By, LookupFailure | null>;

const dialectOf = (outcomes: Outcomes): Check['dialect'] => {
  const codes = Object.values(outcomes).flatMap((failure) => (failure && isAnswer(failure) ? [failure.code] : []));
  if (codes.some((code) => code.startsWith('IDAAS.TENANT.'))) return 'CIAM';
  if (codes.length === 0) return null;
  const { mobile } = outcomes;
  if (isAnswer(mobile)) return 'EIAM';
  return mobile && isMissing(mobile) && mobile.category !== 'forbidden' ? 'OneAccess' : null;
};

const evaluate = (outcomes: Outcomes, seen: Seen, isFixedToken: boolean, tenant: Pick<NodeTenant, 'stats'>): Check => {
  const { token, heldMs, heldBy } = tenant.stats();
  const known: Pick<Check, 'reached' | 'clock' | 'paused'> = {
    reached: { ok: seen.reached }, clock: { skewMs: seen.skewMs }, paused: heldMs > 0 || heldBy !== null ? { heldMs, code: heldBy } : null,
  };
  const all = Object.values(outcomes);
  const failures = all.filter((failure): failure is LookupFailure => failure !== null && !isAnswer(failure));
  // Without a token nothing was asked: what is missing is the token.
  if (!seen.asked) return { ...nothingChecked, ...known, ...(failures[0] && { error: failures[0] }) };

  // One lookup that is missing is a fact about the tenant; all missing, or anything else, is something to mend.
  const error = failures.find((failure) => !isMissing(failure)) ?? (failures.length === all.length ? failures[0] : undefined);
  // A token that was granted is good as long as no lookup refuses it; a fixed one, once any lookup has been answered.
  const tokenOk = (!isFixedToken || seen.answered) && !failures.some(({ category }) => category === 'unauthorized');
  return {
    ok: error === undefined,
    ...known,
    token: { ok: tokenOk, expiresIn: tokenOk ? token.expiresIn : null },
    ...ofEach((by) => availability(outcomes[by])),
    dialect: dialectOf(outcomes),
    ...(error && { error }),
  };
};

/** `create` makes the tenant, and throws for settings that make no sense. */
export const testConnection = async (
  create: (settings: TenantSettings, parts: TenantParts) => NodeTenant, settings: TenantSettings, signal: AbortSignal | undefined,
): Promise<Check> => {
  const seen: Seen = { reached: false, asked: false, answered: false, skewMs: null };
  const timeout = Math.min(settings.timeout ?? LOOKUP_SECONDS, LOOKUP_SECONDS);
  const tenant = create({ ...settings, timeout, ...LIMITS }, { transport: (own, clock) => watched(createTransport(own, clock), seen) });
  const close = (): void => void tenant.close();
  let isUp = false;
  const timer = setTimeout(() => {
    isUp = true;
    close();
  }, LONGEST_MS);
  signal?.addEventListener('abort', close, { once: true });
  const outcomeOf = (by: By): Promise<LookupFailure | null> => new Promise((resolve) => {
    // A lookup that is closed at the time limit has timed out.
    tenant.ask(absentUser(by), undefined, (failure) => resolve(isUp && failure?.code === 'CIAM.CLOSED' ? timeoutFailure('timeout', LONGEST_MS / 1000) : failure));
  });
  try {
    const outcomes = Object.fromEntries(await Promise.all(BY.map(async (by) => [by, await outcomeOf(by)] as const))) as Outcomes;
    return evaluate(outcomes, seen, settings.auth === 'token' && settings.demo !== true, tenant);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', close);
    await tenant.close();
  }
};
