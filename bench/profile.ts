/** A CPU or heap profile of one contender alone; opens in Chrome's developer tools. */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

export type ProfileKind = 'cpu' | 'heap';

/** Runs a few samples under the profiler. The profiler slows them, so they do not count. */
export const profile = async (kind: ProfileKind, run: () => Promise<unknown>, file: string): Promise<void> => {
  const session = new Session();
  session.connect();
  const repeat = async (): Promise<void> => {
    for (let i = 0; i < 3; i++) await run();
  };
  if (kind === 'cpu') {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 200 });
    await session.post('Profiler.start');
    await repeat();
    const { profile: result } = await session.post('Profiler.stop');
    writeFileSync(`${file}.cpuprofile`, JSON.stringify(result));
  } else {
    await session.post('HeapProfiler.startSampling', {
      samplingInterval: 8192, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true,
    } as never);
    await repeat();
    const { profile: result } = await session.post('HeapProfiler.stopSampling');
    writeFileSync(`${file}.heapprofile`, JSON.stringify(result));
  }
  session.disconnect();
};
