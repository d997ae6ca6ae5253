/** A CPU or heap profile of one contender alone; the files open in Chrome's developer tools. */
import { writeFileSync } from 'node:fs';
import type { HeapProfiler, Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { basename } from 'node:path';

export type ProfileKind = 'cpu' | 'heap';

type Place = Pick<Profiler.ProfileNode['callFrame'], 'functionName' | 'url' | 'lineNumber'>;
const nameOf = ({ functionName, url, lineNumber }: Place): string => `${functionName || '(anonymous)'} ${basename(url)}:${lineNumber + 1}`;

/** The functions that took the most, with their share. */
const top = (shares: Map<string, number>): string => {
  const sum = [...shares.values()].reduce((a, b) => a + b, 0);
  return [...shares].sort(([, a], [, b]) => b - a).slice(0, 30).map(([name, value]) => `${(value / sum * 100).toFixed(1).padStart(5)} %  ${name}`).join('\n');
};

const selfTimes = ({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Map<string, number> => {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  samples.forEach((id, index) => {
    const name = names.get(id) ?? '';
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  });
  return times;
};

const allocated = (node: HeapProfiler.SamplingHeapProfileNode, bytes = new Map<string, number>()): Map<string, number> => {
  const name = nameOf(node.callFrame);
  bytes.set(name, (bytes.get(name) ?? 0) + node.selfSize);
  for (const child of node.children) allocated(child, bytes);
  return bytes;
};

/** Runs a few samples under the profiler, which slows them: they do not count. Returns what took the most. */
export const profile = async (kind: ProfileKind, run: () => Promise<unknown>, file: string): Promise<string> => {
  const session = new Session();
  session.connect();
  if (kind === 'cpu') {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 200 });
    await session.post('Profiler.start');
  } else {
    const everything = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
    await session.post('HeapProfiler.startSampling', { samplingInterval: 8192, ...everything });
  }
  for (let i = 0; i < 3; i++) await run();
  const { profile: result } = kind === 'cpu' ? await session.post('Profiler.stop') : await session.post('HeapProfiler.stopSampling');
  session.disconnect();
  writeFileSync(`${file}.${kind}profile`, JSON.stringify(result));
  return top('head' in result ? allocated(result.head) : selfTimes(result));
};
