/** Raw settings, as a flow or a program gives them → checked settings, or the failure that names the property. */
import { configFailure } from '../failures/failure';
import { DEFAULTS, NUMBER_NAMES, NUMBERS, type NumberName, SWITCHES, type TimeName, TIMEZONE, domainUrl, isQuoted, numberWithin, parsedUrl } from './schema';
import { checkedTls, type TlsSettings } from './tls';

export type { TlsSettings } from './tls';

/**
 * Reserves places for so many calls, one after the other at the fleet's rate, at most a second ahead, and resolves with the
 * milliseconds until the first. More than 1000: nothing is reserved, since the next free place is further ahead than a second.
 * `tenant`: host and port. Places that are not used lapse.
 */
export type PaceHook = (tenant: string, calls: number) => Promise<number>;

/** The numbers of a tenant; units, defaults and ranges as in docs/reference.md. */
type Numbers = { [Name in NumberName]?: number };

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

/** Such as `${NAME}`: had it a value, that would stand here. */
const refuseUnset = (name: string, value: unknown): void => {
  const variable = typeof value === 'string' ? /^\s*\$\{([A-Za-z_]\w*)\}\s*$/.exec(value)?.[1] : undefined;
  if (variable !== undefined) throw configFailure(name, 'unset', { variable });
};

const checkedNumber = (raw: TenantSettings, name: NumberName): number => {
  const { default: fallback, min, max, whole } = NUMBERS[name];
  const given: unknown = raw[name];
  if (given === undefined) return fallback;
  const value = numberWithin(name, given);
  if (value !== null) return value;
  refuseUnset(name, given);
  throw configFailure(name, whole ? 'whole-number' : 'number', { min, max });
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
  throw configFailure(name, 'switch');
};

const holdsVariable = (text: string): boolean => {
  const at = text.indexOf('${');
  return at >= 0 && text.includes('}', at);
};

/** `tenant.example.com`, `…:8443` or `https://…` → origin. Throws a `CIAM.CONFIG` failure that names `domain`. */
const tenantOrigin = (domain: unknown): URL => {
  const text = typeof domain === 'string' ? domain.trim() : '';
  refuseUnset('domain', text);
  if (holdsVariable(text)) throw configFailure('domain', 'variable');
  const url = domainUrl(text);
  if (typeof url === 'string') throw configFailure('domain', url === 'missing' ? 'missing-domain' : url);
  return url;
};

/** In characters; no server takes longer headers. */
export const LONGEST_SECRET = 16_384;

/** HTTP header values and form fields take no control characters; a token takes no blank either. */
const secret = (raw: TenantSettings, name: 'token' | 'clientId' | 'clientSecret'): string => {
  const given: unknown = raw[name];
  const whole = typeof given === 'string' ? given.trim() : '';
  const text = name === 'token' ? whole.replace(/^Bearer\s+/i, '') : whole;
  if (!text) throw configFailure(name, `missing-${name}`);
  if (isQuoted(whole) || isQuoted(text)) throw configFailure(name, 'quoted');
  refuseUnset(name, text);
  if (/^\$\{[^}]*\}$/.test(text)) throw configFailure(name, 'variable');
  const canBeSent = name === 'token' ? /^[\x21-\x7e]+$/.test(text) : !/[\u0000-\u001f\u007f]/.test(text) && text.isWellFormed();
  if (!canBeSent) throw configFailure(name, 'characters');
  if (text.length > LONGEST_SECRET) throw configFailure(name, 'long', { limit: LONGEST_SECRET });
  return text;
};

const checkedChoice = <Choice extends string>(name: 'auth' | 'clientAuth', given: unknown, choices: readonly Choice[]): Choice => {
  const choice = choices.find((one) => one === (given ?? DEFAULTS[name]));
  if (choice === undefined) throw configFailure(name, 'choice', { choices: choices.join(', ') });
  return choice;
};

const checkedCredentials = (raw: TenantSettings): Credentials => {
  if (checkedChoice('auth', raw.auth, ['client-credentials', 'token']) === 'token') return { kind: 'token', token: secret(raw, 'token') };
  const clientAuth = checkedChoice('clientAuth', raw.clientAuth, ['basic', 'body']);
  const clientId = secret(raw, 'clientId');
  // It would end there: RFC 7617, section 2.
  if (clientAuth === 'basic' && clientId.includes(':')) throw configFailure('clientId', 'colon');
  return { kind: 'client', clientAuth, clientId, clientSecret: secret(raw, 'clientSecret') };
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const checkedProxy = (proxy: ProxySettings | false | undefined): Settings['proxy'] => {
  if (proxy === undefined || proxy === false) return proxy;
  const url = isObject(proxy) && typeof proxy.url === 'string' ? parsedUrl(proxy.url) : null;
  const { noProxy = [] } = isObject(proxy) ? proxy : {};
  const isList = Array.isArray(noProxy) && noProxy.every((host) => typeof host === 'string');
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || !isList) throw configFailure('proxy', 'url');
  return { url: url.href, noProxy };
};

const checkedPace = (pace: unknown): PaceHook | undefined => {
  if (pace === undefined || typeof pace === 'function') return pace as PaceHook | undefined;
  throw configFailure('pace', 'function');
};

/** Throws a `LookupFailure` with code `CIAM.CONFIG` whose message begins with the property's name. */
export const checkedSettings = (raw: TenantSettings): Settings => {
  const url = tenantOrigin(raw.domain);
  const timezone: unknown = raw.timezone ?? DEFAULTS.timezone;
  if (typeof timezone !== 'string' || !TIMEZONE.test(timezone)) throw configFailure('timezone', 'timezone');
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
