/** Properties and credentials of the config node → settings of the client. */
import type { ProxySettings, TenantSettings, TlsSettings } from '../../src/node-api';
import type { Red } from '../shared/red';

type Values = Record<string, unknown>;
type Client = Pick<typeof import('../../src/node-api'), 'checkedSwitch' | 'configFailure' | 'NUMBER_NAMES'>;
type ConfigFailure = Client['configFailure'];

/** Properties that go to the client as they are, besides the numbers. */
const PLAIN = ['domain', 'auth', 'clientAuth', 'warmUp', 'timezone'] as const;
export const SECRETS = ['token', 'clientId', 'clientSecret'] as const;

const isUnset = (id: unknown): boolean => id === undefined || id === null || id === '';

const tlsOf = (red: Red, id: unknown, configFailure: ConfigFailure): TlsSettings | undefined => {
  if (isUnset(id)) return undefined;
  const node = red.nodes.getNode(String(id)) as { valid?: boolean; addTLSOptions?: (options: TlsSettings) => TlsSettings } | null | undefined;
  if (!node?.addTLSOptions) throw configFailure('tls', 'missing-tls');
  if (node.valid === false) throw configFailure('tls', 'tls-unreadable');
  return node.addTLSOptions({});
};

interface ProxyNode {
  url?: string;
  /** A list; flows written by hand may have a text. */
  noproxy?: string[] | string | null;
  credentials?: { username?: string; password?: string };
}

const proxyOf = (red: Red, id: unknown, configFailure: ConfigFailure): ProxySettings | undefined => {
  if (isUnset(id)) return undefined;
  const node = red.nodes.getNode(String(id)) as ProxyNode | null | undefined;
  if (!node?.url) throw configFailure('proxy', 'missing-proxy');
  const text = node.url.includes('://') ? node.url : `http://${node.url}`;
  if (!URL.canParse(text)) throw configFailure('proxy', 'url');
  const url = new URL(text);
  const { username = '', password = '' } = node.credentials ?? {};
  if (username) url.username = encodeURIComponent(username);
  if (password) url.password = encodeURIComponent(password);
  const exceptions = Array.isArray(node.noproxy) ? node.noproxy : (node.noproxy ?? '').split(/[,\s]+/);
  return { url: url.href, noProxy: exceptions };
};

/** Throws a `CIAM.CONFIG` failure for a TLS or proxy node that cannot be used. */
export const tenantSettings = (red: Red, properties: Values, credentials: Values, { checkedSwitch, configFailure, NUMBER_NAMES }: Client): TenantSettings => {
  const demo = checkedSwitch('demo', properties.demo);
  const settings: Values = { demo };
  for (const name of [...PLAIN, ...NUMBER_NAMES]) if (properties[name] !== undefined) settings[name] = properties[name];
  for (const name of SECRETS) if (credentials[name]) settings[name] = credentials[name];
  if (!demo) {
    settings.tls = tlsOf(red, properties.tls, configFailure);
    settings.proxy = proxyOf(red, properties.proxy, configFailure);
    // One rate for several Node-RED, a function of the settings file.
    settings.pace = red.settings.ciamPace;
  }
  return settings;
};
