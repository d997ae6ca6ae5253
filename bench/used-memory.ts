/** In bytes. Two collections leave nothing that is not needed; started without --expose-gc, nothing is collected. */
export const usedMemory = (): { heap: number; rss: number } => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
};
