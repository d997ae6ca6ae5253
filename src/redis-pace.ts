/** One rate for all processes that share a tenant, kept in Redis: the `pace` hook for a client of the user's own. */
import type { PaceHook } from './resilience/pace';

export type { PaceHook };

/** What is used of a connected client of `ioredis`. */
export interface IoRedisClient {
  readonly status: string;
  eval(script: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** What is used of a connected client of `redis`. */
export interface NodeRedisClient {
  readonly isReady: boolean;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

export type RedisClient = IoRedisClient | NodeRedisClient;

export interface RedisPaceOptions {
  /** Calls a second of all processes together: for each tenant, if there are several. */
  rate: number;
  /** The beginning of the names in Redis, the tenant follows; the same in all processes. */
  key?: string;
}

/**
 * Reserves the next free places, one after the other; Redis runs it as a whole, by its own clock (Redis 5 and later), in microseconds.
 * Places that would be further ahead than a second are not reserved: the answer is then over a second, and by so much too early.
 * Nobody reserves more than 128 places at once: what is further ahead than those is left from a clock that was set back since.
 */
const SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local every, calls = 1000000 / tonumber(ARGV[1]), tonumber(ARGV[2])
local free = tonumber(redis.call('GET', KEYS[1]) or '') or 0
if not (free >= now and free <= now + 1000000 + 128 * every) then free = now end
local tooFar = free + (calls - 1) * every - (now + 1000000)
if free > now and tooFar > 0 then return string.format('%.0f', 1000000 + tooFar) end
local behind = free + calls * every
redis.call('SET', KEYS[1], string.format('%.0f', behind), 'PX', math.ceil((behind - now) / 1000) + 1000)
return string.format('%.0f', free - now)
`;

const isNodeRedis = (client: RedisClient): client is NodeRedisClient => 'isReady' in client;

/** A client that has lost its connection keeps commands for later: nobody would be waiting for their answers by then. */
const isConnected = (client: RedisClient): boolean => (isNodeRedis(client) ? client.isReady : client.status === 'ready');

/** For the setting `pace` of a tenant, or `ciamPace` in the settings file of Node-RED. */
export const redisPace = (client: RedisClient, { rate, key = 'ciam-pace' }: RedisPaceOptions): PaceHook => {
  if (!(Number.isFinite(rate) && rate > 0)) throw new RangeError('rate must be a number of calls a second, above 0.');
  return async (tenant, calls) => {
    if (!isConnected(client)) throw new Error('The Redis client is not connected.');
    const name = `${key}:${tenant}`;
    const given = [String(rate), String(calls)];
    const reply = isNodeRedis(client)
      ? await client.eval(SCRIPT, { keys: [name], arguments: given })
      : await client.eval(SCRIPT, 1, name, ...given);
    return Number(reply) / 1000;
  };
};
