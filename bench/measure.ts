/** Runs the measured processes of one major, each on its own, and collects what they report. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnvironment } from '../scripts/node-red';
import { npm, root, version, type Major } from '../test/support/versions';
import { COMPILED, OUTPUT } from './compile';
import type { Samples } from './interleave';
import type { FlowJob, FlowReport, MemoryReport, PaletteJob, PaletteReport, Trips, Versions } from './job';

export interface RowResult {
  samples: Samples;
  serverLoad: number;
}

export interface Memory {
  ours: MemoryReport[];
  core: MemoryReport[];
}

export interface Palette {
  /** One process each; `times` without a garbage collection in between, which makes code cold again. */
  times: PaletteReport[];
  sizes: PaletteReport[];
}

/** Where the package stands in a user directory, and the Node-RED that uses it. */
export interface Place {
  major: Major;
  userDir: string;
}

export interface Plan extends Pick<FlowJob, 'rounds' | 'ms' | 'profiled'> {
  rows: string[];
}

/** Resolves when the process has done its job. */
export const inProcess = async (file: string, { major, userDir }: Place, job: object, received: (report: never) => void, execArgv = ['--expose-gc']): Promise<void> => {
  const { node, redJs } = await version(major);
  const child = fork(join(COMPILED, file), { execPath: node, execArgv, env: cleanEnvironment(), cwd: userDir });
  child.on('message', received as (report: unknown) => void);
  child.send({ ...job, redJs, userDir });
  const [code] = await once(child, 'exit') as [number | null];
  if (code !== 0) throw new Error(`${file} ended with exit code ${String(code)}.`);
};

export const measureFlows = async (place: Place, plan: Plan, progress: (text: string) => void): Promise<{ versions: Versions; rows: Record<string, RowResult>; trips?: Trips }> => {
  const measured: Awaited<ReturnType<typeof measureFlows>> = { versions: { nodeRed: '', node: '' }, rows: {} };
  await inProcess('flow.js', place, { ...plan, output: OUTPUT } satisfies Omit<FlowJob, keyof PaletteJob>, (report: FlowReport) => {
    if ('versions' in report) measured.versions = report.versions;
    else if ('trips' in report) measured.trips = report.trips;
    else {
      measured.rows[report.row] = { samples: report.samples, serverLoad: report.serverLoad };
      progress(report.row);
    }
  });
  return measured;
};

/** Enough of them; what one holds does not depend on how many there are, and 100,000 take the core node minutes. */
const WAITING = { ours: 100_000, core: 10_000 };

export const measureMemory = async (place: Place, rounds: number): Promise<Memory> => {
  const memory: Memory = { ours: [], core: [] };
  for (let round = 0; round < rounds; round++) {
    await inProcess('memory.js', place, { loop: 'patient', messages: WAITING.ours }, (report: MemoryReport) => memory.ours.push(report));
    await inProcess('memory.js', place, { loop: 'core, global agent', messages: WAITING.core }, (report: MemoryReport) => memory.core.push(report));
  }
  return memory;
};

export const measurePalette = async (place: Place, rounds: number): Promise<Palette> => {
  const palette: Palette = { times: [], sizes: [] };
  for (let round = 0; round < rounds; round++) {
    await inProcess('palette.js', place, {}, (report: PaletteReport) => palette.times.push(report), []);
    await inProcess('palette.js', place, {}, (report: PaletteReport) => palette.sizes.push(report));
  }
  return palette;
};

export interface Size {
  unpacked: number;
  dependencies: number;
}

export const measureSize = async (packed: string): Promise<Size> => {
  const [pack] = JSON.parse(await npm(process.execPath, ['pack', packed, '--dry-run', '--json'], root)) as { unpackedSize: number }[];
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies?: object };
  return { unpacked: pack?.unpackedSize ?? NaN, dependencies: Object.keys(dependencies).length };
};
