/** The measured process: a Node-RED with the package in its palette, and undici beside it. */
import { join } from 'node:path';
import { type BareLookup, bareLookup, bareLoop, loadUndici } from './bare';
import { makeCertificate } from './certificate';
import { startEmbedded } from './embedded';
import { benchFlows, CONCURRENCY, farFlows } from './flows';
import { interleave } from './interleave';
import type { FlowJob, FlowReport } from './job';
import { isUser, type Load, newMobile } from './load';
import { profile } from './profile';
import { benchRows } from './rows';
import { startServer, type TenantServer } from './tenant';
import { countTrips } from './trips';
import { work } from './worker';

/** As many tokens as that were renewed before that row is measured. */
const RENEWALS = 16;

/** Uses the short-lived tokens up. */
const renewOften = async (server: TenantServer, use: (load: Load) => Promise<unknown>): Promise<void> => {
  while (await server.tokens() <= RENEWALS) await use({ inFlight: 1, ms: 200, payload: newMobile, isGood: isUser });
};

/** Rounds of the rows whose samples take many seconds each. */
const MOST_ROUNDS: Record<string, number> = { list: 5, scale: 21 };

work(async ({ redJs, userDir, rows, rounds, ms, profiled, output }: FlowJob, report) => {
  const server = startServer();
  const certificate = makeCertificate(userDir);
  const plain = `http://127.0.0.1:${await server.listen()}`;
  const tlsPort = await server.listen({ tls: certificate });
  const tls = `https://127.0.0.1:${tlsPort}`;
  const large = `http://127.0.0.1:${await server.listen({ bytes: 14_000 })}`;
  const renewing = `http://127.0.0.1:${await server.listen({ shortTokens: RENEWALS })}`;
  const undici = loadUndici(userDir);
  const bare = (origin: string): BareLookup => bareLookup(undici, origin, CONCURRENCY, origin === tls ? certificate.cert : undefined);
  const nodeRed = await startEmbedded(redJs, userDir, benchFlows({ plain, tls, large, renewing }, certificate.path), { plain: bare(plain), tls: bare(tls), large: bare(large) });
  const all = benchRows({
    flow: (loop) => (load) => nodeRed.run(loop, load),
    bare: bareLoop(bare(plain)),
    bareTls: bareLoop(bare(tls)),
  }, ms);

  await report({ versions: { nodeRed: nodeRed.version, node: process.versions.node } } satisfies FlowReport);
  for (const [name, row] of Object.entries(all)) {
    if (!rows.includes(name)) continue;
    if (name === 'renewed') await renewOften(server, (load) => nodeRed.run('renewing', load));
    const before = await server.usage();
    const started = performance.now();
    const samples = await interleave(row, Math.min(rounds, MOST_ROUNDS[name] ?? rounds));
    const used = await server.usage() - before;
    await report({ row: name, samples, serverLoad: used / (performance.now() - started) } satisfies FlowReport);
    const run = profiled && row[profiled.contender];
    if (run) console.error(`${name}, ${profiled.contender}:\n${await profile(profiled.kind, run, join(output, `${name}-${profiled.contender}-${nodeRed.version}`))}`);
  }
  if (rows.includes('trips')) await report({ trips: await countTrips(nodeRed, tlsPort, (origin) => farFlows(origin, certificate.path)) } satisfies FlowReport);
  await nodeRed.stop();
  await server.stop();
});
