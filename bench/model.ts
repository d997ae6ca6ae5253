/** `npx tsx bench/model.ts`: the model of docs/performance.md, fitted to three measurements and checked at other points. */
import { install, tarball } from '../test/support/package';
import { compile } from './compile';
import type { ModelJob, ModelReport, PaletteJob, Point } from './job';
import { inProcess } from './measure';
import { figure, wall } from './statistics';

const SMALL = 600;
const LARGE = 20_000;

/** From these three the model's constants follow. */
const FIT: Point[] = [
  { inFlight: 1, bytes: SMALL, delayMs: 0 },
  { inFlight: 64, bytes: SMALL, delayMs: 0 },
  { inFlight: 64, bytes: LARGE, delayMs: 0 },
];

const CHECKS: Point[] = [
  { inFlight: 1, bytes: SMALL, delayMs: 20 },
  { inFlight: 16, bytes: SMALL, delayMs: 0 },
  { inFlight: 16, bytes: SMALL, delayMs: 20 },
  { inFlight: 64, bytes: SMALL, delayMs: 5 },
  { inFlight: 64, bytes: SMALL, delayMs: 100 },
  { inFlight: 256, bytes: SMALL, delayMs: 20 },
  { inFlight: 64, bytes: 5000, delayMs: 0 },
  { inFlight: 16, bytes: LARGE, delayMs: 5 },
];

/** In ms. */
interface Costs {
  /** What Node-RED's process works for one call of 600 bytes. */
  work: number;
  /** What one further byte of an answer adds to it. */
  perByte: number;
  /** What a call takes besides, on its way there and back; calls under way at once take it at the same time. */
  way: number;
}

/** Calls per ms when all answers come at the same moment, and are worked on one after the other before the next ones leave. */
const predicted = ({ work, perByte, way }: Costs, { inFlight, bytes }: Point, latencyMs: number): number =>
  inFlight / (latencyMs + way + inFlight * (work + perByte * (bytes - SMALL)));

/** `times`: ms per call of the three points to fit. */
const fitted = ([one, many, large]: number[]): Costs => {
  if (one === undefined || many === undefined || large === undefined) throw new Error('A measurement is missing.');
  const way = (one - many) / (1 - 1 / 64);
  return { work: one - way, perByte: (large - many) / (LARGE - SMALL), way };
};

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

const main = async (): Promise<void> => {
  await compile();
  const place = { major: 4 as const, userDir: await install(4, tarball()) };
  const points = [...FIT, ...CHECKS];
  let report: ModelReport = [];
  const job: Omit<ModelJob, keyof PaletteJob> = { points, rounds: 7, ms: 400 };
  await inProcess('points.js', place, job, (given: ModelReport) => {
    report = given;
  });
  const costs = report.map(({ samples }) => figure(samples.map(wall)).median);
  const latencies = report.map(({ latencyMs }) => figure(latencyMs).median);
  const base = latencies[0] ?? 0;
  const model = fitted(costs);
  console.log(`work ${(model.work * 1000).toFixed(1)} µs, ${(model.perByte * 1e6).toFixed(2)} ns a byte, way ${(model.way * 1000).toFixed(1)} µs\n`);
  console.log('| in flight | bytes | tenant, ms | predicted /s | measured /s | off |\n| --- | --- | --- | --- | --- | --- |');
  points.forEach((point, index) => {
    // What the tenant itself takes; the call over the loopback is in `way` already.
    const latency = point.delayMs === 0 ? 0 : Math.max(0, (latencies[index] ?? 0) - base);
    const rate = predicted(model, point, latency) * 1000;
    const measured = 1000 / (costs[index] ?? NaN);
    const off = index < FIT.length ? 'fitted' : `${((rate / measured - 1) * 100).toFixed(0)} %`;
    console.log(`| ${point.inFlight} | ${whole(point.bytes)} | ${latency.toFixed(1)} | ${whole(rate)} | ${whole(measured)} | ${off} |`);
  });
};

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
