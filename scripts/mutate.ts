/**
 * `npm run mutate`: breaks the parts of the client where a mistake would be quiet, one place at a time, and runs the tests
 * that ought to notice. What no test notices is printed; docs/mutation.md tells of those that are left.
 * `npm run mutate -- src/api/query.ts` takes one file; `--jobs 4` that many at a time; `--every 5` one change of five. Works on copies.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mutant, mutantsOf } from './mutation/mutants';

const root = resolve(__dirname, '..');

/** The tests that ought to notice, the quick ones first. */
const TESTS: Readonly<Record<string, string[]>> = {
  'src/failures/failure.ts': ['src/failures', 'reference', 'src/wire', 'src/secrets', 'src/retry', 'src/settings', 'src/token', 'src/check', 'src/bodies', 'src/proxy', 'src/tls'],
  'src/api/response.ts': ['src/answer', 'src/wire', 'src/secrets', 'src/short-secrets', 'src/token', 'src/retry', 'src/bodies', 'src/check', 'src/shared'],
  'src/api/query.ts': ['src/query', 'src/mobile', 'src/wire', 'modes', 'src/shared', 'src/cache', 'src/input', 'src/identity'],
  'src/resilience/request-queue.ts': ['src/outage', 'src/pause', 'src/any-order', 'src/context', 'src/credentials', 'src/shared', 'src/retry-after', 'src/deadline', 'src/limits', 'src/close', 'src/list', 'simulation/troubles'],
  'src/lookup/call.ts': ['src/outage', 'src/pause', 'src/any-order', 'src/mismatches', 'src/credentials', 'src/shared', 'src/retry', 'src/retry-after', 'src/token-refused', 'src/deadline', 'simulation/troubles'],
};

/** A mutant may wait for ever; the tests alone take a fraction of this. */
const LIMIT_MS = 120_000;

interface Survivor { file: string; line: number; was: string; became: string }

const copyProject = (): string => {
  const copy = mkdtempSync(join(tmpdir(), 'mutation-'));
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z', 'src', 'nodes', 'test', 'bench', 'scripts', 'examples', 'docs', '*.json', '.mocharc.json', '*.md'], { cwd: root, encoding: 'utf8' });
  for (const path of files.split('\0').filter((name) => name && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(root, path), join(copy, path));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  return copy;
};

/** True when all tests pass; a test that hangs has noticed too. */
const pass = (copy: string, tests: string[]): Promise<boolean> => new Promise((done) => {
  const files = tests.map((name) => `test/${name}.test.ts`).filter((name) => existsSync(join(copy, name)));
  // Not by bin/mocha.js: it makes a process of its own, which a kill would leave behind, at full speed when the change made a loop.
  const child = spawn(process.execPath, ['--import=tsx', join(root, 'node_modules/mocha/lib/cli/cli.js'), '--bail', '--exit', ...files], { cwd: copy, stdio: 'ignore', timeout: LIMIT_MS, killSignal: 'SIGKILL' });
  child.once('close', (code) => done(code === 0));
});

const main = async (): Promise<void> => {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { jobs: { type: 'string', default: '2' }, every: { type: 'string', default: '1' } } });
  const subjects = positionals.length > 0 ? positionals : Object.keys(TESTS);
  const copies = Array.from({ length: Number(values.jobs) }, copyProject);
  const survivors: Survivor[] = [];
  try {
    for (const file of subjects) {
      const tests = TESTS[file];
      if (!tests) throw new Error(`${file}: one of ${Object.keys(TESTS).join(', ')} is expected.`);
      const source = readFileSync(join(root, file), 'utf8');
      if (!await pass(copies[0] ?? '', tests)) throw new Error(`The tests of ${file} fail without any mutant.`);
      const mutants = mutantsOf(file, source).filter((_, index) => index % Number(values.every) === 0);
      const left = [...mutants];
      let survived = 0;
      const work = async (copy: string): Promise<void> => {
        for (let mutant: Mutant | undefined = left.shift(); mutant; mutant = left.shift()) {
          const { start, end, line, replacement } = mutant;
          writeFileSync(join(copy, file), source.slice(0, start) + replacement + source.slice(end));
          if (!await pass(copy, tests)) continue;
          survived++;
          survivors.push({ file, line, was: source.slice(start, end), became: replacement });
          console.log(`survived  ${file}:${line}  ${source.slice(start, end)}  →  ${replacement}`);
        }
        writeFileSync(join(copy, file), source);
      };
      await Promise.all(copies.map(work));
      console.log(`${file}: ${mutants.length - survived} of ${mutants.length} mutants killed, ${(100 * (1 - survived / mutants.length)).toFixed(1)} %`);
    }
  } finally {
    for (const copy of copies) rmSync(copy, { recursive: true, force: true });
  }
  mkdirSync(join(root, 'build-output'), { recursive: true });
  writeFileSync(join(root, 'build-output/mutation.json'), JSON.stringify(survivors, null, 1));
};

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
