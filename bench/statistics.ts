/** Samples → ratios. A ratio is taken within each round, so that what slows a whole round does not show. */

export interface Sample {
  count: number;
  ms: number;
  /** CPU time of the process, all threads. */
  cpuMs: number;
  /** Of one message, in ms. */
  p50: number;
}

/** `low` and `high`: the quartiles, so that one disturbed round does not look like the spread. */
export interface Figure {
  median: number;
  low: number;
  high: number;
}

export const figure = (values: number[]): Figure => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)] ?? NaN;
    return below + (place % 1) * ((sorted[Math.ceil(place)] ?? NaN) - below);
  };
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
};

/** What one message costs, in ms. */
export type Cost = (sample: Sample) => number;
export const wall: Cost = ({ ms, count }) => ms / count;
/** All threads' CPU time: hardly disturbed by what else the machine does. */
export const cpu: Cost = ({ cpuMs, count }) => cpuMs / count;
export const middle: Cost = ({ p50 }) => p50;

/** For each round: what the rivals cost together, divided by what `mine` costs. Above 1, mine is cheaper. */
export const ratio = (cost: Cost, mine: Sample[], ...rivals: Sample[][]): Figure =>
  figure(mine.map((sample, round) => rivals.reduce((sum, rival) => sum + cost(rival[round] ?? sample), 0) / cost(sample)));
