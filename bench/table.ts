/** Results → the table of the README. */
import type { Versions } from './job';
import type { Sample } from './load';
import type { Memory, Palette, RowResult, Size } from './measure';
import { SIZES } from './rows';
import { cpu, type Figure, figure, middle, ratio, wall } from './statistics';

export interface Measured {
  versions: Versions;
  rows: Record<string, RowResult>;
  memory?: Memory;
  palette?: Palette;
  size?: Size;
}

interface Line {
  what: string;
  against: string;
  toReach: string;
  /** The result of one major, if it was measured. */
  cell: (measured: Measured) => string | undefined;
}

const two = (value: number): string => value.toFixed(2);
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const times = ({ median, low, high }: Figure): string => `**${two(median)}** (${two(low)}–${two(high)})`;
const perSecond = (samples: Sample[]): number => 1000 / figure(samples.map(wall)).median;
const of = ({ samples }: RowResult, name: string): Sample[] => samples[name] ?? [];

const row = (name: string, cell: (result: RowResult) => string): Line['cell'] => ({ rows }) => (rows[name] ? cell(rows[name]) : undefined);

/** Against what undici and a node that does nothing take together. */
const limit = (result: RowResult): string => {
  const [bare, pass, ours] = [of(result, 'bare'), of(result, 'pass'), of(result, 'ours')];
  const most = 1 / (1 / perSecond(bare) + 1 / perSecond(pass));
  return `${times(ratio(wall, ours, bare, pass))}, by CPU time ${two(ratio(cpu, ours, bare, pass).median)}; ${whole(perSecond(ours))} of ${whole(most)}`;
};

const rival = (name: string) => (result: RowResult): string =>
  `${times(ratio(wall, of(result, 'ours'), of(result, name)))}; ${whole(perSecond(of(result, 'ours')))} to ${whole(perSecond(of(result, name)))}`;

const oneAtATime = (result: RowResult): string => {
  const [bare, pass, ours] = [of(result, 'bare'), of(result, 'pass'), of(result, 'ours')];
  const us = (samples: Sample[]): string => whole(figure(samples.map(middle)).median * 1000);
  return `${times(ratio(middle, ours, bare, pass))}; ${us(ours)} µs to ${us(bare)} + ${us(pass)} µs`;
};

const list = (result: RowResult): string => {
  const seconds = (name: string): string => two(figure(of(result, name).map(({ ms }) => ms)).median / 1000);
  return `${times(ratio(wall, of(result, 'ours'), of(result, 'core')))}; ${seconds('ours')} s to ${seconds('core')} s`;
};

/** How far apart the times per message are, and how far those of what the node adds to one that does nothing. */
const flat = (result: RowResult): string => {
  const medians = (name: string): number[] => SIZES.map((size) => figure(of(result, `${name} ${size}`).map(wall)).median * 1000);
  const [ours, pass] = [medians('ours'), medians('pass')];
  const apart = (values: number[]): string => `${whole((Math.max(...values) / Math.min(...values) - 1) * 100)} %`;
  const arrows = (values: number[]): string => values.map((value) => value.toFixed(1)).join(' → ');
  return `**${apart(ours)}**; ${arrows(ours)} µs, of it Node-RED's own ${arrows(pass)} µs; without that ${apart(ours.map((value, index) => value - (pass[index] ?? 0)))}`;
};

const waiting = ({ memory }: Measured): string | undefined => {
  if (!memory) return undefined;
  const [ours, core] = [memory.ours, memory.core].map((all) => figure(all.map(({ heap }) => heap)).median) as [number, number];
  return `**${(ours / core).toFixed(3)}**; ${whole(ours)} to ${whole(core)} bytes`;
};

const loading = ({ palette }: Measured): string | undefined => {
  if (!palette) return undefined;
  const [ours, empty] = [palette.times.map((report) => report.ours), palette.times.map((report) => report.empty)];
  const own = figure(ours.map((ms, round) => ms - (empty[round] ?? 0))).median;
  const megabytes = (part: 'heap' | 'rss'): string => two(figure(palette.sizes.map((report) => report[part])).median / 1024 / 1024);
  return `**${own.toFixed(1)} ms** (${figure(ours).median.toFixed(1)} less ${figure(empty).median.toFixed(1)} for an empty package); heap **${megabytes('heap')} MB**, process ${megabytes('rss')} MB; no undici`;
};

const size = ({ size: measured }: Measured): string | undefined => measured && `**${whole(measured.unpacked / 1000)} kB**, ${measured.dependencies} dependencies`;

const LINES: Line[] = [
  { what: '64 in flight through a flow, calls/s', against: 'the limit: 1 / (1/bare + 1/pass)', toReach: '0.95', cell: row('flight', limit) },
  { what: 'the same', against: 'core `http request` with two function nodes', toReach: '8 on 4.1, 6 on 5.0', cell: row('flight', rival('core')) },
  { what: 'one at a time, p50', against: 'the same limit', toReach: '0.95', cell: row('single', oneAtATime) },
  { what: '64 in flight over TLS, calls/s', against: 'bare undici over TLS + pass', toReach: '0.95', cell: row('tls', limit) },
  { what: 'a remembered answer, messages/s', against: 'the node that does nothing', toReach: '0.5', cell: row('remembered', rival('pass')) },
  { what: 'a list of 10,000', against: 'split → `http request` → join', toReach: '8', cell: row('list', list) },
  { what: '100,000 messages waiting: memory per message', against: 'core `http request` doing the same', toReach: '≤ 0.5', cell: waiting },
  { what: '1,000 → 10,000 → 100,000 messages: time per message', against: 'itself', toReach: '≤ 10 % apart', cell: row('scale', flat) },
  { what: 'loading the palette', against: 'nothing loaded', toReach: '< 10 ms, < 2 MB, no undici', cell: loading },
  { what: 'size', against: '', toReach: '< 300 kB unpacked, ≤ 3 dependencies', cell: size },
];

export const table = (results: Measured[]): string => {
  const head = ['what', 'against', 'to reach', ...results.map(({ versions }) => `Node-RED ${versions.nodeRed}, Node.js ${versions.node}`)];
  const lines = LINES.map(({ what, against, toReach, cell }) => ({ texts: [what, against, toReach], cells: results.map(cell) }))
    .filter(({ cells }) => cells.some(Boolean))
    .map(({ texts, cells }) => [...texts, ...cells.map((cell) => cell ?? '')]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
};
