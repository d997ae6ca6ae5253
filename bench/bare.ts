/** The limit's first half: undici alone, in a loop, on connections of its own. */
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

export const bareCaller = ({ Pool }: typeof Undici, origin: string, connections: number, ca?: string): ((load: Load) => Promise<Sample>) => {
  // Kept alive like the package's own connections; no HTTP/2, which is slower here.
  const pool = new Pool(origin, { connections, keepAliveTimeout: 60_000, allowH2: false, ...(ca && { connect: { ca } }) });
  return async (load) => {
    const meter = new Meter(load);
    const loop = async (): Promise<void> => {
      while (meter.wants()) {
        const sentAt = load.inFlight === 1 ? performance.now() : 0;
        const { body } = await pool.request({ method: 'POST', path: LOOKUP_PATH, headers: HEADERS, body: JSON.stringify({ mobile: load.payload() }) });
        meter.came(await body.json(), sentAt);
      }
    };
    await Promise.all(Array.from({ length: load.inFlight }, loop));
    return meter.sample();
  };
};
