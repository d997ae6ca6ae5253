/** The main line of a measured process: one job in, reports out, then gone. */

type Report = (report: object) => Promise<void>;

const report: Report = (message) => new Promise((resolve) => {
  process.send?.(message, () => resolve());
});

export const work = (measure: (job: never, report: Report) => Promise<void>): void => {
  process.once('message', (job: unknown) => {
    measure(job as never, report).then(() => process.exit(), (error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  });
  // Whoever asked is gone.
  process.once('disconnect', () => process.exit(1));
};
