/** Properties and credentials of the config node → settings of the client. */
import type { ProxySettings, TenantSettings, TlsSettings } from '../../src/node-api';
import { client } from '../shared/client';
import type { Red } from '../shared/red';

type Values = Record<string, unknown>;

/** Properties that go to the client as they are, besides the numbers. */
const PLAIN = ['domain', 'auth', 'clientAuth', 'warmUp', 'timezone'] as const;
const SECRETS = ['token', 'clientId', 'clientSecret'] as const;

interface TlsNode {
  valid?: boolean;
  addTLSOptions?: (options: TlsSettings) => TlsSettings;
}

const tlsOf = (node: TlsNode | null | undefined): TlsSettings => {
  if (!node?.addTLSOptions) throw client().configFailure('tls', 'missing-tls');
  if (node.valid === false) throw client().configFailure('tls', 'tls-unreadable');
  return node.addTLSOptions({});
};

interface ProxyNode {
  url?: string;
  /** A list; flows written by hand may have a text. */
  noproxy?: string[] | string | null;
  credentials?: { username?: string; password?: string };
}

const proxyOf = (node: ProxyNode | null | undefined): ProxySettings => {
  if (!node?.url) throw client().configFailure('proxy', 'missing-proxy');
  const text = node.url.includes('://') ? node.url : `http://${node.url}`;
  if (!URL.canParse(text)) throw client().configFailure('proxy', 'url');
  const url = new URL(text);
  const { username = '', password = '' } = node.credentials ?? {};
  if (username) url.username = encodeURIComponent(username);
  if (password) url.password = encodeURIComponent(password);
  return { url: url.href, noProxy: String(node.noproxy ?? '').split(/[,\s]+/) };
};

/** A config node that is to be there. */
const isChosen = (id: unknown): id is string => id !== undefined && id !== null && id !== '';

/** Throws a `CIAM.CONFIG` failure for a TLS or proxy node that cannot be used. */
export const tenantSettings = (red: Red, properties: Values, credentials: Values): TenantSettings => {
  const { checkedSwitch, NUMBER_NAMES } = client();
  const demo = checkedSwitch('demo', properties.demo);
  const settings: Values = { demo };
  for (const name of [...PLAIN, ...NUMBER_NAMES]) if (properties[name] !== undefined) settings[name] = properties[name];
  for (const name of SECRETS) if (credentials[name]) settings[name] = credentials[name];
  if (!demo) {
    const { tls, proxy } = properties;
    if (isChosen(tls)) settings.tls = tlsOf(red.nodes.getNode(tls) as TlsNode | null | undefined);
    if (isChosen(proxy)) settings.proxy = proxyOf(red.nodes.getNode(proxy) as ProxyNode | null | undefined);
    // One rate for several Node-RED, a function of the settings file.
    settings.pace = red.settings.ciamPace;
  }
  return settings;
};
