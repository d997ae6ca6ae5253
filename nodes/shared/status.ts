/** What a node's status says of a failure, and how it is shown: at most four times a second, since each goes over the editor's websocket. */
import type { AdviceKey, LookupFailure } from '../../src/node-api';
import { CATALOGUE } from './catalogue';
import type { RedNode, Status } from './red';

/** Causes of which the words for their category are true, and say enough; the others have words of their own. */
const LIKE_CATEGORY: ReadonlySet<AdviceKey> = new Set<AdviceKey>([
  'item', 'mobile-rule', 'name-rule', 'dialling-code', 'client-credentials', 'token-request', 'nobody-listens', 'no-way', 'connection-lost', 'circuit', 'circuit-unknown', 'quotes', 'client-id-colon', 'tls-passphrase', 'tls-pair', 'tls-pem',
]);
/** Mostly the certificate that a server wants; but it may be anything that the two do not agree on. */
const HANDSHAKE = /HANDSHAKE_FAILURE$/;

export const statusText = (key: string): string => `${CATALOGUE}ciam-user.status.${key}`;

/** The words for a failure; for an outage those of its last trouble. */
export const wordsOf = (failure: Pick<LookupFailure, 'adviceKey' | 'behind' | 'category' | 'system'>): string => {
  const { adviceKey, category, system = '' } = failure.behind ?? failure;
  return statusText(LIKE_CATEGORY.has(adviceKey) || HANDSHAKE.test(system) ? category : adviceKey);
};

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
