/** Shows a node's status, at most four times a second: each goes over the editor's websocket. */
import type { RedNode, Status } from './red';

const EVERY_MS = 250;

export interface LimitedStatus {
  /** It may be another one now. */
  changed(): void;
  /** Clears it, for good. */
  close(): void;
}

/** `current` is asked when there is something to show. */
export const limitedStatus = (node: Pick<RedNode, 'status'>, current: () => Status): LimitedStatus => {
  let shown = '{}';
  let isStale = false;
  let closed = false;
  let timer: NodeJS.Timeout | null = null;

  const show = (): void => {
    isStale = false;
    const status = current();
    const key = JSON.stringify(status);
    if (key === shown) return;
    shown = key;
    node.status(status);
    timer = setTimeout(() => {
      timer = null;
      if (isStale) show();
    }, EVERY_MS);
    timer.unref();
  };
  return {
    changed() {
      if (closed) return;
      if (timer) isStale = true;
      else show();
    },
    close() {
      closed = true;
      if (timer) clearTimeout(timer);
      timer = null;
      node.status({});
    },
  };
};
