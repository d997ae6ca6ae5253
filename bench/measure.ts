/** Runs the measured process of one major, and collects what it reports. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { install } from '../test/support/package';
import { version, type Major } from '../test/support/versions';
import { COMPILED, OUTPUT } from './compile';
import type { Samples } from './interleave';
import type { FlowJob, FlowReport, Versions } from './job';

export interface RowResult {
  samples: Samples;
  serverLoad: number;
}

export interface Measured {
  versions: Versions;
  rows: Record<string, RowResult>;
}

type Plan = Pick<FlowJob, 'rows' | 'rounds' | 'ms' | 'profiled'>;

/** As a person starts Node-RED: nothing of npm's, of a proxy's or of a debugger's environment. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_)|_proxy$/i.test(name)));

/** `packed`: path of a packed package; without it, the working tree is built and packed. */
export const measureFlows = async (major: Major, plan: Plan, packed: string | undefined, progress: (text: string) => void): Promise<Measured> => {
  const { node, redJs } = await version(major);
  const userDir = await install(major, packed === undefined ? undefined : Promise.resolve(packed));
  const child = fork(join(COMPILED, 'flow.js'), { execPath: node, execArgv: ['--expose-gc'], env: environment(), cwd: userDir });
  const measured: Measured = { versions: { nodeRed: '', node: '' }, rows: {} };
  child.on('message', (report: FlowReport) => {
    if ('versions' in report) measured.versions = report.versions;
    else {
      measured.rows[report.row] = report;
      progress(report.row);
    }
  });
  child.send({ ...plan, redJs, userDir, output: OUTPUT } satisfies FlowJob);
  const [code] = await once(child, 'exit') as [number | null];
  if (code !== 0) throw new Error(`The measured process ended with exit code ${String(code)}.`);
  return measured;
};
