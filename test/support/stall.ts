/** How long the event loop stood still. */
import { performance } from 'node:perf_hooks';

/**
 * The longest stretch in milliseconds that nothing else could run while `work` was under way. What counts is the time this
 * process used the processor: a machine that is busy with other things makes no stall of ours.
 */
export const longestStall = async (work: () => Promise<unknown>): Promise<number> => {
  let longest = 0;
  let wall = performance.now();
  let used = process.cpuUsage();
  const look = (): void => {
    const { user, system } = process.cpuUsage(used);
    longest = Math.max(longest, Math.min(performance.now() - wall, (user + system) / 1000));
    wall = performance.now();
    used = process.cpuUsage();
  };
  const timer = setInterval(look, 1);
  try {
    await work();
    look();
  } finally {
    clearInterval(timer);
  }
  return longest;
};
