/** undici alone, on connections of its own: in a loop, which is the limit's first half, or for a node that does nothing else. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Undici from 'undici';
import { type Load, Meter } from './load';
import type { Sample } from './statistics';
import { LOOKUP_PATH, TOKEN } from './wire';

/** The undici that the package itself got in this user directory. */
export const loadUndici = (userDir: string): typeof Undici =>
  createRequire(join(userDir, 'node_modules/@ciam-flows/node-red-ciam/package.json'))('undici') as typeof Undici;

const HEADERS = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json; charset=utf-8', accept: 'application/json', 'user-agent': 'bench' };

/** Mobile number → what the tenant answered. */
export type BareLookup = (mobile: unknown) => Promise<unknown>;

export const bareLookup = ({ Pool }: typeof Undici, origin: string, connections: number, ca?: string): BareLookup => {
  // Kept alive like the package's own connections; no HTTP/2, which is slower here.
  const pool = new Pool(origin, { connections, keepAliveTimeout: 60_000, allowH2: false, ...(ca && { connect: { ca } }) });
  return async (mobile) => {
    const { body } = await pool.request({ method: 'POST', path: LOOKUP_PATH, headers: HEADERS, body: JSON.stringify({ mobile }) });
    return body.json();
  };
};

export const bareLoop = (lookUp: BareLookup) => async (load: Load): Promise<Sample> => {
  const meter = new Meter(load);
  const loop = async (): Promise<void> => {
    while (meter.wants()) {
      const sentAt = load.inFlight === 1 ? performance.now() : 0;
      meter.came(await lookUp(load.payload()), sentAt);
    }
  };
  await Promise.all(Array.from({ length: load.inFlight }, loop));
  return meter.sample();
};
