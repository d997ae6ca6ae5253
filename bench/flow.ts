/** The measured process: a Node-RED with the package in its palette, and undici beside it. */
import { join } from 'node:path';
import { bareCaller, loadUndici } from './bare';
import { makeCertificate } from './certificate';
import { startEmbedded } from './embedded';
import { benchFlows, CONCURRENCY } from './flows';
import { interleave } from './interleave';
import type { FlowJob, FlowReport } from './job';
import { profile } from './profile';
import { benchRows } from './rows';
import { startServer } from './tenant';
import { work } from './worker';

/** Rows whose samples take many seconds each. */
const LONG = ['list', 'scale'];

work(async ({ redJs, userDir, rows, rounds, ms, profiled, output }: FlowJob, report) => {
  const server = startServer();
  const certificate = makeCertificate(userDir);
  const plain = `http://127.0.0.1:${await server.listen()}`;
  const tls = `https://127.0.0.1:${await server.listen({ tls: certificate })}`;
  const undici = loadUndici(userDir);
  const nodeRed = await startEmbedded(redJs, userDir, benchFlows({ plain, tls }, certificate.path));
  const all = benchRows({
    flow: (loop) => (load) => nodeRed.run(loop, load),
    bare: bareCaller(undici, plain, CONCURRENCY),
    bareTls: bareCaller(undici, tls, CONCURRENCY, certificate.cert),
  }, ms);

  await report({ versions: { nodeRed: nodeRed.version, node: process.versions.node } } satisfies FlowReport);
  for (const [name, row] of Object.entries(all)) {
    if (!rows.includes(name)) continue;
    const before = await server.usage();
    const started = performance.now();
    const samples = await interleave(row, LONG.includes(name) ? Math.min(rounds, 5) : rounds);
    const used = await server.usage() - before;
    await report({ row: name, samples, serverLoad: used / (performance.now() - started) } satisfies FlowReport);
    const run = profiled && row[profiled.contender];
    if (run) console.error(`${name}, ${profiled.contender}:\n${await profile(profiled.kind, run, join(output, `${name}-${profiled.contender}-${nodeRed.version}`))}`);
  }
  await nodeRed.stop();
  await server.stop();
});
