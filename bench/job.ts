/** What the bench tells its processes, and what they answer. */
import type { Samples } from './interleave';
import type { Sample } from './load';
import type { ProfileKind } from './profile';

export interface FlowJob {
  redJs: string;
  userDir: string;
  rows: string[];
  rounds: number;
  /** Length of a sample. */
  ms: number;
  profiled?: { kind: ProfileKind; contender: string };
  /** Folder for profiles. */
  output: string;
}

export interface Versions {
  nodeRed: string;
  node: string;
}

/** `serverLoad`: the share of one core that the server used. Near 1 it is the server that was measured. */
export type FlowReport = { versions: Versions } | { row: string; samples: Samples; serverLoad: number };

export type PaletteJob = Pick<FlowJob, 'redJs' | 'userDir'>;

/** Milliseconds that it took to add this package, and one that does nothing. `heap` and `rss`: bytes that stayed. */
export interface PaletteReport {
  ours: number;
  empty: number;
  heap: number;
  rss: number;
}

export interface MemoryJob extends PaletteJob {
  loop: string;
  /** How many messages wait. */
  messages: number;
}

/** Bytes that one waiting message holds. */
export interface MemoryReport {
  heap: number;
}

/** How a lookup is asked for and answered, in the terms of the model. */
export interface Point {
  inFlight: number;
  /** Of an answer. */
  bytes: number;
  /** What the server waits before it answers. */
  delayMs: number;
}

export interface ModelJob extends PaletteJob {
  points: Point[];
  rounds: number;
  ms: number;
}

/** One entry per point. `latencyMs`: one call of bare undici under the same conditions, p50 of each round. */
export type ModelReport = { samples: Sample[]; latencyMs: number[] }[];
