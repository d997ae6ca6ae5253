/**
 * Answers about somebody else. A broken gateway may hand one lookup's answer to another; but a tenant may also answer with a
 * user whose number has changed. Whoever is asked again on a fresh connection tells which it is.
 */
import type { By } from '../api/query';
import type { Clock } from '../clock';

const ENOUGH = 3;
const TRUSTED_MS = 600_000;

interface Known {
  confirmed: number;
  contradicted: boolean;
  /** When `confirmed` became enough. */
  since: number;
}

export class Mismatches {
  private readonly byMode = new Map<By, Known>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** False for ten minutes after fresh connections have confirmed three and contradicted none. */
  isToBeChecked(by: By): boolean {
    const known = this.byMode.get(by);
    if (known === undefined || known.contradicted || known.confirmed < ENOUGH) return true;
    if (this.clock.now() - known.since < TRUSTED_MS) return false;
    this.byMode.delete(by);
    return true;
  }

  /** What the fresh connection said: somebody else again, or not. */
  checked(by: By, confirmed: boolean): void {
    const known = this.byMode.get(by) ?? { confirmed: 0, contradicted: false, since: 0 };
    this.byMode.set(by, known);
    if (!confirmed) known.contradicted = true;
    else if (++known.confirmed === ENOUGH) known.since = this.clock.now();
  }
}
