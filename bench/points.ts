/** The measured process of the model: the same lookup under many conditions. */
import { bareCaller, loadUndici } from './bare';
import { startEmbedded } from './embedded';
import { modelFlows } from './flows';
import { interleave } from './interleave';
import type { ModelJob, ModelReport, Point } from './job';
import { isUser, type Load, newMobile } from './load';
import type { Row } from './rows';
import { startServer } from './tenant';
import { work } from './worker';

const nameOf = ({ inFlight, bytes, delayMs }: Point): string => `${inFlight} in flight, ${bytes} bytes, ${delayMs} ms`;

work(async ({ redJs, userDir, points, rounds, ms }: ModelJob, report) => {
  const server = startServer();
  const places: { point: Point; name: string; origin: string; concurrency: number }[] = [];
  for (const point of points) {
    places.push({ point, name: nameOf(point), origin: `http://127.0.0.1:${await server.listen(point)}`, concurrency: point.inFlight });
  }
  const undici = loadUndici(userDir);
  const nodeRed = await startEmbedded(redJs, userDir, modelFlows(places));
  const load = (inFlight: number): Load => ({ inFlight, ms, warmUpMs: ms, payload: newMobile, isGood: isUser });
  const row: Row = Object.fromEntries(places.flatMap(({ point, name, origin }) => {
    const bare = bareCaller(undici, origin, 1);
    return [[name, () => nodeRed.run(name, load(point.inFlight))], [`bare ${name}`, () => bare(load(1))]];
  }));
  const samples = await interleave(row, rounds);
  await nodeRed.stop();
  await server.stop();
  await report(places.map(({ name }) => ({
    samples: samples[name] ?? [],
    latencyMs: (samples[`bare ${name}`] ?? []).map(({ p50 }) => p50),
  })) satisfies ModelReport);
});
