/** The rows that are measured inside one running Node-RED: who competes, under which load. */
import { CONCURRENCY } from './flows';
import { isUser, type Load, newMobile } from './load';
import type { Sample } from './statistics';

export interface Contenders {
  /** Loop of the flow file → a sample of it. */
  flow: (loop: string) => (load: Load) => Promise<Sample>;
  bare: (load: Load) => Promise<Sample>;
  bareTls: (load: Load) => Promise<Sample>;
}

/** Who takes part, by name. Each call is one sample. */
export type Row = Record<string, () => Promise<Sample>>;

const LIST = 10_000;
/** Messages handed in at once. */
export const SIZES = [1000, 100_000];
const REMEMBERED = Array.from({ length: 1000 }, newMobile);

const isList = (payload: unknown): boolean => Array.isArray(payload) && payload.length === LIST && isUser((payload[0] as { user?: unknown }).user ?? payload[0]);

export const benchRows = ({ flow, bare, bareTls }: Contenders, ms: number): Record<string, Row> => {
  const lookups = (inFlight: number): Load => ({ inFlight, ms, warmUpMs: ms / 4, payload: newMobile, isGood: isUser });
  const many = lookups(CONCURRENCY);
  const one = lookups(1);
  const passing = (inFlight: number): Load => ({ ...lookups(inFlight), isGood: (payload) => typeof payload === 'string' });
  let next = 0;
  const remembered: Load = { ...many, payload: () => REMEMBERED[next++ % REMEMBERED.length] };
  const list: Load = { inFlight: 1, total: 1, payload: () => Array.from({ length: LIST }, newMobile), isGood: isList };
  /** As many batches of a small size as make up a large one, so that either is measured for as long. */
  const batches = (size: number, loop: string) => async (): Promise<Sample> => {
    const sum = { count: 0, ms: 0, cpuMs: 0, p50: 0 };
    while (sum.count < Math.max(...SIZES)) {
      const sample = await flow(loop)({ inFlight: size, total: size, payload: newMobile, isGood: isUser });
      sum.count += sample.count;
      sum.ms += sample.ms;
      sum.cpuMs += sample.cpuMs;
    }
    return sum;
  };
  return {
    flight: {
      bare: () => bare(many),
      pass: () => flow('pass')(passing(CONCURRENCY)),
      node: () => flow('bare')(many),
      ours: () => flow('ours')(many),
      core: () => flow('core')(many),
    },
    single: {
      bare: () => bare(one),
      pass: () => flow('pass')(passing(1)),
      node: () => flow('bare')(one),
      ours: () => flow('ours')(one),
      core: () => flow('core')(one),
    },
    tls: {
      bare: () => bareTls(many),
      pass: () => flow('pass')(passing(CONCURRENCY)),
      node: () => flow('bare tls')(many),
      ours: () => flow('ours tls')(many),
    },
    large: {
      node: () => flow('bare large')(many),
      ours: () => flow('ours large')(many),
    },
    renewed: {
      fresh: () => flow('ours')(many),
      ours: () => flow('renewing')(many),
    },
    remembered: {
      pass: () => flow('pass')(passing(CONCURRENCY)),
      ours: () => flow('remembering')(remembered),
    },
    list: {
      ours: () => flow('ours')(list),
      core: () => flow('core list')(list),
    },
    scale: Object.fromEntries(SIZES.flatMap((size) => [
      [`ours ${size}`, batches(size, 'long queue')],
      [`fill ${size}`, batches(size, 'fill')],
    ])),
  };
};
