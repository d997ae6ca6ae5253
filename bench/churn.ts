/**
 * Why `src/flights.ts` and `src/aborts.ts` link their entries: what a `Map` and a `Set` cost that 64 calls at a time come to and
 * go from. `npx tsx --expose-gc bench/churn.ts` prints a table.
 */
import { Aborts, type Abortable } from '../src/resilience/aborts';
import { Flight } from '../src/lookup/call';
import { Flights } from '../src/lookup/flights';
import { figure } from './statistics';

const CALLS = 200_000;
const IN_FLIGHT = 64;
const ROUNDS = 7;

/** What a call drags along while it is under way. */
const ballast = (): unknown => Array.from({ length: 60 }, (_, index) => ({ index }));

interface Place {
  enter: (key: string) => () => void;
}

const crew = { begin: () => undefined, end: () => undefined, received: () => undefined };

class Entry implements Abortable<Entry> {
  before: Entry | null = null;
  after: Entry | null = null;
  constructor(readonly load: unknown) {}
}

const CONTENDERS: Record<string, () => Place> = {
  'calls by key, linked (`src/flights.ts`)': () => {
    const flights = new Flights();
    return {
      enter: (key) => {
        const flight = Object.assign(new Flight({ by: 'mobile', value: key, key }, crew), { load: ballast() });
        flights.add(flight);
        return () => flights.delete(flight);
      },
    };
  },
  'calls by key, in a `Map`': () => {
    const flights = new Map<string, Flight>();
    return {
      enter: (key) => {
        flights.set(key, Object.assign(new Flight({ by: 'mobile', value: key, key }, crew), { load: ballast() }));
        return () => flights.delete(key);
      },
    };
  },
  'lookups of a signal, linked (`src/aborts.ts`)': () => {
    const aborts = new Aborts<Entry>(() => undefined);
    const { signal } = new AbortController();
    return {
      enter: () => {
        const entry = new Entry(ballast());
        aborts.add(signal, entry);
        return () => aborts.remove(signal, entry);
      },
    };
  },
  'lookups of a signal, in a `Set`': () => {
    const entries = new Set<Entry>();
    return {
      enter: () => {
        const entry = new Entry(ballast());
        entries.add(entry);
        return () => entries.delete(entry);
      },
    };
  },
};

/** Nanoseconds a call. */
const measure = ({ enter }: Place): number => {
  const leave: (() => void)[] = [];
  const come = (from: number, to: number): void => {
    for (let call = from; call < to; call++) {
      leave[call % IN_FLIGHT]?.();
      leave[call % IN_FLIGHT] = enter(`mobile:${13_000_000_000 + call}`);
    }
  };
  come(0, 1000);
  // As in any process that has run for a while: the table of the moment moves to the old generation, and the next ones hang on it.
  globalThis.gc?.();
  const started = performance.now();
  come(1000, 1000 + CALLS);
  return ((performance.now() - started) * 1e6) / CALLS;
};

const main = (): void => {
  if (!globalThis.gc) throw new Error('Run it with --expose-gc.');
  const all = Object.entries(CONTENDERS);
  const times: Record<string, number[]> = Object.fromEntries(all.map(([name]) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, make] of round % 2 ? all : all.toReversed()) {
      const time = measure(make());
      if (round > 0) times[name]?.push(time);
    }
  }
  console.log('| | ns a call, making it included |\n|---|---|');
  for (const [name, list] of Object.entries(times)) console.log(`| ${name} | ${Math.round(figure(list).median).toLocaleString('en-US')} |`);
};

main();
