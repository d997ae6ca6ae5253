/**
 * `npm run mutate`: breaks the parts of the client where a mistake would be quiet, one place at a time, and runs the tests
 * that come by there. What no test notices is printed; docs/mutation.md tells of those that are left.
 * `npm run mutate -- src/api/query.ts` takes one file; `--jobs 2` two mutants at a time; `--every 5` one of five; `--lines 200-300`
 * those of these lines. All mutants are compiled into one copy, with switches.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSync, transformSync } from 'esbuild';
import { type Mutant, mutantsOf, withSwitches } from './mutation/mutants';
import { DOUBTFUL, type Known, type Order } from './mutation/run';

const root = resolve(__dirname, '..');

const SUBJECTS = ['src/failures/failure.ts', 'src/api/response.ts', 'src/api/query.ts', 'src/resilience/request-queue.ts', 'src/lookup/call.ts'];
const TESTS = /^test\/(src|simulation)\/.*(?<!\.slow)\.test\.ts$|^test\/(modes|reference)\.test\.ts$/;
/** For what is done before the first test and between two of them. */
const START_MS = 15_000;

interface Subject { file: string; source: string; mutants: (Mutant & { id: number })[] }

/** Everything compiled, the subjects with their mutants in them. */
const compile = (copy: string, subjects: readonly Subject[]): string[] => {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
  const files = list.split('\0').filter((name) => existsSync(join(root, name)) && /^((src|nodes|test|bench|scripts|examples|docs)\/.*|[^/]*\.(json|md))$/.test(name));
  for (const path of files) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(root, path), join(copy, path));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  const sources = files.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
  buildSync({ absWorkingDir: copy, entryPoints: sources, outdir: copy, outbase: copy, format: 'cjs', platform: 'node', target: 'node20', logLevel: 'error' });
  for (const { file, source, mutants } of subjects) {
    const { code } = transformSync(withSwitches(source, mutants), { loader: 'ts', format: 'cjs', platform: 'node', target: 'node20' });
    writeFileSync(join(copy, file.replace(/\.ts$/, '.js')), code);
  }
  return files.filter((name) => TESTS.test(name)).map((name) => join(copy, name.replace(/\.ts$/, '.js')));
};

/** Resolves with how the process of tests ended; `null`: it has been silent for too long. */
const run = (copy: string, order: Order): Promise<number | null> => new Promise((done) => {
  const child = spawn(process.execPath, [join(copy, 'scripts/mutation/run.js')], {
    cwd: copy, stdio: ['pipe', 'ignore', order.mutant === null ? 'inherit' : 'ignore', 'ipc'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  let timer = setTimeout(kill, START_MS * order.patience);
  child.on('message', (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(kill, ms + START_MS);
  });
  child.once('close', (code) => {
    clearTimeout(timer);
    done(code);
  });
  child.stdin?.end(JSON.stringify(order));
});

/** A mutant that makes a test wait, or loop, is noticed, once it has done so twice. */
const isNoticed = async (copy: string, mutant: number, tests: Known[]): Promise<boolean> => {
  if (tests.length === 0) return false;
  const files = [...new Set(tests.map(({ file }) => file))];
  for (const patience of [1, 3]) {
    const code = await run(copy, { mutant, files, tests: tests.map((test) => ({ ...test, meets: [] })), patience, report: '' });
    if (code !== null && code !== DOUBTFUL) return code !== 0;
  }
  return true;
};

const main = async (): Promise<void> => {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { jobs: { type: 'string', default: '1' }, every: { type: 'string', default: '1' }, lines: { type: 'string', default: '1-99999' } } });
  const [from = 1, to = 1] = values.lines.split('-').map(Number);
  let id = 0;
  const subjects = (positionals.length > 0 ? positionals : SUBJECTS).map((file): Subject => {
    const source = readFileSync(join(root, file), 'utf8');
    return { file, source, mutants: mutantsOf(file, source).map((mutant) => ({ ...mutant, id: id++ })) };
  });
  const copy = mkdtempSync(join(tmpdir(), 'mutation-'));
  const survivors: { file: string; line: number; was: string; became: string }[] = [];
  try {
    const files = compile(copy, subjects);
    const report = join(copy, 'report.json');
    if (await run(copy, { mutant: null, files, tests: [], patience: 1, report }) !== 0) throw new Error('The tests fail without any mutant.');
    const { found, outside } = JSON.parse(readFileSync(report, 'utf8')) as { found: Known[]; outside: number[] };
    const everywhere = new Set(outside);
    for (const { file, source, mutants } of subjects) {
      const startedAt = performance.now();
      const own = new Set(mutants.map((mutant) => mutant.id));
      const coming = found.filter(({ meets }) => meets.some((met) => own.has(met)));
      const chosen = mutants.filter(({ line }, index) => index % Number(values.every) === 0 && line >= from && line <= to);
      const left = [...chosen];
      let survived = 0;
      const work = async (): Promise<void> => {
        for (let mutant = left.shift(); mutant; mutant = left.shift()) {
          const { start, end, line, replacement: became } = mutant;
          const tests = everywhere.has(mutant.id) ? coming : coming.filter((test) => test.meets.includes(mutant.id));
          if (await isNoticed(copy, mutant.id, tests)) continue;
          survived++;
          const was = source.slice(start, end);
          survivors.push({ file, line, was, became });
          console.log(`${tests.length > 0 ? 'survived' : 'not run '}  ${file}:${line}  ${was}  →  ${became}`);
        }
      };
      await Promise.all(Array.from({ length: Number(values.jobs) }, work));
      const share = (100 * (1 - survived / chosen.length)).toFixed(1);
      console.log(`${file}: ${chosen.length - survived} of ${chosen.length} mutants killed, ${share} %, ${((performance.now() - startedAt) / 1000 / chosen.length).toFixed(2)} s each`);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  mkdirSync(join(root, 'build-output'), { recursive: true });
  writeFileSync(join(root, 'build-output/mutation.json'), JSON.stringify(survivors, null, 1));
};

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
