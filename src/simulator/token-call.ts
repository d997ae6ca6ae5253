/** The token call: client credentials, in a Basic header or in the form body. */
import { gatewayPage, json, oauthError } from './answer';
import { type Handler, hasType } from './request';
import { randomToken } from './tokens';

interface Client {
  id: string;
  secret: string;
}

/** An unreadable header leaves nobody, who is refused like any unknown client. */
const basicClient = (header: string): Client => {
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/.exec(header)?.[1] ?? '';
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString().split(':');
  return { id, secret: secret.join(':') };
};

/** Any id and secret will do but `wrong`, which is there to try the refusal. */
const isKnown = ({ id, secret }: Client): boolean => ![id, secret].some((part) => part === '' || part === 'wrong');

export const tokenAnswer: Handler = ({ tokens, troubles }, request) => {
  if (!hasType(request, 'application/x-www-form-urlencoded')) return gatewayPage(415, 'Unsupported Media Type');
  const { authorization } = request.headers;
  const form = new URLSearchParams(request.body.toString());
  const inBody = form.has('client_id') || form.has('client_secret');
  if (authorization !== undefined && inBody) {
    return oauthError(400, 'invalid_request', 'Send the client credentials in the header or in the body, not in both');
  }
  const client = authorization === undefined
    ? { id: form.get('client_id') ?? '', secret: form.get('client_secret') ?? '' }
    : basicClient(authorization);
  if (!isKnown(client)) return oauthError(401, 'invalid_client', 'Bad client credentials');
  const grant = form.get('grant_type');
  if (!grant) return oauthError(400, 'invalid_request', 'Missing grant type');
  if (grant !== 'client_credentials') return oauthError(400, 'unsupported_grant_type', `Unsupported grant type: ${grant}`);
  const token = tokens.issue(client.id);
  troubles.issued(token);
  return json(200, {
    access_token: token.value,
    token_type: 'Bearer',
    expires_in: tokens.lifetimeSeconds,
    scope: 'user_read',
    id_token: randomToken(),
  }, { 'cache-control': 'no-store' });
};
