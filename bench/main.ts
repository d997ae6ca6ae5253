/** `npm run bench`: measures, prints one table, and keeps every sample in build-output/bench.json; with --readme the table goes into both READMEs. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { install, tarball } from '../test/support/package';
import { root, type Major } from '../test/support/versions';
import { compile, OUTPUT } from './compile';
import { measureFlows, measureMemory, measurePalette, measureSize } from './measure';
import { readOptions } from './options';
import { complaintsAbout } from './sane';
import { type Language, LANGUAGES, type Measured, table } from './table';

const READMES: Readonly<Record<Language, string>> = { en: 'README.md', zh: 'docs/README.zh-CN.md' };

/** Between its two marks. */
const writeReadme = (language: Language, text: string): void => {
  const file = join(root, READMES[language]);
  const [before, , after] = readFileSync(file, 'utf8').split(/(?<=<!-- bench -->\n)|(?=<!-- \/bench -->)/);
  if (before === undefined || after === undefined) throw new Error(`${READMES[language]} has no place for the table.`);
  writeFileSync(file, `${before}${text}\n${after}`);
};

const say = (text: string): void => console.error(`${new Date().toTimeString().slice(0, 8)} ${text}`);

const measure = async (major: Major, packed: string, plan: ReturnType<typeof readOptions>): Promise<Measured> => {
  const place = { major, userDir: await install(major, Promise.resolve(packed)) };
  const few = Math.min(plan.rounds, 5);
  const measured: Measured = await measureFlows(place, plan, (row) => say(`Node-RED ${major}: ${row}`));
  if (plan.rows.includes('memory')) {
    measured.memory = await measureMemory(place, few);
    say(`Node-RED ${major}: memory`);
  }
  if (plan.rows.includes('palette')) {
    measured.palette = await measurePalette(place, Math.min(plan.rounds, 21));
    say(`Node-RED ${major}: palette`);
  }
  if (plan.rows.includes('size')) measured.size = await measureSize(packed);
  for (const [name, { serverLoad }] of Object.entries(measured.rows)) {
    if (serverLoad > 0.95) say(`Node-RED ${major}: ${name}: the server was busy all the time; it was measured rather than the callers.`);
  }
  return measured;
};

const main = async (): Promise<void> => {
  const plan = readOptions();
  mkdirSync(OUTPUT, { recursive: true });
  await compile();
  const packed = plan.packed ?? await tarball();
  const [load = 0] = loadavg();
  if (load > 1) say(`Other programs keep this machine busy (load ${load.toFixed(1)}): take the absolute numbers for what they are.`);
  const results: Measured[] = [];
  for (const major of plan.majors) results.push(await measure(major, packed, plan));
  writeFileSync(join(OUTPUT, 'bench.json'), JSON.stringify(results, null, 1));
  console.log(table(results, 'en'));
  if (plan.readme) for (const language of LANGUAGES) writeReadme(language, table(results, language));
  if (!plan.short) return;
  const complaints = results.flatMap(complaintsAbout);
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
};

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
