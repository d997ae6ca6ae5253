/** Answers remembered for their lifetimes. */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock';
import { LookupFailure } from '../failures/failure';
import type { Result } from './call';
import { copyJson } from '../api/json';
import type { Settings } from '../settings/settings';
import type { User } from '../api/user';

export interface Memory {
  /** The remembered answer, if it is still fresh; a user is an object of the caller's own. */
  recall(key: string): User | LookupFailure | undefined;
  /** Keeps a found user and a not-found for their own times; other failures never. */
  remember(key: string, result: Result): void;
}

type Lifetimes = Pick<Settings, 'cacheTtlMs' | 'cacheMissTtlMs' | 'cacheSize'>;

/** `null` when nothing is to be remembered. */
export const createMemory = ({ cacheTtlMs, cacheMissTtlMs, cacheSize }: Lifetimes, clock: Clock): Memory | null => {
  if (cacheTtlMs === 0 && cacheMissTtlMs === 0) return null;
  // ttlResolution 0: no timer of the cache's own.
  const answers = new LRUCache<string, User | LookupFailure>({ max: cacheSize, ttl: 1, ttlResolution: 0, perf: clock });
  const lifetime = (result: Result): number => {
    if (!(result instanceof LookupFailure)) return cacheTtlMs;
    return result.category === 'not-found' ? cacheMissTtlMs : 0;
  };
  return {
    recall(key) {
      const answer = answers.get(key);
      return answer instanceof LookupFailure ? answer : copyJson(answer);
    },
    remember(key, result) {
      const ttl = lifetime(result);
      if (ttl > 0) answers.set(key, result instanceof LookupFailure ? result : copyJson(result.user), { ttl });
    },
  };
};
