/** The tenant's API: one request in, one answer out. Strict, so that a wrong request fails here as it would at a tenant. */
import { type Answer, businessError, expired, gatewayPage, json, oauthError } from './answer';
import { type Handler, type Request, type Tenant, hasType } from './request';
import { tokenAnswer } from './token-call';
import { MOBILE } from './table';
import type { AccessToken } from './tokens';
import { SLOW_MS, isTrouble } from './troubles';
import { type UserRecord, bareMobile, userBehindTrouble } from './users';

const USERS = '/api/v2/tenant/users/';

/** `code`: when there is none. */
const found = (user: UserRecord | undefined, code = 'USER.0001'): Answer => (user ? json(200, user) : businessError(400, code, 'User not found'));

const MAINLAND = /^(\+86)?-?1\d{10}$/;
const OTHER_DIALLING_CODE = /^\+(?!86)\d[\d-]{4,24}$/;

const byMobile = ({ directory, troubles }: Tenant, mobile: string, token: AccessToken): Answer => {
  const abroad = OTHER_DIALLING_CODE.test(mobile);
  if (!abroad && !MAINLAND.test(mobile)) {
    return businessError(400, 'IDAAS.TENANT.USER.0020', 'The mobile number does not meet the verification rules');
  }
  const number = bareMobile(mobile);
  const trouble = troubles.answer(number, token);
  if (trouble) return trouble;
  const user = directory.find('mobile', mobile);
  if (abroad && !user) return businessError(400, 'IDAAS.TENANT.MOBILE.0002', 'An unauthenticated cell mobile number');
  const answer = found(user ?? (isTrouble(number) ? userBehindTrouble(number) : undefined), 'IDAAS.TENANT.USER.0001');
  return number === MOBILE.slow ? { ...answer, delayMs: SLOW_MS } : answer;
};

/** A lookup needs a good bearer token before anything else is looked at. */
const authorised = ({ tokens }: Tenant, { headers }: Request): AccessToken | Answer => {
  const value = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
  if (value === undefined) return oauthError(401, 'unauthorized_user', 'Not authorized');
  const token = tokens.find(value);
  if (token === 'expired') return expired(value);
  if (token === 'unknown') return oauthError(400, 'invalid_token', `Invalid access token: ${value}`);
  return token;
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `undefined`: it cannot be read. */
const readable = <Content>(read: () => Content): Content | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** A JSON body with this one key and a string in it, or the answer that says what is wrong. */
const onlyField = (request: Request, key: string, missing: Answer): string | Answer => {
  if (!hasType(request, 'application/json')) return gatewayPage(415, 'Unsupported Media Type');
  const content = readable(() => JSON.parse(utf8.decode(request.body)) as unknown);
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    return oauthError(400, 'invalid_request', 'The body must be a JSON object');
  }
  const fields = new Map<string, unknown>(Object.entries(content));
  const value = fields.get(key);
  if (value === undefined || value === null || (typeof value === 'string' && !value.trim())) return missing;
  if (typeof value !== 'string') return oauthError(400, 'invalid_request', `${key} must be a string`);
  if (fields.size > 1) return oauthError(400, 'invalid_request', `The body must hold ${key} only`);
  return value;
};

type Find = (tenant: Tenant, value: string, token: AccessToken) => Answer;

const lookup = (key: 'mobile' | 'user_name' | 'email', missing: Answer, find: Find = ({ directory }, value) => found(directory.find(key, value))): Handler =>
  (tenant, request) => {
    const token = authorised(tenant, request);
    if ('status' in token) return token;
    const value = onlyField(request, key, missing);
    return typeof value === 'string' ? find(tenant, value, token) : value;
  };

const byId: Handler = (tenant, request) => {
  const token = authorised(tenant, request);
  if ('status' in token) return token;
  const id = readable(() => decodeURIComponent(request.url.slice(USERS.length)));
  return id === undefined ? gatewayPage(400, 'Bad Request') : found(tenant.directory.find('user_id', id));
};

/** Whoever opens the address in a browser. */
const WELCOME: Answer = {
  status: 200,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: `This is ciam-simulator, a demo tenant of @ciam-flows/node-red-ciam: it answers user lookups as a tenant of OneAccess, CIAM or EIAM does.
In a ciam-tenant node, enter this address as the domain, any client id and any client secret. What it knows: ciam-simulator --help.
`,
};

const USER = `${USERS}{user_id}`;
const USER_PATH = new RegExp(`^${USERS}[^/?#]+$`);

const ROUTES = new Map<string, { method: 'GET' | 'POST'; handler: Handler }>([
  ['/', { method: 'GET', handler: () => WELCOME }],
  ['/api/v2/tenant/token', { method: 'POST', handler: tokenAnswer }],
  [`${USERS}user-by-mobile`, { method: 'POST', handler: lookup('mobile', businessError(400, 'IDAAS.TENANT.USER.0004', 'The mobile number is empty'), byMobile) }],
  [`${USERS}user-by-username`, { method: 'POST', handler: lookup('user_name', businessError(400, 'USER.0002', 'The username is empty')) }],
  [`${USERS}user-by-email`, { method: 'POST', handler: lookup('email', oauthError(400, 'invalid_request', 'The email is empty')) }],
  [USER, { method: 'GET', handler: byId }],
]);

/** The API that was called, by its published name: an address may hold a user id, or anything else when it is wrong. */
export const apiOf = (url: string): string => (ROUTES.has(url) ? url : USER_PATH.test(url) ? USER : '(no such address)');

export const answerTo: Handler = (tenant, request) => {
  const route = ROUTES.get(apiOf(request.url));
  if (!route) return gatewayPage(404, 'Not Found');
  const { method, handler } = route;
  return request.method === method ? handler(tenant, request) : gatewayPage(405, 'Not Allowed', { allow: method });
};
