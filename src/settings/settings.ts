/** Raw settings, as a flow or a program gives them → checked settings, or the failure that names the property. */
import { configFailure } from '../failures/failure';
import { DEFAULTS, NUMBER_NAMES, NUMBERS, type NumberName, SWITCHES, type TimeName, TIMEZONE, domainUrl, numberWithin, parsedUrl } from './schema';
import { tlsFlaw, type TlsSettings } from './tls';

export type { TlsSettings };

/**
 * Reserves places for so many calls, one after the other at the fleet's rate, at most a second ahead, and resolves with the
 * milliseconds until the first. More than 1000: nothing is reserved, since the next free place is further ahead than a second.
 * `tenant`: host and port. Places that are not used lapse.
 */
export type PaceHook = (tenant: string, calls: number) => Promise<number>;

/** The numbers of a tenant; units, defaults and ranges as in the README. */
type Numbers = { [Name in keyof typeof NUMBERS]?: number };

/** One tenant: where, as whom, and how hard. A missing property means its default. */
export interface TenantSettings extends Numbers {
  /** The built-in demo tenant: no domain, no credentials, no account. */
  demo?: boolean;
  /** Host, host:port or https URL. `http://` only for loopback hosts. */
  domain?: string;
  /** Shown as `msg.lookup.tenant`; the default is host and port. */
  label?: string;
  auth?: 'client-credentials' | 'token';
  /** How client id and secret travel to the token call. */
  clientAuth?: 'basic' | 'body';
  token?: string;
  clientId?: string;
  clientSecret?: string;
  /** PEM contents and switches for the TLS connection, as `node:tls` takes them. */
  tls?: TlsSettings;
  /** Without it the environment (`https_proxy`, `no_proxy`) decides; `false`: never through a proxy. */
  proxy?: ProxySettings | false;
  /** Get a token and open a connection at once, before the first lookup. */
  warmUp?: boolean;
  /** One rate for several processes; `rateLimit` is that of this process while it does not answer. */
  pace?: PaceHook;
  /** Offset of the tenant's clock, `+08:00`; used by `normalise` only. */
  timezone?: string;
}

export interface ProxySettings {
  /** `http://[user:password@]host:port` */
  url: string;
  /** Hosts that are reached without the proxy, as in `no_proxy`. */
  noProxy?: string[];
}

export type Credentials =
  | { kind: 'token'; token: string }
  | { kind: 'client'; clientAuth: 'basic' | 'body'; clientId: string; clientSecret: string };

type CheckedName<Name extends NumberName> = Name extends TimeName ? `${Name}Ms` : Name;
type CheckedNumbers = { [Name in NumberName as CheckedName<Name>]: number };

/** Checked: every number in its range, times in milliseconds. */
export interface Settings extends CheckedNumbers {
  origin: string;
  label: string;
  credentials: Credentials;
  /** Certificates are checked unless these settings themselves say otherwise. */
  tls: TlsSettings & { rejectUnauthorized: boolean };
  proxy: Required<ProxySettings> | false | undefined;
  warmUp: boolean;
  pace: PaceHook | undefined;
  timezone: string;
}

const checkedNumber = (raw: TenantSettings, name: NumberName): number => {
  const { default: fallback, min, max, whole } = NUMBERS[name];
  const given: unknown = raw[name];
  if (given === undefined) return fallback;
  const value = numberWithin(name, given);
  if (value === null) throw configFailure(name, `must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`);
  return value;
};

const checkedNumbers = (raw: TenantSettings): CheckedNumbers => {
  const entries = NUMBER_NAMES.map((name) => {
    const value = checkedNumber(raw, name);
    return NUMBERS[name].unit === 'seconds' ? [`${name}Ms`, value * 1000] : [name, value];
  });
  return Object.fromEntries(entries) as CheckedNumbers;
};

/** Throws a `CIAM.CONFIG` failure that names the property. */
export const checkedSwitch = (name: string, given: unknown, fallback = false): boolean => {
  if (given === undefined) return fallback;
  if (given === false || given === 'false') return false;
  if (given === true || given === 'true') return true;
  throw configFailure(name, 'must be true or false.');
};

