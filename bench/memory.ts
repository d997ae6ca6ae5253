/** What a message holds while it waits: 64 are in flight at a tenant that does not answer, all the others wait for their turn. */
import { globalAgent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbedded } from './embedded';
import { benchFlows, CONCURRENCY } from './flows';
import type { MemoryJob, MemoryReport } from './job';
import { isUser, type Load, newMobile } from './load';
import { startServer } from './tenant';
import { usedMemory } from './used-memory';
import { work } from './worker';

/** Resolves once this process has had nothing to do for a while: every message stands where it waits. */
const idle = async (): Promise<void> => {
  let before = performance.eventLoopUtilization();
  for (;;) {
    await sleep(300);
    const now = performance.eventLoopUtilization();
    if (performance.eventLoopUtilization(now, before).utilization < 0.05) return;
    before = now;
  }
};

work(async ({ redJs, userDir, loop, messages }: MemoryJob, report) => {
  // The core node's requests shall wait for one of as many connections.
  globalAgent.maxSockets = CONCURRENCY;
  const server = startServer();
  const plain = `http://127.0.0.1:${await server.listen()}`;
  const nodeRed = await startEmbedded(redJs, userDir, benchFlows({ plain }));
  const load = (count: number): Load => ({ inFlight: count, total: count, payload: newMobile, isGood: isUser });
  await nodeRed.run(loop, load(5000));
  server.hold(true);
  await idle();
  const before = usedMemory().heap;
  const run = nodeRed.run(loop, load(messages));
  await idle();
  const after = usedMemory().heap;
  server.hold(false);
  await run;
  await nodeRed.stop();
  await server.stop();
  await report({ heap: (after - before) / messages } satisfies MemoryReport);
});
