/** What messages carry on, made from the outcome of a lookup or of a list. */
import { setImmediate } from 'node:timers/promises';
import type { ListInfo, ListOutcome, LookupFailure, LookupInfo, Lookup, NodeTenant } from '../../src/node-api';
import { client } from '../shared/client';
import { failureObject, type FailureObject } from '../shared/failure';
import type { Red } from '../shared/red';
import { valueCopy } from '../shared/message';
import type { AnswerOptions } from './options';
import { gravest } from './status';

/** A failure as a message carries it, with the node that met it. */
export type DescribedFailure = FailureObject & { source: { id: string; type: string; name: string } };

/** For the first output. */
export interface Good {
  result: unknown;
}
/** For the second output, or for Catch nodes. */
export interface Bad {
  result: unknown;
  failure: LookupFailure;
  /** `msg.error`; a list has its errors item by item. */
  error: DescribedFailure | null;
  /** Users who do not exist are no trouble. */
  onlyNotFound: boolean;
}

export interface Answer {
  lookup: LookupInfo | ListInfo | null;
  attempts: number;
  good: Good | null;
  bad: Bad | null;
  /** What the status shows of it. */
  shown: LookupFailure | null;
}

export interface Answers {
  found(lookup: Lookup, tenant: NodeTenant): Answer;
  failed(failure: LookupFailure): Answer;
  /** `rows`: the list as it came in. `signal`: from then on without a pause. */
  list(outcome: ListOutcome, rows: readonly unknown[], tenant: NodeTenant, signal: AbortSignal): Promise<Answer>;
}

/** So many items of a list are a part, or as many as can be made ready in so many milliseconds: some are large. */
const PART = 1000;
const PART_MS = 8;

/** Part by part, so that others get their turn while a long list is made ready. */
const inParts = async <Item, Made>(items: readonly Item[], signal: AbortSignal, make: (item: Item) => Made): Promise<Made[]> => {
  const made: Made[] = [];
  let since = performance.now();
  for (const item of items) {
    made.push(make(item));
    if (signal.aborted || (made.length % PART > 0 && performance.now() - since < PART_MS)) continue;
    await setImmediate();
    since = performance.now();
  }
  return made;
};

/** One object for all failures that are equal. */
const sharing = (describe: (failure: LookupFailure) => DescribedFailure) => {
  const known = new Map<string, DescribedFailure>();
  return (failure: LookupFailure): DescribedFailure => {
    const made = describe(failure);
    const key = JSON.stringify(made);
    const before = known.get(key);
    if (!before) known.set(key, made);
    return before ?? made;
  };
};

const isNotFound = ({ category }: LookupFailure): boolean => category === 'not-found';

/** `isCaught`: failures go to Catch nodes. */
export const answersOf = (
  red: Red, { shape, together, readItem, toCatch }: AnswerOptions, source: DescribedFailure['source'], isCaught: () => boolean = () => toCatch,
): Answers => {
  /** Each message has a `source` of its own. */
  const describer = () => {
    const own = { ...source };
    return (failure: LookupFailure): DescribedFailure => ({ ...failureObject(red, failure), source: own });
  };
  const list: Answers['list'] = async ({ found, failed, lookup, attempts }, rows, tenant, signal) => {
    // For each Catch node the runtime copies them all in one go, which takes three times as long without sharing.
    const describe = !together && isCaught() ? sharing(describer()) : describer();
    // Two messages share nothing.
    const isTwo = !together && failed.length > 0;
    const all = new Array<object>(together ? lookup.total : 0);
    const whole = (entry: { index: number; value: unknown; user?: unknown; error?: object | null }, isCopied: boolean): object => {
      const { index } = entry;
      const made = readItem ? { ...entry, item: isCopied ? valueCopy(red, rows[index]) : rows[index] } : entry;
      if (together) all[index] = made;
      return made;
    };
    const users = await inParts(found, signal, ({ index, value, user }) => whole({ index, value, user: shape ? shape(user, tenant) : user, ...(together && { error: null }) }, isTwo));
    const failures = await inParts(failed, signal, ({ index, value, error }) => whole({ index, value, ...(together && { user: null }), error: describe(error) }, false));
    const shown = gravest(failed.map(({ error }) => error));
    if (together || !shown) return { lookup, attempts, good: { result: together ? all : users }, bad: null, shown };
    const failure = client().listFailure(failures.length, lookup.total);
    return {
      lookup, attempts,
      good: users.length > 0 ? { result: users } : null,
      bad: { result: failures, failure, error: null, onlyNotFound: failed.every(({ error }) => isNotFound(error)) },
      shown: toCatch ? failure : shown,
    };
  };

  return {
    found: ({ user, lookup }, tenant) => ({ lookup, attempts: lookup.attempts, good: { result: shape ? shape(user, tenant) : user }, bad: null, shown: null }),
    failed: (failure) => ({
      lookup: failure.lookup ?? null, attempts: failure.lookup?.attempts ?? 0, good: null, shown: failure,
      bad: { result: failure.code, failure, error: describer()(failure), onlyNotFound: isNotFound(failure) },
    }),
    list,
  };
};
