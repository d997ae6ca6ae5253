/** Which proxy, if any, leads to the tenant: the one of the settings, or that of the usual environment variables. */
import { configFailure } from '../failures/failure';
import { parsedUrl } from '../settings/schema';
import type { Settings } from '../settings/settings';

type Environment = Readonly<Record<string, string | undefined>>;

/** Lower case first, as curl has it; falls back on http_proxy, as Node-RED's own nodes do. */
const proxyOfEnvironment = (env: Environment): string | undefined => env.https_proxy || env.HTTPS_PROXY || env.http_proxy || env.HTTP_PROXY || undefined;

export const portOf = ({ port, protocol }: URL): string => port || (protocol === 'https:' ? '443' : '80');

/** An IPv6 address without its brackets. */
export const bareHost = (host: string): string => host.replace(/^\[|\]$/g, '').toLowerCase();

/** `example.com`, `.example.com`, `*.example.com` and `example.com:8443` name a host and what is below it; `*` is every host. */
const isExcepted = (tenant: URL, exceptions: readonly string[]): boolean => {
  const host = bareHost(tenant.hostname);
  const ownPort = portOf(tenant);
  return exceptions.some((exception) => {
    const [, name = exception, only] = /^(\[.*\]|[^:]*):(\d+)$/.exec(exception) ?? [];
    const bare = bareHost(name.replace(/^\*?\./, ''));
    return bare === '*' || ((only === undefined || only === ownPort) && (host === bare || host.endsWith(`.${bare}`)));
  });
};

/** Throws a `CIAM.CONFIG` failure for an environment variable that makes no sense. */
export const proxyFor = (tenant: URL, setting: Settings['proxy'], env: Environment = process.env): URL | null => {
  // Plain http is for this machine only: a proxy would carry the secrets off it, in clear.
  if (setting === false || tenant.protocol === 'http:') return null;
  const given = setting === undefined ? proxyOfEnvironment(env) : setting.url;
  const exceptions = setting === undefined ? (env.no_proxy ?? env.NO_PROXY ?? '').split(/[,\s]+/) : setting.noProxy;
  if (given === undefined || isExcepted(tenant, exceptions.map((text) => text.trim()).filter(Boolean))) return null;
  const url = parsedUrl(given.includes('://') ? given : `http://${given}`);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw configFailure('proxy', 'proxy-variable');
  }
  return url;
};
