/**
 * Tries mutants one after the other: runs the tests that come by each, the quickest first, until one fails; without a mutant it
 * writes down which test comes by which. In a process of its own, since a mutant may make a loop. What to do comes as JSON on the standard input.
 */
import { createHook } from 'node:async_hooks';
import { readFileSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import Mocha from 'mocha';

/** A test, the milliseconds it takes, the mutants it comes by, and whether it opens sockets or starts processes. */
export interface Known { file: string; title: string; ms: number; meets: number[]; isReal: boolean }
/** `patience`: how much longer than usual a test may take. Without mutants: the tests of `files` are listed in the file `report`. */
export interface Order { files: string[]; tests: Pick<Known, 'title' | 'ms'>[]; mutants: { id: number; tests: number[] }[]; patience: number; isReal: boolean; report: string }
/** How it went with a mutant; doubtful: a test took far longer than usual, and failed, so the machine may have been busy. */
export type Verdict = 'survived' | 'noticed' | 'doubtful';
/** A test begins, and may take so long; or a mutant has been tried. */
export type Message = { mayTakeMs: number } | { id: number; verdict: Verdict };

const SPARE_MS = 1500;
const LONGEST_MS = 30_000;
const REAL = /^(TCP|TLS|PIPE|PROCESS|GETADDRINFO|MESSAGEPORT)/;

const tell = (message: Message): void => void process.send?.(message);

const allowedMs = (usual: number, patience: number): number => (SPARE_MS + 10 * usual) * patience;

/** Leaves the tests that are known, the quickest first; returns what the quickest takes. */
const arrange = (suite: Mocha.Suite, all: Map<Mocha.Suite, Mocha.Test[]>, known: Map<string, number>, patience: number): number => {
  const msOf = (test: Mocha.Test): number => known.get(test.fullTitle()) ?? Infinity;
  suite.tests = (all.get(suite) ?? []).filter((test) => known.has(test.fullTitle())).sort((a, b) => msOf(a) - msOf(b));
  for (const test of suite.tests) test.timeout(allowedMs(msOf(test), patience));
  const quickest = new Map(suite.suites.map((inner) => [inner, arrange(inner, all, known, patience)]));
  suite.suites.sort((a, b) => (quickest.get(a) ?? 0) - (quickest.get(b) ?? 0));
  return Math.min(...suite.tests.map(msOf), ...quickest.values());
};

const testsOf = (suite: Mocha.Suite): [Mocha.Suite, Mocha.Test[]][] => [[suite, suite.tests], ...suite.suites.flatMap(testsOf)];

const load = async (files: readonly string[], options: Mocha.MochaOptions): Promise<Mocha> => {
  const mocha = new Mocha({ reporter: 'dot', ...options }).cleanReferencesAfterRun(false);
  for (const file of files) mocha.addFile(file);
  await mocha.loadFilesAsync();
  return mocha;
};

const list = async ({ files, report }: Order): Promise<void> => {
  const outside = new Set<number>(); // by modules while they are loaded, and by hooks
  const found: Known[] = [];
  let met = outside;
  let isReal = false;
  let startedAt = 0;
  createHook({ init: (_id, type) => void (isReal ||= REAL.test(type)) }).enable();
  Object.assign(globalThis, { mutant: (id: number) => void met.add(id) });
  const runner = (await load(files, { timeout: LONGEST_MS / 2 })).run(() => {
    writeFileSync(report, JSON.stringify({ found, outside: [...outside] }));
    process.exit(0);
  });
  runner.on('test', () => {
    tell({ mayTakeMs: LONGEST_MS });
    [met, isReal, startedAt] = [new Set(), false, performance.now()];
  });
  runner.on('test end', (test) => {
    if (test.state === 'passed') found.push({ file: test.file ?? '', title: test.fullTitle(), ms: performance.now() - startedAt, meets: [...met], isReal });
    met = outside;
  });
  runner.on('fail', (test, error) => console.error(`Left out, since it fails without any mutant: ${test.fullTitle()}: ${String(error)}`));
};

const attempt = async ({ files, tests, mutants, patience, isReal }: Order): Promise<void> => {
  let on = -1;
  Object.assign(globalThis, { mutant: (id: number) => id === on });
  // Constants have their values from the time when they are loaded.
  if (mutants.length === 1) on = mutants[0]?.id ?? -1;
  fc.configureGlobal({ endOnFailure: true });
  const mocha = await load(files, { bail: true, timeout: allowedMs(100, patience) });
  const all = new Map(testsOf(mocha.suite));
  for (const { id, tests: chosen } of mutants) {
    on = id;
    const known = new Map(chosen.flatMap((index) => tests.slice(index, index + 1)).map(({ title, ms }) => [title, ms]));
    arrange(mocha.suite, all, known, patience);
    let verdict = 'survived' as Verdict;
    let startedAt = 0;
    await new Promise((done) => {
      const runner = mocha.run(done);
      runner.on('test', (test) => {
        startedAt = performance.now();
        tell({ mayTakeMs: allowedMs(known.get(test.fullTitle()) ?? 0, patience) + SPARE_MS });
      });
      runner.on('fail', (test) => {
        if (verdict === 'survived') verdict = performance.now() - startedAt > SPARE_MS + 5 * (known.get(test.fullTitle()) ?? 0) ? 'doubtful' : 'noticed';
      });
    });
    tell({ id, verdict });
    if (isReal && verdict !== 'survived') break; // sockets may be left behind
    for (let turns = 0; turns < 3; turns++) await setImmediate(); // what it has left behind is done, or fails, before the next one
  }
  process.disconnect();
  process.exit(0);
};

if (require.main === module) {
  const order = JSON.parse(readFileSync(0, 'utf8')) as Order;
  void (order.mutants.length > 0 ? attempt(order) : list(order));
}
