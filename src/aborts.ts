/** Many lookups may share one AbortSignal (all messages of a node do): one listener a signal, not one a lookup. */
export class Aborts<T> {
  private readonly watched = new WeakMap<AbortSignal, Set<T>>();

  constructor(private readonly abort: (entry: T) => void) {}

  add(signal: AbortSignal, entry: T): void {
    let entries = this.watched.get(signal);
    if (!entries) {
      entries = new Set();
      this.watched.set(signal, entries);
      const waiting = entries;
      // The latest first: those in the queue are gone before the first turn becomes free, and none of them begins.
      signal.addEventListener('abort', () => [...waiting].reverse().forEach(this.abort), { once: true });
    }
    entries.add(entry);
  }

  remove(signal: AbortSignal, entry: T): void {
    this.watched.get(signal)?.delete(entry);
  }
}
