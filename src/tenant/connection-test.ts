/** The connection test: a token, then each lookup for somebody who cannot exist; what the answers tell about the tenant. */
import { randomUUID } from 'node:crypto';
import { LookupFailure } from '../failures/failure';
import type { Lookup } from '../lookup/waiter';
import type { LookupRequest } from '../lookup/lookups';
import type { TokenSource } from '../auth/access-token';

export interface Availability {
  available: boolean;
  /** Why not. */
  error?: LookupFailure;
}

export interface Check {
  ok: boolean;
  token: { ok: boolean; expiresIn: number | null };
  mobile: Availability;
  username: Availability;
  dialect: 'CIAM' | 'EIAM' | 'OneAccess' | null;
  /** The first thing to mend; missing when `ok`. */
  error?: LookupFailure;
}

/** What is known before, or without, any answer. */
export const nothingChecked: Check = {
  ok: false, token: { ok: false, expiresIn: null }, mobile: { available: false }, username: { available: false }, dialect: null,
};

type Ask = (request: LookupRequest, signal?: AbortSignal) => Promise<Lookup>;

/** Fits the published pattern for mainland China, in a range that was never given out. */
const NOBODYS_MOBILE = '10000000000';

/** `null`: somebody was found. */
const outcomeOf = async (ask: Ask, request: LookupRequest, signal: AbortSignal | undefined): Promise<LookupFailure | null> => {
  try {
    await ask(request, signal);
    return null;
  } catch (error) {
    if (error instanceof LookupFailure) return error;
    throw error;
  }
};

/** The tenant understood the question: it knows nobody of that name, or does not like the name. */
const isAnswer = (failure: LookupFailure | null): boolean =>
  failure === null || failure.category === 'not-found' || (failure.category === 'invalid-input' && failure.status !== null);

/** Not served, or not granted to this app: no reason to doubt domain and credentials. */
const isMissing = (failure: LookupFailure): boolean =>
  failure.category === 'forbidden' || failure.status === 404 || failure.status === 405 || failure.status === 501;

const availability = (failure: LookupFailure | null): Availability =>
  failure === null || isAnswer(failure) ? { available: true } : { available: false, error: failure };

const dialectOf = (mobile: LookupFailure | null, username: LookupFailure | null): Check['dialect'] => {
  const codes = [mobile, username].filter((failure) => failure !== null && isAnswer(failure)).map((failure) => failure?.code ?? '');
  if (codes.some((code) => code.startsWith('IDAAS.TENANT.'))) return 'CIAM';
  if (codes.length === 0) return null;
  if (isAnswer(mobile)) return 'EIAM';
  return mobile && isMissing(mobile) && mobile.category !== 'forbidden' ? 'OneAccess' : null;
};

/** @internal */
export const checkLookups = async (ask: Ask, token: TokenSource, signal: AbortSignal | undefined): Promise<Check> => {
  const got = await new Promise<LookupFailure | null>((resolve) => token.use((result) => resolve(result instanceof LookupFailure ? result : null)));
  if (got) return { ...nothingChecked, error: got };

  const [mobile, username] = await Promise.all([
    outcomeOf(ask, { by: 'mobile', value: NOBODYS_MOBILE }, signal),
    outcomeOf(ask, { by: 'username', value: `connection-test-${randomUUID()}` }, signal),
  ]);
  const failures = [mobile, username].filter((failure): failure is LookupFailure => failure !== null && !isAnswer(failure));
  // One lookup that is missing is a fact about the tenant; both missing, or anything else, is something to mend.
  const error = failures.find((failure) => !isMissing(failure)) ?? (failures.length === 2 ? failures[0] : undefined);
  // A token that was fetched is good as long as no lookup refuses it; a fixed one, once any lookup has answered.
  const answered = token.expiresIn !== null || [mobile, username].some((failure) => failure === null || failure.status !== null);
  const tokenOk = answered && !failures.some(({ category }) => category === 'unauthorized');
  return {
    ok: error === undefined,
    token: { ok: tokenOk, expiresIn: tokenOk ? token.expiresIn : null },
    mobile: availability(mobile),
    username: availability(username),
    dialect: dialectOf(mobile, username),
    ...(error && { error }),
  };
};
