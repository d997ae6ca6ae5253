/** Side by side: every round measures everybody, every other round backwards (A B B A), so that a slow moment hits all alike. */
import type { Row } from './rows';
import type { Sample } from './statistics';

export type Samples = Record<string, Sample[]>;

/** Rubbish of the one before is not charged to the next; the young alone, since a whole collection throws compiled code away too. Node.js is started with --expose-gc for this. */
const collectGarbage = (): void => globalThis.gc?.({ type: 'minor', execution: 'sync' });

const WARM_UP_MS = 1000;
/** Until its code is compiled. */
const warmUp = async (run: () => Promise<Sample>): Promise<void> => {
  const until = performance.now() + WARM_UP_MS;
  do await run(); while (performance.now() < until);
};

export const interleave = async (row: Row, rounds: number): Promise<Samples> => {
  const contenders = Object.entries(row);
  const samples: Samples = Object.fromEntries(contenders.map(([name]) => [name, []]));
  for (const [, run] of contenders) await warmUp(run);
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of round % 2 === 0 ? contenders : contenders.toReversed()) {
      collectGarbage();
      samples[name]?.push(await run());
    }
  }
  return samples;
};
