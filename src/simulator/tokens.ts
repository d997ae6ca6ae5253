/** Access tokens: opaque, each with its own lifetime; a new one does not invalidate older ones. */
import { randomBytes } from 'node:crypto';

export interface AccessToken {
  readonly value: string;
  readonly clientId: string;
  /** Milliseconds on the simulator's clock. */
  readonly expiresAt: number;
  /** Numbers whose trouble its owner has met, and which are found next time. */
  readonly met: Set<string>;
}

/** An expired token is remembered this long, to be told apart from one that never was. */
const REMEMBER_EXPIRED_MS = 3_600_000;

export const randomToken = (): string => randomBytes(32).toString('base64url');

export class Tokens {
  // In the order of issue, which is the order of expiry.
  private readonly issued = new Map<string, AccessToken>();

  constructor(
    readonly lifetimeSeconds: number,
    private readonly clock: () => number,
  ) {}

  issue(clientId: string): AccessToken {
    this.forgetOld();
    const token = { value: randomToken(), clientId, expiresAt: this.clock() + this.lifetimeSeconds * 1000, met: new Set<string>() };
    this.issued.set(token.value, token);
    return token;
  }

  find(value: string): AccessToken | 'expired' | 'unknown' {
    const token = this.issued.get(value);
    if (!token) return 'unknown';
    return this.clock() < token.expiresAt ? token : 'expired';
  }

  private forgetOld(): void {
    const before = this.clock() - REMEMBER_EXPIRED_MS;
    for (const token of this.issued.values()) {
      if (token.expiresAt > before) return;
      this.issued.delete(token.value);
    }
  }
}
