/**
 * `npm run mutate`: breaks the parts of the client where a mistake would be quiet, one place at a time, and runs the tests
 * that come by there. What no test notices is printed; docs/mutation.md tells of those that are left.
 * `npm run mutate -- src/api/query.ts` takes one file; `--every 5` one change of five; `--tests 'query|mobile'` the tests whose
 * files are called so; `--steps 1` the first step alone. All mutants are compiled into one copy,
 * with switches; tests that open no socket are run for many mutants in one process, the others in a process for each.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSync, transformSync } from 'esbuild';
import { type Mutant, mutantsOf, withSwitches } from './mutation/mutants';
import type { Known, Message, Order, Verdict } from './mutation/run';

const root = resolve(__dirname, '..');

const SUBJECTS = ['src/failures/failure.ts', 'src/api/response.ts', 'src/api/query.ts', 'src/resilience/request-queue.ts', 'src/lookup/call.ts'];
const TESTS = /^test\/((src\/[\w-]+|simulation\/troubles|modes|reference)(?<!\.slow)|simulation\/away\.slow)\.test\.ts$/;
/** For what is done before the first test and between two of them. */
const START_MS = 60_000;

type Numbered = Mutant & { id: number };
interface Subject { file: string; source: string; mutants: Numbered[] }

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

/** True when the process of tests has come to its end; false when it was killed, since a test went on for too long. */
const run = (copy: string, order: Order, tried: (verdict: Verdict) => void = () => undefined): Promise<boolean> => new Promise((done) => {
  const child = spawn(process.execPath, [join(copy, 'scripts/mutation/run.js')], { cwd: copy, stdio: ['pipe', 'ignore', order.mutants.length > 0 ? 'ignore' : 'inherit', 'ipc'] });
  const within = (ms: number): NodeJS.Timeout => setTimeout(() => child.kill('SIGKILL'), ms);
  let timer = within(START_MS);
  child.on('message', (message: Message) => {
    clearTimeout(timer);
    timer = within('id' in message ? START_MS : message.mayTakeMs);
    if ('id' in message) tried(message.verdict);
  });
  child.once('close', (code) => {
    clearTimeout(timer);
    done(code === 0);
  });
  child.stdin?.end(JSON.stringify(order));
});

/** Tries mutants by these tests, one process for many, a new one after a mutant that hung. Returns those that were not noticed. */
const attempt = async (copy: string, mutants: readonly Numbered[], tests: Known[], isAlone: boolean): Promise<Numbered[]> => {
  const survivors: Numbered[] = [];
  const left = mutants.map((mutant) => ({ mutant, tests: [...tests.keys()].filter((index) => tests[index]?.meets.includes(mutant.id)), patience: 1 }));
  while (left.length > 0) {
    const patience = left[0]?.patience ?? 1;
    const next = left.splice(0, isAlone || patience > 1 ? 1 : left.length);
    const tried = (verdict: Verdict): void => {
      const one = next.shift();
      if (!one) return;
      if (verdict === 'survived') survivors.push(one.mutant);
      else if (verdict === 'doubtful' && one.patience === 1) left.push({ ...one, patience: 3 });
    };
    const files = [...new Set(next.flatMap((one) => one.tests).map((index) => tests[index]?.file ?? ''))];
    const hasEnded = await run(copy, {
      files, tests: tests.map(({ title, ms }) => ({ title, ms })), mutants: next.map(({ mutant: { id }, tests: own }) => ({ id, tests: own })),
      patience, isReal: tests.some(({ isReal }) => isReal), report: '',
    }, tried);
    if (!hasEnded) tried('doubtful');
    left.unshift(...next);
  }
  return survivors;
};

/** The quick ones first, so that the slow ones run for few mutants. */
const STAGES = ['quick tests without sockets', 'quick tests', 'slow tests', 'simulations'];
const stageOf = ({ file, ms, isReal }: Known): number => (isReal ? (ms <= 600 ? 1 : 2) : ms <= 300 ? 0 : file.includes('simulation') ? 3 : 2);

const main = async (): Promise<void> => {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { every: { type: 'string', default: '1' }, steps: { type: 'string', default: String(STAGES.length) }, tests: { type: 'string', default: '' } } });
  let id = 0;
  const subjects = (positionals.length > 0 ? positionals : SUBJECTS).map((file): Subject => {
    const source = readFileSync(join(root, file), 'utf8');
    return { file, source, mutants: mutantsOf(file, source).map((mutant) => ({ ...mutant, id: id++ })) };
  });
  const copy = mkdtempSync(join(tmpdir(), 'mutation-'));
  try {
    const report = join(copy, 'report.json');
    const chosenFiles = new RegExp(`/(${values.tests || '.*'})\\.test\\.js$`);
    await run(copy, { files: compile(copy, subjects).filter((file) => chosenFiles.test(file.replaceAll('\\', '/'))), tests: [], mutants: [], patience: 1, isReal: true, report });
    const { found, outside } = JSON.parse(readFileSync(report, 'utf8')) as { found: Known[]; outside: number[] };
    for (const { file, source, mutants } of subjects) {
      const startedAt = performance.now();
      const chosen = mutants.filter((_, index) => index % Number(values.every) === 0);
      const own = new Set(mutants.map((mutant) => mutant.id));
      // A file of tests may come by while it is loaded, and its tests then look at what has come of that.
      const files = new Set(found.filter(({ meets }) => meets.some((met) => own.has(met))).map((test) => test.file));
      const coming = found.filter((test) => files.has(test.file));
      // What happens outside of tests concerns them all.
      for (const test of coming) test.meets.push(...outside);
      let left = chosen;
      for (const [stage, name] of STAGES.slice(0, Number(values.steps)).entries()) {
        const tests = coming.filter((test) => stageOf(test) === stage);
        // Constants have their values before the first test, and simulations go on from where the last run of theirs ended: a process for each.
        const constants = await attempt(copy, left.filter((mutant) => outside.includes(mutant.id)), tests, true);
        left = [...constants, ...await attempt(copy, left.filter((mutant) => !outside.includes(mutant.id)), tests, stage === STAGES.length - 1)].sort((a, b) => a.id - b.id);
        const seconds = (performance.now() - startedAt) / 1000 / chosen.length;
        for (const { start, end, line, replacement } of left) console.log(`survived  ${file}:${line}  ${source.slice(start, end)}  →  ${replacement}`);
        console.log(`${file}, ${name}: ${chosen.length - left.length} of ${chosen.length} mutants noticed, ${(100 * (1 - left.length / chosen.length)).toFixed(1)} %, ${seconds.toFixed(2)} s each`);
      }
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
};

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
