/**
 * CONNECT through an HTTP proxy. Of our own, because undici's ProxyAgent knows no deadline for it,
 * and undici 7's asks a proxy that hangs up again and again without a pause.
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { PROXY_AUTHENTICATION, PROXY_NTLM } from '../failures/advice';
import { bareHost, portOf } from './proxy';

/** The way to the tenant ended at the proxy. `code` is the system's, or tells the status that the proxy answered with. */
export class ProxyError extends Error {
  constructor(readonly code: string, readonly answered: boolean) {
    super('no tunnel');
  }
}

/** A `%` that nobody encoded stands for itself. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const authorization = ({ username, password }: URL): Record<string, string> => {
  if (!username && !password) return {};
  const pair = `${decoded(username)}:${decoded(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
};

/** Names of ways to sign in at a proxy that are not ours. */
const FOREIGN = /\b(NTLM|Negotiate|Kerberos)\b/i;

/** A proxy that offers no Basic takes no password of ours. */
const wantedBy = (offered: string[] | string | undefined): string => {
  const ways = String(offered ?? '');
  return FOREIGN.test(ways) && !/\bBasic\b/i.test(ways) ? PROXY_NTLM : PROXY_AUTHENTICATION;
};

/** `opened` gets the socket as soon as there is one, `done` once the tunnel stands or will not. */
export const openTunnel = (
  proxy: URL, tenant: URL, timeoutMs: number, opened: (socket: Socket) => void, done: (error: Error | null, socket: Socket | null) => void,
): void => {
  const target = `${tenant.hostname}:${portOf(tenant)}`;
  const request = (proxy.protocol === 'https:' ? httpsRequest : httpRequest)({
    method: 'CONNECT', host: bareHost(proxy.hostname), port: portOf(proxy), path: target, agent: false, rejectUnauthorized: true,
    headers: { host: target, connection: 'keep-alive', ...authorization(proxy) },
  });
  const timer = setTimeout(() => request.destroy(new ProxyError('ETIMEDOUT', false)), timeoutMs);
  request.once('socket', opened);
  request.once('connect', ({ statusCode = 0, headers }, socket: Socket, head) => {
    clearTimeout(timer);
    if (statusCode >= 200 && statusCode < 300) {
      if (head.length > 0) socket.unshift(head);
      return done(null, socket);
    }
    socket.destroy();
    // 407 is the rule; tinyproxy says 401.
    const isPassword = statusCode === 407 || statusCode === 401;
    done(new ProxyError(isPassword ? wantedBy(headers['proxy-authenticate']) : `PROXY_HTTP_${statusCode}`, true), null);
  });
  request.once('error', (error: NodeJS.ErrnoException) => {
    clearTimeout(timer);
    done(error instanceof ProxyError ? error : new ProxyError(error.code ?? 'UNKNOWN', false), null);
  });
  request.end();
};
