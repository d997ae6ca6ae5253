/** The coloured dot: at most four updates a second, however many messages; nothing of a user in it. */
import type { Category, LookupFailure, NodeCondition, TenantState } from '../../src/node-api';
import { type LimitedStatus, limitedStatus, statusText, wordsOf } from '../shared/status';
import type { RedNode, Status } from '../shared/red';

/** Of the latest message; `null` when its user was found. */
type Outcome = { code: string; category: Category; words: string } | null;

export interface StatusLight extends LimitedStatus {
  readonly inFlight: number;
  /** A message has come in; `settled` when its outcome is known. */
  started(): void;
  settled(failure: LookupFailure | null): void;
  /** A list has this many outcomes of so many; the same `list` object until `listEnded`. */
  progress(list: object, settled: number, total: number): void;
  listEnded(list: object): void;
}

const YELLOW: ReadonlySet<Category> = new Set<Category>(['not-found', 'invalid-input']);

/** Of the failures of a list, the one to be shown: any that is no matter of its item comes first. */
export const gravest = <Failure extends { category: Category }>(failures: Failure[]): Failure | null =>
  failures.find(({ category }) => !YELLOW.has(category)) ?? failures[0] ?? null;

/** States of a tenant in which lookups fail at once. */
const BROKEN: ReadonlySet<TenantState> = new Set<TenantState>(['misconfigured', 'refused', 'failing']);
/** Those in which they wait, with what becomes of them otherwise. */
const AWAY: Partial<Record<TenantState, Category>> = { unreachable: 'unavailable', paused: 'rate-limited' };

type Shown = Omit<Status, 'tenant'>;

const failed = (code: string | null, category: Category, words: string): Shown =>
  ({ fill: YELLOW.has(category) ? 'yellow' : 'red', shape: 'ring', text: words, code, category });

const dot = (fill: 'yellow' | 'blue' | 'green', text: string, code: string | null = null, category: Category | null = null): Shown =>
  ({ fill, shape: 'dot', text, code, category });

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
  const shown = ({ state, code, cause }: NodeCondition): Shown => {
    const away = AWAY[state];
    const waiting = away && dot('yellow', statusText(`waiting-${state}`), code, away);
    if (waiting && inFlight > 0) return waiting;
    if (lists.size > 0) return dot('blue', progressText());
    if (inFlight > 0) return dot('blue', String(inFlight));
    if (cause && BROKEN.has(state)) return failed(code, state === 'failing' ? 'unavailable' : cause.category, wordsOf(cause));
    if (waiting && (!last || YELLOW.has(last.category))) return waiting;
    if (!last) return last === null ? dot('green', statusText('found')) : {};
    // Whatever the status that asked for it, a pause is a pause.
    return failed(last.code, last.category, state === 'paused' && last.code === code ? statusText('paused') : last.words);
  };
  const current = (): Status => {
    const now = condition();
    const status = shown(now);
    return status.fill === undefined ? {} : { ...status, tenant: now.tenant };
  };
  const status = limitedStatus(node, current);

  return {
    ...status,
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
  };
};
