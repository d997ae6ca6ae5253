/**
 * Calls under way by key: what a `Map` would do, but without its cost. A Map that entries come to and go from all the time
 * is rebuilt every few dozen calls, and each dead table keeps the calls of its time, and the next table, alive until the next
 * full collection: a tenth of all the time a lookup takes (bench/churn.ts). Here a slot is emptied when its call ends.
 */
import type { Flight } from './call';

/** Chained hash table; the links are in the flights. Not to be guessed from outside: the seed differs in each process. */
const SEED = Math.floor(Math.random() * 0x7fffffff);

const hashOf = (key: string): number => {
  let hash = SEED;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash ^ (hash >>> 15);
};

export class Flights {
  private slots: (Flight | null)[] = new Array<Flight | null>(64).fill(null);
  private count = 0;

  get(key: string): Flight | null {
    const hash = hashOf(key);
    let flight = this.slots[hash & (this.slots.length - 1)] ?? null;
    while (flight !== null && (flight.hash !== hash || flight.query.key !== key)) flight = flight.sameSlot;
    return flight;
  }

  /** The key must not be there yet. */
  add(flight: Flight): void {
    if (++this.count > this.slots.length) this.grow();
    flight.hash = hashOf(flight.query.key);
    this.put(flight);
  }

  /** False when it is not there (any more). */
  delete(flight: Flight): boolean {
    const slot = flight.hash & (this.slots.length - 1);
    let other = this.slots[slot] ?? null;
    if (other === flight) {
      this.slots[slot] = flight.sameSlot;
    } else {
      while (other !== null && other.sameSlot !== flight) other = other.sameSlot;
      if (other === null) return false;
      other.sameSlot = flight.sameSlot;
    }
    flight.sameSlot = null;
    this.count--;
    return true;
  }

  /** All of them, as they are now. */
  all(): Flight[] {
    const flights: Flight[] = [];
    for (let flight of this.slots) {
      for (; flight !== null; flight = flight.sameSlot) flights.push(flight);
    }
    return flights;
  }

  private put(flight: Flight): void {
    const slot = flight.hash & (this.slots.length - 1);
    flight.sameSlot = this.slots[slot] ?? null;
    this.slots[slot] = flight;
  }

  private grow(): void {
    const flights = this.all();
    this.slots = new Array<Flight | null>(this.slots.length * 2).fill(null);
    for (const flight of flights) this.put(flight);
  }
}
