/** Status and body → a user or a failure. Three body shapes: a record, `error_code`, and the OAuth `error`. */
import { httpFailure, isPublished, LookupFailure, responseFailure, tenantFailure } from '../failures/failure';
import { copyJson, type JsonObject, parseObject } from './json';
import type { Query } from './query';
import type { Secrets } from './redact';
import type { User } from './user';

/** What came back, once the body is whole. */
export interface Reply {
  status: number;
  /** The decoded body. */
  text: string;
  /** The `Retry-After` header as it was sent. */
  retryAfter: string | undefined;
  /** The `Date` header. */
  date?: string | undefined;
  /** The `WWW-Authenticate` header. */
  wwwAuthenticate?: string | undefined;
}

const word = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');

/** The tenant's own code, if the body names one that can be shown: it ends in statuses and logs. */
const codeOf = (body: JsonObject, secrets: Secrets, lookedUp: string | null): string => {
  const code = (word(body.error_code) || (typeof body.error === 'string' ? body.error : '')).trim();
  return /^[\x21-\x7e]{1,64}$/.test(code) && (isPublished(code) || !secrets.shownBy(code, lookedUp)) ? code : '';
};

/**
 * The failure that an answer without the expected content stands for. `lookedUp` is cut out of what the tenant says.
 * "Not found" is HTTP 400, and an error body may come with 200: the code decides, the status only where there is none.
 */
export const failureOf = (reply: Reply, body: JsonObject | null, expected: string, secrets: Secrets, lookedUp: string | null): LookupFailure => {
  const code = body && codeOf(body, secrets, lookedUp);
  if (body && code) return tenantFailure(code, reply.status, secrets.sentence(word(body.error_msg) || word(body.error_description), lookedUp));
  if (reply.status >= 400) return httpFailure(reply.status);
  if (reply.status >= 300) return responseFailure(reply.status, `HTTP ${reply.status}, a redirect, which is never followed`);
  return responseFailure(reply.status, body ? `an object without ${expected}` : 'not a JSON object');
};

const hasId = (body: JsonObject): body is User => (typeof body.user_id === 'string' && body.user_id !== '') || typeof body.user_id === 'number';

/** A found user, and the text it was read from: whoever shares the answer reads an object of its own. */
export interface Found {
  user: User;
  text: string;
}

export const readUser = (reply: Reply, secrets: Secrets, { value: lookedUp }: Pick<Query, 'value'>): Found | LookupFailure => {
  const text = secrets.record(reply.text);
  const body = parseObject(text);
  return body && reply.status < 300 && hasId(body) ? { user: body, text } : failureOf(reply, body, 'user_id', secrets, lookedUp);
};

/** A copy of the user, for one more message that shares the answer. */
export const copyUser = ({ user }: Found): User => copyJson(user);

/** The same user once more, as a fresh object. */
export const readAgain = ({ text }: Found): User => parseObject(text) as User;

/**
 * A token was refused: `invalid_token` with any status (expired tokens are HTTP 400) or in `WWW-Authenticate` (RFC 6750, 3),
 * or a 401 that is not about the client.
 */
export const isRefusal = (failure: LookupFailure, { wwwAuthenticate }: Reply): boolean =>
  failure.code === 'invalid_token' || (failure.status === 401 && failure.code !== 'invalid_client') || /\binvalid_token\b/.test(wwwAuthenticate ?? '');
