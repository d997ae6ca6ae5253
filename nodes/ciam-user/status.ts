/** The coloured dot: at most four updates a second, however many messages; nothing of a user in it. */
import type { Category, LookupFailure, NodeCondition, TenantState } from '../../src/node-api';
import { limitedStatus, statusText, wordsOf } from '../shared/status';
import type { RedNode, Status } from '../shared/red';

/** Of the latest message; `null` when its user was found. */
type Outcome = { code: string; category: Category; words: string } | null;

export interface StatusLight {
  readonly inFlight: number;
  /** A message has come in; `settled` when its outcome is known. */
  started(): void;
  settled(failure: LookupFailure | null): void;
  /** A list has this many outcomes of so many; the same `list` object until `listEnded`. */
  progress(list: object, settled: number, total: number): void;
  listEnded(list: object): void;
  /** The tenant's condition is another one. */
  tenantChanged(): void;
  close(): void;
}

const YELLOW: ReadonlySet<Category> = new Set<Category>(['not-found', 'invalid-input']);

/** Of the failures of a list, the one to be shown: any that is no matter of its item comes first. */
export const gravest = <Failure extends { category: Category }>(failures: Failure[]): Failure | null =>
  failures.find(({ category }) => !YELLOW.has(category)) ?? failures[0] ?? null;

/** What a tenant in this state makes of every lookup. */
const categoryOf = ({ state, cause }: Pick<NodeCondition, 'state' | 'cause'>): Category | null => {
  if (state === 'misconfigured') return 'config';
  if (state === 'refused') return cause?.category ?? 'unauthorized';
  if (state === 'failing' || state === 'unreachable') return 'unavailable';
  return state === 'paused' ? 'rate-limited' : null;
};

type Shown = Omit<Status, 'tenant'>;

/** Lookups fail at once. */
const isBroken = (state: TenantState): boolean => state === 'misconfigured' || state === 'refused' || state === 'failing';
const isAway = (state: TenantState): state is 'unreachable' | 'paused' => state === 'unreachable' || state === 'paused';

const failed = (code: string | null, category: Category, words: string): Shown =>
  ({ fill: YELLOW.has(category) ? 'yellow' : 'red', shape: 'ring', text: words, code, category });

const waiting = (state: 'unreachable' | 'paused', code: string | null): Shown =>
  ({ fill: 'yellow', shape: 'dot', text: statusText(`waiting-${state}`), code, category: categoryOf({ state, cause: null }) });

const busy = (words: string): Shown => ({ fill: 'blue', shape: 'dot', text: words, code: null, category: null });

const outcomeOf = (outcome: Outcome | undefined): Shown | null => {
  if (outcome === undefined) return null;
  if (!outcome) return { fill: 'green', shape: 'dot', text: statusText('found'), code: null, category: null };
  return failed(outcome.code, outcome.category, outcome.words);
};

/** `condition`: of the tenant, as it is now. */
export const createStatusLight = (node: Pick<RedNode, 'status'>, condition: () => NodeCondition): StatusLight => {
  let inFlight = 0;
  let last: Outcome | undefined;
  const lists = new Map<object, { settled: number; total: number }>();

  const progressText = (): string => {
    let settled = 0;
    let total = 0;
    for (const list of lists.values()) {
      settled += list.settled;
      total += list.total;
    }
    return `${settled}/${total}`;
  };
  const shown = (now: NodeCondition): Shown => {
    const { state, code, cause } = now;
    if (inFlight > 0 && isAway(state)) return waiting(state, code);
    if (lists.size > 0) return busy(progressText());
    if (inFlight > 0) return busy(String(inFlight));
    const category = categoryOf(now);
    if (isBroken(state) && category && cause) return failed(code, category, wordsOf(cause));
    if (isAway(state) && (!last || YELLOW.has(last.category))) return waiting(state, code);
    // Whatever the status that asked for it, a pause is a pause.
    if (state === 'paused' && last && last.code === code) return failed(code, last.category, statusText('paused'));
    return outcomeOf(last) ?? {};
  };
  const current = (): Status => {
    const now = condition();
    const status = shown(now);
    return status.fill === undefined ? {} : { ...status, tenant: now.tenant };
  };
  const status = limitedStatus(node, current);

  return {
    get inFlight() {
      return inFlight;
    },
    started() {
      inFlight++;
      status.changed();
    },
    settled(failure) {
      inFlight--;
      last = failure && { code: failure.code, category: failure.category, words: wordsOf(failure) };
      status.changed();
    },
    progress(list, settled, total) {
      lists.set(list, { settled, total });
      status.changed();
    },
    listEnded(list) {
      lists.delete(list);
      status.changed();
    },
    tenantChanged: () => status.changed(),
    close: () => status.close(),
  };
};
