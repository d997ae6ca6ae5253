/** Status and body → a user or a failure. Three body shapes: a record, `error_code`, and the OAuth `error`. */
import { isOwn } from '../failures/codes';
import { httpFailure, isPublished, LookupFailure, responseFailure, tenantFailure } from '../failures/failure';
import { copyJson, type JsonObject, parseObject } from './json';
import { isSomebodyElse, MODES, type Query } from './query';
import type { Redactor } from './redact';
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

/** The form of a code that may be shown: it ends in statuses and logs, where nothing else of the tenant's words may stand. */
const CODE = /^(?=.{1,64}$)[a-z][a-z_]*(?:\.[a-z][a-z_]*)*(?:\.\d{1,5})?$/i;

/** The tenant's own code, if the body names one that can be shown. */
const codeOf = (body: JsonObject, redactor: Redactor, lookedUp: string | null): string | undefined =>
  [body.error_code, body.error].map((code) => word(code).trim())
    .find((code) => CODE.test(code) && !isOwn(code) && (isPublished(code) || !redactor.isShownBy(code, lookedUp)));

/** A page has its title near its beginning. */
const HEAD = 65_536;
const TITLE = /<title(?:\s[^<>]{0,200})?>([^<]{0,1000})/i;
const MARKUP = /^\s*[<{[]/;
/** Of bytes that are no text. */
const NO_TEXT = /[\u0000-\u0008\ufffd]/;

/** What the tenant, or something in front of it, says in words: a sentence of an error body, the title of a page, or plain text. */
const wordsOf = (body: JsonObject | null, text: string): string => {
  if (body) return word(body.error_msg) || word(body.error_description) || word(body.message);
  const head = text.slice(0, HEAD);
  if (MARKUP.test(head)) return TITLE.exec(head)?.[1] ?? '';
  return NO_TEXT.test(head) ? '' : head;
};

/**
 * The failure that an answer without the expected content stands for. `lookedUp` is cut out of what the tenant says.
 * "Not found" is HTTP 400, and an error body may come with 200: the code decides, the status only where there is none.
 */
export const failureOf = ({ status, text }: Reply, body: JsonObject | null, expected: string, redactor: Redactor, lookedUp: string | null): LookupFailure => {
  const detail = redactor.sentence(wordsOf(body, text), lookedUp) || undefined;
  const code = body && codeOf(body, redactor, lookedUp);
  if (code) return tenantFailure(code, status, detail);
  if (status >= 400) return httpFailure(status, detail);
  if (status >= 300) return responseFailure(status, 'redirect', detail);
  return body ? responseFailure(status, 'without', detail, { expected }) : responseFailure(status, 'not-json', detail);
};

/** A found user, who is one object: each message but one gets a copy. */
export interface Found {
  user: User;
  /** Length of the answer. */
  size: number;
  /** The record says that this is not who was asked for. */
  isOther: boolean;
}

export const readUser = (reply: Reply, redactor: Redactor, query: Pick<Query, 'by' | 'value'>): Found | LookupFailure => {
  const body = parseObject(reply.text);
  const id = body?.user_id;
  const hasId = Number.isFinite(id) || (typeof id === 'string' && id !== '');
  if (!body || reply.status >= 300 || !hasId) return failureOf(reply, body, 'user_id', redactor, query.value);
  redactor.record(body, reply.text);
  // Nearly every record holds the very value that was looked up.
  const isOther = body[MODES[query.by].field] !== query.value && isSomebodyElse(query, body);
  return { user: body as User, size: reply.text.length, isOther };
};

/** A copy of the user, for one more message that shares the answer. */
export const copyUser = ({ user }: Found): User => copyJson(user);

/**
 * A token was refused: `invalid_token` with any status (expired tokens are HTTP 400) or in `WWW-Authenticate` (RFC 6750, 3),
 * or a 401 that is not about the client.
 */
export const isRefusal = (failure: LookupFailure, { wwwAuthenticate }: Reply): boolean =>
  failure.code === 'invalid_token' || (failure.status === 401 && failure.code !== 'invalid_client') || /\binvalid_token\b/.test(wwwAuthenticate ?? '');
