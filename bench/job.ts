/** What the bench tells its processes, and what they answer. */
import type { RoundTrips } from '../test/support/round-trips';
import type { Samples } from './interleave';
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

/** Far from the tenant. */
export type Trips = Record<'ours' | 'core', RoundTrips>;

/** `serverLoad`: the share of one core that the server used. Near 1 it is the server that was measured. */
export type FlowReport = { versions: Versions } | { trips: Trips } | { row: string; samples: Samples; serverLoad: number };

export type PaletteJob = Pick<FlowJob, 'redJs' | 'userDir'>;

/** Milliseconds that it took to add this package, to add one that does nothing, and to deploy a tenant and a lookup. `heap` and `rss`: bytes that stayed. */
export interface PaletteReport {
  ours: number;
  empty: number;
  deploy: number;
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
