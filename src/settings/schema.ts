/** The one table of a tenant's settings: shared by the client, which refuses the rest, and by the dialog, which says so while one types. */

/**
 * The numbers of a tenant, in the order of the dialog. Types, checks, the editor's defaults and the rows of the dialog follow from this table;
 * `npm run tables` writes those of the reference from it. A new one is a line here, and in each catalogue a `label` and a `unit`.
 * What is counted in seconds reaches the client as `…Ms`.
 */
export const NUMBERS = {
  timeout: { default: 10, min: 0.1, max: 3600, unit: 'seconds', whole: false, section: 'limits' },
  queueTimeout: { default: 0, min: 0, max: 86400, unit: 'seconds', whole: false, section: 'limits' },
  retries: { default: 4, min: 0, max: 10, unit: 'tries', whole: true, section: 'limits' },
  concurrency: { default: 16, min: 1, max: 1024, unit: 'lookups', whole: true, section: 'limits' },
  queueLimit: { default: 10000, min: 0, max: 1000000, unit: 'lookups', whole: true, section: 'limits' },
  rateLimit: { default: 0, min: 0, max: 100000, unit: 'calls per second', whole: false, section: 'limits' },
  cacheTtl: { default: 0, min: 0, max: 2592000, unit: 'seconds', whole: false, section: 'cache' },
  cacheMissTtl: { default: 0, min: 0, max: 2592000, unit: 'seconds', whole: false, section: 'cache' },
  cacheStale: { default: 0, min: 0, max: 2592000, unit: 'seconds', whole: false, section: 'cache' },
  cacheSize: { default: 1000, min: 1, max: 1000000, unit: 'answers', whole: true, section: 'cache' },
} as const;
export type NumberName = keyof typeof NUMBERS;
export const NUMBER_NAMES = Object.keys(NUMBERS) as NumberName[];

export const SWITCHES = {
  demo: { default: false },
  warmUp: { default: true },
} as const;

/** The other settings that have a default. */
export const DEFAULTS = { auth: 'client-credentials', clientAuth: 'basic', timezone: '+08:00' } as const;

/** The numbers that are counted in seconds. */
export type TimeName = { [Name in NumberName]: (typeof NUMBERS)[Name]['unit'] extends 'seconds' ? Name : never }[NumberName];

const DECIMAL = /^\s*\d+(\.\d+)?\s*$/;

/** A number or a numeric string within the range; `null` for anything else. */
export const numberWithin = (name: NumberName, given: unknown): number | null => {
  const { min, max, whole } = NUMBERS[name];
  const value = typeof given === 'string' && DECIMAL.test(given) ? Number(given) : given;
  return typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value)) ? value : null;
};

/** `+08:00` */
export const TIMEZONE = /^[+-](0\d|1[0-4]):[0-5]\d$/;

export const parsedUrl = (text: string): URL | null => {
  try {
    return new URL(text);
  } catch {
    return null;
  }
};

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** What `docker --env-file` leaves round a value. */
export const isQuoted = (text: string): boolean => /^(["']).*\1$/s.test(text);

/** Longer than any host name with its port. */
const LONGEST_DOMAIN = 1024;
/** After IDNA; an IPv6 address stands in brackets. No empty label. */
const HOST = /^([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/;

/** Why a domain cannot be used. */
export type DomainFault = 'missing' | 'malformed' | 'insecure' | 'quoted' | 'trailing';

/** `tenant.example.com`, `…:8443` or `https://…` → URL, or what is wrong with it. `http://` is for loopback hosts only; a trailing dot is dropped. */
export const domainUrl = (domain: string): URL | DomainFault => {
  const text = domain.trim();
  if (!text) return 'missing';
  if (text.length > LONGEST_DOMAIN) return 'malformed';
  if (isQuoted(text)) return 'quoted';
  if (/[,;，；]$/.test(text)) return 'trailing';
  const url = parsedUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
  // The URL parser accepts much (tabs, backslashes, an empty query): what it changed was not a plain host.
  const plain = /^([a-z]+:\/\/)?[^\s/\\?#@%{}]+\/?$/i.test(text);
  if (url === null || !plain) return 'malformed';
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1);
  if (!HOST.test(url.hostname) || url.port === '0') return 'malformed';
  // It takes a number, or a few, for an address: `12345` would be 0.0.48.57.
  if (/^\d+(\.\d+){3}$/.test(url.hostname) && !text.includes(url.hostname)) return 'malformed';
  if (url.protocol === 'http:') return LOOPBACK.test(url.hostname) ? url : 'insecure';
  return url.protocol === 'https:' ? url : 'malformed';
};
