/** Many lookups for one message: as many at a time as there is room, duplicates asked once, order kept. */
import { type Abortable, Aborts } from '../resilience/aborts';
import { type Clock, elapsedMs } from '../clock';
import { inputFailure, LookupFailure } from '../failures/failure';
import { copyJson } from '../api/json';
import type { Lookup } from './call';
import type { Pacing } from '../resilience/request-queue';
import { toQuery } from '../api/query';
import type { User } from '../api/user';

export interface ListRequest {
  by: unknown;
  values: readonly unknown[];
  /** Told how many of `values` have their outcome. */
  progress?: (settled: number) => void;
}

export interface ListInfo {
  by: string;
  tenant: string;
  total: number;
  found: number;
  failed: number;
  durationMs: number;
}

export interface ListOutcome {
  /** `index` is the place in the list that came in, `value` what was sent after clean-up. */
  found: { index: number; value: string; user: User }[];
  failed: { index: number; value: string | null; error: LookupFailure }[];
  lookup: ListInfo;
  /** Calls made for all items together. */
  attempts: number;
}

/** @internal */
export interface ListParts {
  label: string;
  concurrency: number;
  clock: Clock;
  lookup: (request: { by: unknown; value: unknown }, signal?: AbortSignal) => Promise<Lookup>;
  pacing: Pick<Pacing, 'whenRoom'>;
}

/** Items that are worked through, by all who work at the list, before the event loop gets a breath. */
const AT_ONCE = 100;

type Outcome = { value: string; user: User } | { value: string | null; error: LookupFailure };

/** One distinct item: where it stands in the list, and what became of it. */
interface Asked {
  indexes: number[];
  outcome: Outcome | null;
}

/** A list in a message may hold anything; what cannot even be read is no value either. */
const itemAt = (values: readonly unknown[], index: number): unknown => {
  try {
    return values[index];
  } catch {
    return Symbol('unreadable');
  }
};

const keyOf = (by: unknown, value: unknown): string | null => {
  try {
    return toQuery(by, value).key;
  } catch {
    return null; // the lookup itself says what is wrong
  }
};

interface Running extends Abortable<Running> {
  stop: () => void;
}

/** However many lists run with one signal, they are one listener of it. */
const running = new Aborts<Running>(({ stop }) => stop());

/** Like the outcome, with objects of its own. */
const copyOf = (outcome: Outcome): Outcome =>
  'user' in outcome ? { ...outcome, user: copyJson(outcome.user) } : { ...outcome, error: outcome.error.lookup ? outcome.error.for(outcome.error.lookup) : outcome.error };

/** @internal */
export const lookupList = async ({ by, values, progress }: ListRequest, signal: AbortSignal | undefined, parts: ListParts): Promise<ListOutcome> => {
  const { clock, lookup, pacing } = parts;
  const startedAt = clock.now();
  const items = Array.from({ length: values.length }, (_, index) => itemAt(values, index));
  const outcomes = new Array<Outcome | undefined>(items.length);
  const asked = new Map<string, Asked>();
  let settled = 0;
  let attempts = 0;

  const settle = (index: number, outcome: Outcome): void => {
    outcomes[index] = outcome;
    progress?.(++settled);
  };

  let breath: Promise<void> | null = null;
  let sinceBreath = 0;
  /** Before every piece of work, whoever does it. */
  const breathe = async (): Promise<void> => {
    while (breath) await breath;
    if (++sinceBreath < AT_ONCE) return;
    sinceBreath = 0;
    breath = new Promise((resolve) => void setImmediate(() => {
      breath = null;
      resolve();
    }));
  };

  const ask = async (value: unknown): Promise<Outcome> => {
    try {
      const found = await lookup({ by, value }, signal);
      attempts += found.lookup.attempts;
      return { value: found.lookup.value ?? '', user: found.user };
    } catch (error) {
      const failure = error instanceof LookupFailure ? error : inputFailure('The value cannot be read.');
      attempts += failure.lookup?.attempts ?? 0;
      return { value: failure.lookup?.value ?? null, error: failure };
    }
  };

  const waiting = new Set<() => void>();
  /** Asks as soon as there is room, or the list is stopped. */
  const askInTurn = (value: unknown): Promise<Outcome> =>
    new Promise((resolve) => {
      const go = (): void => {
        if (waiting.delete(go)) resolve(ask(value));
      };
      waiting.add(go);
      if (signal?.aborted) go();
      else pacing.whenRoom(go);
    });

  const handle = async (index: number): Promise<void> => {
    const value = items[index];
    const key = keyOf(by, value);
    if (key === null) return settle(index, await ask(value));
    const before = asked.get(key);
    if (before?.outcome) return settle(index, copyOf(before.outcome));
    if (before) return void before.indexes.push(index);
    const entry: Asked = { indexes: [], outcome: null };
    asked.set(key, entry);
    const outcome = await askInTurn(value);
    entry.outcome = outcome;
    settle(index, outcome);
    for (const again of entry.indexes) {
      await breathe();
      settle(again, copyOf(outcome));
    }
  };

  let next = 0;
  /** Hands in one item after the other; there are as many of these as lookups may be in flight. */
  const worker = async (): Promise<void> => {
    for (await breathe(); next < items.length; await breathe()) await handle(next++);
  };
  const self: Running = { stop: () => waiting.forEach((go) => go()), before: null, after: null };
  if (signal) running.add(signal, self);
  await Promise.all(Array.from({ length: Math.min(parts.concurrency, items.length) }, worker));
  if (signal) running.remove(signal, self);

  const found: ListOutcome['found'] = [];
  const failed: ListOutcome['failed'] = [];
  outcomes.forEach((outcome, index) => {
    if (!outcome) return;
    if ('user' in outcome) found.push({ index, value: outcome.value, user: outcome.user });
    else failed.push({ index, value: outcome.value, error: outcome.error });
  });
  return {
    found, failed, attempts,
    lookup: { by: typeof by === 'string' ? by : '', tenant: parts.label, total: items.length, found: found.length, failed: failed.length, durationMs: elapsedMs(clock, startedAt) },
  };
};
