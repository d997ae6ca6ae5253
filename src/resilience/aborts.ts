/**
 * Many lookups may share one AbortSignal (all messages of a node do): one listener a signal, not one a lookup.
 * Linked entries rather than a `Set`: ARCHITECTURE.md, "What comes and goes with every call".
 */

/** What an abort can end; the links are those of its signal's entries. */
export interface Abortable<Entry extends Abortable<Entry>> {
  before: Entry | null;
  after: Entry | null;
}

interface Entries<Entry> {
  latest: Entry | null;
}

export class Aborts<Entry extends Abortable<Entry>> {
  private readonly watched = new WeakMap<AbortSignal, Entries<Entry>>();

  constructor(private readonly abort: (entry: Entry) => void) {}

  add(signal: AbortSignal, entry: Entry): void {
    const entries = this.watched.get(signal) ?? this.watch(signal);
    entry.before = entries.latest;
    if (entries.latest) entries.latest.after = entry;
    entries.latest = entry;
  }

  /** Of an entry that was removed already: nothing. */
  remove(signal: AbortSignal, entry: Entry): void {
    const entries = this.watched.get(signal);
    if (entry.before) entry.before.after = entry.after;
    if (entry.after) entry.after.before = entry.before;
    else if (entries?.latest === entry) entries.latest = entry.before;
    entry.before = entry.after = null;
  }

  private watch(signal: AbortSignal): Entries<Entry> {
    const entries: Entries<Entry> = { latest: null };
    this.watched.set(signal, entries);
    signal.addEventListener('abort', () => {
      // The latest first: those in the queue are gone before the first turn becomes free, and none of them begins.
      for (let entry = entries.latest; entry; entry = entries.latest) {
        this.remove(signal, entry);
        this.abort(entry);
      }
    }, { once: true });
    return entries;
  }
}
