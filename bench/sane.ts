/** The short bench fails only for what no noise explains: a wide margin, and the better quarter of the rounds. */
import { cpu, middle, ratio, type Sample } from './statistics';
import type { Measured } from './table';

export const complaintsAbout = ({ versions, rows }: Measured): string[] => {
  const samples = (row: string, name: string): Sample[] => rows[row]?.samples[name] ?? [];
  const flight = (name: string): Sample[] => samples('flight', name);
  const single = (name: string): Sample[] => samples('single', name);
  const checks = [
    { what: '64 in flight, against the bare node', got: ratio(cpu, flight('ours'), flight('node')), atLeast: 0.4 },
    { what: '64 in flight, against core http request', got: ratio(cpu, flight('ours'), flight('core')), atLeast: 2 },
    { what: 'one at a time, against the bare node', got: ratio(middle, single('ours'), single('node')), atLeast: 0.4 },
    { what: 'a remembered answer, against the node that does nothing', got: ratio(cpu, samples('remembered', 'ours'), samples('remembered', 'pass')), atLeast: 0.1 },
  ];
  // Not "below": a row that is missing gives no number at all.
  return checks.filter(({ got, atLeast }) => !(got.high >= atLeast))
    .map(({ what, got, atLeast }) => `Node-RED ${versions.nodeRed}: ${what}: ${got.high.toFixed(2)}, and should be at least ${atLeast}.`);
};
