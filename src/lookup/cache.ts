/** Answers remembered for their lifetimes. */
import { LRUCache } from 'lru-cache';
import { copyJson } from '../api/json';
import type { User } from '../api/user';
import type { Clock } from '../clock';
import { LookupFailure } from '../failures/failure';
import type { Settings } from '../settings/settings';
import type { Result } from './call';

type Lifetimes = Pick<Settings, 'cacheTtlMs' | 'cacheMissTtlMs' | 'cacheStaleMs' | 'cacheSize'>;

/** All answers together, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024;
/** What a larger answer takes as an object is many times its text: it is kept as text. */
const LONGEST_OBJECT = 4096;
/** An object of short texts takes about so many bytes for each character of its JSON. */
const BYTES_PER_CHARACTER = 10;
const FAILURE_BYTES = 500;

interface Remembered {
  /** A user, or its JSON when it is long. */
  answer: User | string | LookupFailure;
  freshUntil: number;
}

/** `null` when nothing is to be remembered. */
export const createCache = (lifetimes: Lifetimes, clock: Clock): Cache | null =>
  lifetimes.cacheTtlMs + lifetimes.cacheMissTtlMs + lifetimes.cacheStaleMs > 0 ? new Cache(lifetimes, clock) : null;

export class Cache {
  private readonly answers: LRUCache<string, Remembered>;
  /** Milliseconds that this machine slept. */
  private sleptMs = 0;

  constructor(private readonly lifetimes: Lifetimes, private readonly clock: Clock) {
    this.answers = new LRUCache<string, Remembered>({
      max: lifetimes.cacheSize, maxSize: MOST_BYTES, ttl: 1,
      // ttlResolution 0: no timer of the cache's own.
      ttlResolution: 0, perf: { now: () => this.now() },
    });
  }

  get size(): number {
    return this.answers.size;
  }

  /** Estimated. */
  get bytes(): number {
    return this.answers.calculatedSize;
  }

  /** The remembered answer, if it is still fresh; a user is an object of the caller's own. */
  recall(key: string): User | LookupFailure | undefined {
    const remembered = this.answers.get(key);
    if (!remembered || this.now() >= remembered.freshUntil) return undefined;
    return remembered.answer instanceof LookupFailure ? remembered.answer : userOf(remembered.answer);
  }

  /** A remembered user, fresh or not. */
  recallStale(key: string): User | undefined {
    const remembered = this.answers.get(key);
    return remembered && !(remembered.answer instanceof LookupFailure) ? userOf(remembered.answer) : undefined;
  }

  /** Keeps a found user and a not-found for their own times; other failures never. */
  remember(key: string, result: Result): void {
    const { cacheTtlMs, cacheMissTtlMs, cacheStaleMs } = this.lifetimes;
    if (result instanceof LookupFailure) {
      if (result.category !== 'not-found') return;
      if (cacheMissTtlMs > 0) this.keep(key, result, FAILURE_BYTES, cacheMissTtlMs, 0);
      else this.answers.delete(key); // the user is gone: not to be served from before
    } else if (cacheTtlMs + cacheStaleMs > 0) {
      const json = JSON.stringify(result.user);
      const isLong = json.length > LONGEST_OBJECT;
      this.keep(key, isLong ? json : copyJson(result.user), json.length * (isLong ? 2 : BYTES_PER_CHARACTER), cacheTtlMs, cacheStaleMs);
    }
  }

  /** Everything is that much older. */
  age(ms: number): void {
    this.sleptMs += ms;
  }

  private keep(key: string, answer: Remembered['answer'], bytes: number, freshMs: number, staleMs: number): void {
    this.answers.set(key, { answer, freshUntil: this.now() + freshMs }, { ttl: freshMs + staleMs, size: Math.max(1, bytes + 2 * key.length) });
  }

  private now(): number {
    return this.clock.now() + this.sleptMs;
  }
}

const userOf = (answer: User | string): User => (typeof answer === 'string' ? (JSON.parse(answer) as User) : copyJson(answer));
