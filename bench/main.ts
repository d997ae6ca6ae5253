/** `npm run bench`: measures, prints one table, and keeps every sample in build-output/bench.json. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MAJORS, type Major } from '../test/support/versions';
import { compile, OUTPUT } from './compile';
import { type Measured, measureFlows } from './measure';
import type { ProfileKind } from './profile';
import { LINES } from './report';

const USAGE = `npm run bench -- [options]
  --rounds N       samples of each contender (7)
  --seconds S      length of a sample (1.5)
  --major 4|5|both Node-RED 4.1 on this Node.js, Node-RED 5.0 on Node.js 24 (both)
  --only ROW,…     ${Object.keys(LINES).join(', ')}
  --cpu NAME       after each row, a CPU profile of this contender (ours, bare, pass, core) into build-output/
  --heap NAME      the same, an allocation profile
  --package FILE   measure this packed package instead of the working tree`;

const readOptions = () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' }, seconds: { type: 'string', default: '1.5' }, major: { type: 'string', default: 'both' },
      only: { type: 'string', default: Object.keys(LINES).join(',') }, cpu: { type: 'string' }, heap: { type: 'string' },
      package: { type: 'string' }, help: { type: 'boolean' },
    },
  });
  const rows = values.only.split(',');
  const unknown = rows.filter((row) => !(row in LINES));
  const majors = MAJORS.filter((major) => values.major === 'both' || values.major === String(major));
  const [rounds, ms] = [Number(values.rounds), Number(values.seconds) * 1000];
  if (values.help || unknown.length > 0 || majors.length === 0 || !(rounds >= 1) || !(ms > 0)) throw new Error(USAGE);
  const kind: ProfileKind = values.heap === undefined ? 'cpu' : 'heap';
  const contender = values.heap ?? values.cpu;
  return { majors, packed: values.package && resolve(values.package), rows, rounds, ms, ...(contender !== undefined && { profiled: { kind, contender } }) };
};

const table = (results: Map<Major, Measured>): string => {
  const majors = [...results.values()];
  const head = ['what', 'against', 'to reach', ...majors.map(({ versions }) => `Node-RED ${versions.nodeRed}, Node.js ${versions.node}`)];
  const lines = Object.entries(LINES).flatMap(([row, all]) => all.flatMap((line) => {
    const cells = majors.flatMap(({ rows }) => (rows[row] ? [line(rows[row])] : []));
    const [first] = cells;
    return first ? [[first.what, first.against, first.toReach, ...cells.map(({ text }) => text)]] : [];
  }));
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
};

const main = async (): Promise<void> => {
  const { majors, packed, ...plan } = readOptions();
  mkdirSync(OUTPUT, { recursive: true });
  await compile();
  const results = new Map<Major, Measured>();
  for (const major of majors) {
    results.set(major, await measureFlows(major, plan, packed, (row) => console.error(`Node-RED ${major}: ${row}`)));
  }
  writeFileSync(join(OUTPUT, 'bench.json'), JSON.stringify(Object.fromEntries(results), null, 1));
  console.log(table(results));
};

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
