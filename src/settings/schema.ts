/** What a tenant's settings may be: shared by the client, which refuses the rest, and by the dialog, which says so while one types. */

/** The numbers of a tenant: default and range, as the dialog, the help and the README show them. */
export const NUMBERS = {
  timeout: { default: 10, min: 0.1, max: 3600, whole: false },
  queueTimeout: { default: 0, min: 0, max: 86400, whole: false },
  retries: { default: 4, min: 0, max: 10, whole: true },
  concurrency: { default: 16, min: 1, max: 1024, whole: true },
  queueLimit: { default: 10000, min: 0, max: 1000000, whole: true },
  rateLimit: { default: 0, min: 0, max: 100000, whole: false },
  cacheTtl: { default: 0, min: 0, max: 2592000, whole: false },
  cacheMissTtl: { default: 0, min: 0, max: 2592000, whole: false },
  cacheStale: { default: 0, min: 0, max: 2592000, whole: false },
  cacheSize: { default: 1000, min: 1, max: 1000000, whole: true },
} as const;
export type NumberName = keyof typeof NUMBERS;

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

/** `tenant.example.com`, `…:8443` or `https://…` → URL, or what is wrong with it. `http://` is for loopback hosts only. */
export const domainUrl = (domain: string): URL | 'missing' | 'malformed' | 'insecure' => {
  const text = domain.trim();
  if (!text) return 'missing';
  const url = parsedUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
  // The URL parser forgives much (tabs, backslashes, an empty query): what it changed was not a plain host.
  const plain = /^([a-z]+:\/\/)?[^\s/\\?#@%{}]+\/?$/i.test(text);
  if (url === null || !plain || !url.hostname) return 'malformed';
  if (url.protocol === 'http:') return LOOPBACK.test(url.hostname) ? url : 'insecure';
  return url.protocol === 'https:' ? url : 'malformed';
};
