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
      signal.addEventListener('abort', () => waiting.forEach(this.abort), { once: true });
    }
    entries.add(entry);
  }

  remove(signal: AbortSignal, entry: T): void {
    this.watched.get(signal)?.delete(entry);
  }
}
