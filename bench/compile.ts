/** Plain JavaScript for the measured processes: no transpiler runs inside what is measured. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../test/support/versions';

export const OUTPUT = join(root, 'build-output');
export const COMPILED = join(OUTPUT, 'bench');

const ENTRIES = ['flow.ts', 'memory.ts', 'palette.ts', 'server.ts', 'nodes/bench.ts'];

export const compile = async (): Promise<void> => {
  await build({
    entryPoints: ENTRIES.map((name) => join(__dirname, name)), outbase: __dirname, outdir: COMPILED,
    bundle: true, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'warning', sourcemap: 'inline',
  });
  mkdirSync(join(COMPILED, 'nodes'), { recursive: true });
  cpSync(join(__dirname, 'nodes/bench.html'), join(COMPILED, 'nodes/bench.html'));
};
