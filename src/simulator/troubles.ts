/** The numbers that mean trouble, whoever the users are. */
import { type Answer, businessError, expired, gatewayPage } from './answer';
import { MOBILE } from './table';
import type { AccessToken } from './tokens';

export const SLOW_MS = 30_000;

const ONCE: Readonly<Record<string, (token: AccessToken) => Answer>> = {
  [MOBILE.limited]: () => gatewayPage(429, 'Too Many Requests', { 'retry-after': '1' }),
  [MOBILE.busy]: () => businessError(500, 'IDAAS.TENANT.COM.0002', 'System busy, please try again later'),
  [MOBILE.expired]: (token) => expired(token.value),
};

/** Numbers behind which somebody is found in the end. */
export const isTrouble = (mobile: string): boolean => mobile in ONCE || mobile === MOBILE.slow;

/** A refused client that has not come back by now has given up: the default deadline of a lookup. */
const RENEWAL_MS = 10_000;

/**
 * The "once" numbers answer trouble, found, trouble, found … for each caller of their own, and a caller is a token.
 * A caller told that its token has expired comes back with another one: a new token counts as a caller that has met the
 * trouble already if a refusal of its client id is still open.
 */
export class Troubles {
  private refusals: { clientId: string; at: number }[] = [];

  constructor(private readonly clock: () => number) {}

  /** The trouble this number means to this caller now, if any. */
  answer(mobile: string, token: AccessToken): Answer | undefined {
    if (mobile === MOBILE.down) return gatewayPage(503, 'Service Temporarily Unavailable');
    const trouble = ONCE[mobile];
    if (!trouble) return undefined;
    const { clientId, met } = token;
    if (met.delete(mobile)) {
      if (mobile === MOBILE.expired) this.settle(clientId);
      return undefined;
    }
    met.add(mobile);
    if (mobile === MOBILE.expired) this.refusals.push({ clientId, at: this.clock() });
    return trouble(token);
  }

  issued(token: AccessToken): void {
    const since = this.clock() - RENEWAL_MS;
    this.refusals = this.refusals.filter(({ at }) => at > since);
    if (this.refusals.some(({ clientId }) => clientId === token.clientId)) token.met.add(MOBILE.expired);
  }

  private settle(clientId: string): void {
    const index = this.refusals.findIndex((refusal) => refusal.clientId === clientId);
    if (index >= 0) this.refusals.splice(index, 1);
  }
}
