/** Side by side: every round measures everybody, every other round backwards (A B B A), so that a slow moment hits all alike. */
import type { Row } from './rows';
import type { Sample } from './statistics';

export type Samples = Record<string, Sample[]>;

/** Rubbish of the one before is not charged to the next. Node.js is started with --expose-gc for this. */
const collectGarbage = (): void => globalThis.gc?.();

export const interleave = async (row: Row, rounds: number): Promise<Samples> => {
  const contenders = Object.entries(row);
  const samples: Samples = Object.fromEntries(contenders.map(([name]) => [name, []]));
  for (const [, run] of contenders) await run();
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of round % 2 === 0 ? contenders : contenders.toReversed()) {
      collectGarbage();
      samples[name]?.push(await run());
    }
  }
  return samples;
};
