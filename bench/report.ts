/** Results → lines of the table. */
import type { Sample } from './load';
import type { RowResult } from './measure';
import { cpu, type Figure, figure, middle, ratio, wall } from './statistics';

export interface Line {
  what: string;
  against: string;
  toReach: string;
  /** For people: the ratio, its spread, the absolute numbers. */
  text: string;
  /** What is compared with `toReach`. */
  value: number;
}

const two = (value: number): string => value.toFixed(2);
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const spread = ({ low, high }: Figure): string => `${two(low)}–${two(high)}`;
const perSecond = (samples: Sample[]): number => 1000 / figure(samples.map(wall)).median;
const of = ({ samples }: RowResult, name: string): Sample[] => samples[name] ?? [];

const limitOf = (result: RowResult): number => 1 / (1 / perSecond(of(result, 'bare')) + 1 / perSecond(of(result, 'pass')));

const againstLimit = (what: string, against: string, toReach: string) => (result: RowResult): Line => {
  const [bare, pass, ours] = ['bare', 'pass', 'ours'].map((name) => of(result, name)) as [Sample[], Sample[], Sample[]];
  const clock = ratio(wall, ours, bare, pass);
  return {
    what, against, toReach, value: clock.median,
    text: `${two(clock.median)} (${spread(clock)}; by CPU time ${two(ratio(cpu, ours, bare, pass).median)}) · ${whole(perSecond(ours))} of ${whole(limitOf(result))}/s`,
  };
};

const against = (what: string, name: string, rival: string, toReach: string, cost = wall) => (result: RowResult): Line => {
  const clock = ratio(cost, of(result, 'ours'), of(result, rival));
  return {
    what, against: name, toReach, value: clock.median,
    text: `${two(clock.median)} (${spread(clock)}) · ${whole(perSecond(of(result, 'ours')))} to ${whole(perSecond(of(result, rival)))}/s`,
  };
};

const oneAtATime = (result: RowResult): Line => {
  const [bare, pass, ours] = ['bare', 'pass', 'ours'].map((name) => of(result, name)) as [Sample[], Sample[], Sample[]];
  const times = ratio(middle, ours, bare, pass);
  const ms = (samples: Sample[]): string => figure(samples.map(middle)).median.toFixed(3);
  return {
    what: 'one at a time, p50', against: 'the same limit', toReach: '0.95', value: times.median,
    text: `${two(times.median)} (${spread(times)}) · ${ms(ours)} ms; bare ${ms(bare)} + pass ${ms(pass)} ms`,
  };
};

const flat = (result: RowResult): Line => {
  const times = Object.entries(result.samples).map(([size, samples]) => ({ size, us: figure(samples.map(wall)).median * 1000 }));
  const all = times.map(({ us }) => us);
  const growth = Math.max(...all) / Math.min(...all) - 1;
  return {
    what: '1,000 → 10,000 → 100,000 messages: time per message', against: 'itself', toReach: 'flat within 10 %', value: growth,
    text: `${whole(growth * 100)} % · ${times.map(({ us }) => us.toFixed(1)).join(' → ')} µs`,
  };
};

/** In the order of the table. */
export const LINES: Record<string, ((result: RowResult) => Line)[]> = {
  flight: [
    againstLimit('64 in flight through a flow, calls/s', 'the limit 1 / (1/bare + 1/pass)', '0.95'),
    against('the same', 'core http request with two function nodes', 'core', '8 (6 on 5.0)'),
  ],
  single: [oneAtATime],
  tls: [againstLimit('64 in flight over TLS', 'bare undici over TLS + pass', '0.95')],
  remembered: [against('a remembered answer, messages/s', 'the node that does nothing', 'pass', '0.5')],
  list: [against('a list of 10,000', 'split → http request → join', 'core', '8')],
  scale: [flat],
};
