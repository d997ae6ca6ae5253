/** The coloured dot: at most four updates a second, however many messages; nothing of a user in it. */
import type { Category } from '../../src/node-api';
import type { RedNode, Status } from '../shared/red';

const EVERY_MS = 250;

/** Of the latest message; `null` when its user was found. */
type Outcome = { code: string; category: Category } | null;

export interface StatusLight {
  readonly inFlight: number;
  /** A message has come in; `settled` when its outcome is known, with the failure's code and category. */
  started(): void;
  settled(failure: Outcome): void;
  /** A list has this many outcomes of so many; the same `list` object until `listEnded`. */
  progress(list: object, settled: number, total: number): void;
  listEnded(list: object): void;
  close(): void;
}

const YELLOW: ReadonlySet<Category> = new Set<Category>(['not-found', 'invalid-input']);

/** Of the failures of a list, the one to be shown: any that is no matter of its item comes first. */
export const gravest = <Failure extends { category: Category }>(failures: Failure[]): Failure | null =>
  failures.find(({ category }) => !YELLOW.has(category)) ?? failures[0] ?? null;

/** Texts are catalogue keys; a failure's code is none, and is shown as it is. */
const statusOf = (failure: Outcome | undefined): Status => {
  if (failure === undefined) return {};
  if (!failure) return { fill: 'green', shape: 'dot', text: 'ciam-user.status.found' };
  if (YELLOW.has(failure.category)) return { fill: 'yellow', shape: 'ring', text: `ciam-user.status.${failure.category}` };
  return { fill: 'red', shape: 'ring', text: failure.code };
};

export const createStatusLight = (node: RedNode): StatusLight => {
  let inFlight = 0;
  let last: Outcome | undefined;
  let shown = '';
  let changed = false;
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  const lists = new Map<object, { settled: number; total: number }>();

  const current = (): Status => {
    if (lists.size > 0) {
      let settled = 0;
      let total = 0;
      for (const list of lists.values()) {
        settled += list.settled;
        total += list.total;
      }
      return { fill: 'blue', shape: 'dot', text: `${settled}/${total}` };
    }
    return inFlight > 0 ? { fill: 'blue', shape: 'dot', text: String(inFlight) } : statusOf(last);
  };
  const show = (): void => {
    changed = false;
    const status = current();
    const key = `${status.fill ?? ''} ${status.text ?? ''}`;
    if (key === shown) return;
    shown = key;
    node.status(status);
    timer = setTimeout(() => {
      timer = null;
      if (changed) show();
    }, EVERY_MS);
    timer.unref();
  };
  const change = (): void => {
    if (closed) return;
    if (timer) changed = true;
    else show();
  };

  return {
    get inFlight() {
      return inFlight;
    },
    started() {
      inFlight++;
      change();
    },
    settled(failure) {
      inFlight--;
      last = failure;
      change();
    },
    progress(list, settled, total) {
      lists.set(list, { settled, total });
      change();
    },
    listEnded(list) {
      lists.delete(list);
      change();
    },
    close() {
      closed = true;
      if (timer) clearTimeout(timer);
      timer = null;
      node.status({});
    },
  };
};