/** What a file of environment variables leaves in a value. */
const QUOTED = /^(["'])(.*)\1$/s;
const QUOTED_EXPECTED = 'has quotes around it, as an environment file leaves them: write it without.';
/** Longer than any host name with scheme and port. */
const LONGEST_DOMAIN = 300;

const domainFlaw = (text: string): string | null => {
  if (text.length > LONGEST_DOMAIN) return `is longer than ${LONGEST_DOMAIN} characters.`;
  if (QUOTED.test(text)) return QUOTED_EXPECTED;
  return /[,;]$/.test(text) ? `ends with "${text.slice(-1)}", which is no part of a host name.` : null;
};

const DOMAIN_EXPECTED = 'must be a host name such as tenant.example.com, with a port if needed; https is added for you.';

/** `tenant.example.com`, `…:8443` or `https://…` → origin. Throws a `CIAM.CONFIG` failure that names `domain`. */
export const tenantOrigin = (domain: unknown): URL => {
  const text = typeof domain === 'string' ? domain.trim() : '';
  const flaw = domainFlaw(text);
  if (flaw !== null) throw configFailure('domain', flaw);
  if (/\$\{[^}]*\}/.test(text)) throw configFailure('domain', 'names an environment variable that is not set, or that is not the whole value.');
  const url = domainUrl(text);
  if (url === 'missing') throw configFailure('domain', 'is missing: it is the host name of your tenant, such as tenant.example.com.');
  if (url === 'malformed') throw configFailure('domain', DOMAIN_EXPECTED);
  if (url === 'insecure') throw configFailure('domain', 'must use https; http is for this machine only, so that no secret travels in clear.');
  return url;
};

/** In characters; no server takes longer headers. */
export const LONGEST_SECRET = 16_384;

/** HTTP header values and form fields take no control characters; a token takes no blank either. */
const secret = (raw: TenantSettings, name: 'token' | 'clientId' | 'clientSecret', what: string): string => {
  const given: unknown = raw[name];
  const text = typeof given === 'string' ? given.trim().replace(name === 'token' ? /^Bearer\s+/i : /^$/, '') : '';
  if (!text) throw configFailure(name, `is missing: ${what}.`);
  if (QUOTED.test(text)) throw configFailure(name, QUOTED_EXPECTED);
  if (/^\$\{[^}]*\}$/.test(text)) throw configFailure(name, 'names an environment variable that is not set.');
  const canBeSent = name === 'token' ? /^[\x21-\x7e]+$/.test(text) : !/[\u0000-\u001f\u007f]/.test(text) && text.isWellFormed();
  if (!canBeSent) throw configFailure(name, 'holds characters that cannot be sent.');
  if (text.length > LONGEST_SECRET) throw configFailure(name, `is longer than ${LONGEST_SECRET} characters.`);
  return text;
};

const checkedCredentials = (raw: TenantSettings): Credentials => {
  const auth: string = raw.auth ?? DEFAULTS.auth;
  if (auth === 'token') return { kind: 'token', token: secret(raw, 'token', 'the access token of your tenant') };
  if (auth !== 'client-credentials') throw configFailure('auth', 'must be "client-credentials" or "token".');
  const clientAuth: string = raw.clientAuth ?? DEFAULTS.clientAuth;
  if (clientAuth !== 'basic' && clientAuth !== 'body') throw configFailure('clientAuth', 'must be "basic" or "body".');
  const clientId = secret(raw, 'clientId', 'the client id of your app');
  // RFC 7617, 2: the first colon ends the user name.
  if (clientAuth === 'basic' && clientId.includes(':')) throw configFailure('clientId', 'holds a colon, which clientAuth "basic" cannot send: use "body".');
  return {
    kind: 'client',
    clientAuth,
    clientId,
    clientSecret: secret(raw, 'clientSecret', 'the client secret of your app'),
  };
};

/** Whatever NODE_TLS_REJECT_UNAUTHORIZED says, which was set for something else. */
const checkedTls = (tls: TlsSettings | undefined): Settings['tls'] => {
  const flaw = tls && tlsFlaw(tls);
  if (flaw) throw configFailure('tls', flaw);
  return { ...tls, rejectUnauthorized: tls?.rejectUnauthorized !== false };
};

const checkedProxy = (proxy: ProxySettings | false | undefined): Settings['proxy'] => {
  if (proxy === undefined || proxy === false) return proxy;
  const url = typeof proxy.url === 'string' ? parsedUrl(proxy.url) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw configFailure('proxy', 'must be a URL such as http://proxy.example.com:3128.');
  }
  return { url: url.href, noProxy: proxy.noProxy ?? [] };
};

const checkedPace = (pace: unknown): PaceHook | undefined => {
  if (pace === undefined || typeof pace === 'function') return pace as PaceHook | undefined;
  throw configFailure('pace', 'must be a function.');
};

/** Throws a `LookupFailure` with code `CIAM.CONFIG` whose message begins with the property's name. */
export const checkedSettings = (raw: TenantSettings): Settings => {
  const url = tenantOrigin(raw.domain);
  const timezone: unknown = raw.timezone ?? DEFAULTS.timezone;
  if (typeof timezone !== 'string' || !TIMEZONE.test(timezone)) throw configFailure('timezone', 'must be an offset such as +08:00.');
  return {
    origin: url.origin,
    label: raw.label ?? url.host,
    credentials: checkedCredentials(raw),
    tls: checkedTls(raw.tls),
    proxy: checkedProxy(raw.proxy),
    warmUp: checkedSwitch('warmUp', raw.warmUp, SWITCHES.warmUp.default),
    pace: checkedPace(raw.pace),
    ...checkedNumbers(raw),
    timezone,
  };
};
