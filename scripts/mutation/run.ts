/**
 * Runs tests with one mutant switched on, the quickest first, until one fails; without a mutant it writes down which test meets which.
 * In a process of its own, since a mutant may make a loop. What to run comes as JSON on the standard input.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import Mocha from 'mocha';

/** A test, the milliseconds it takes, and the mutants whose places it comes by. */
export interface Known { file: string; title: string; ms: number; meets: number[] }
/** `patience`: how much longer than usual a test may take. */
export interface Order { mutant: number | null; files: string[]; tests: Known[]; patience: number; report: string }

export const NOTICED = 1;
/** A test took far longer than usual, and failed: the machine may have been busy. */
export const DOUBTFUL = 2;
const SPARE_MS = 1500;

const allowedMs = (known: number, patience: number): number => (SPARE_MS + 10 * known) * patience;

/** Leaves those that were asked for, the quickest first; returns what the quickest takes. */
const arrange = (suite: Mocha.Suite, known: Map<string, number>, patience: number): number => {
  const msOf = (test: Mocha.Test): number => known.get(test.fullTitle()) ?? Infinity;
  suite.tests = suite.tests.filter((test) => known.has(test.fullTitle())).sort((a, b) => msOf(a) - msOf(b));
  for (const test of suite.tests) test.timeout(allowedMs(msOf(test), patience));
  const quickest = new Map(suite.suites.map((inner) => [inner, arrange(inner, known, patience)]));
  suite.suites.sort((a, b) => (quickest.get(a) ?? 0) - (quickest.get(b) ?? 0));
  return Math.min(...suite.tests.map(msOf), ...quickest.values());
};

const main = async (): Promise<void> => {
  const { mutant, files, tests, patience, report } = JSON.parse(readFileSync(0, 'utf8')) as Order;
  let met = new Set<number>();
  const outside = met; // by modules while they are loaded, and by hooks
  Object.assign(globalThis, { mutant: mutant === null ? (id: number) => { met.add(id); return false; } : (id: number) => id === mutant });
  fc.configureGlobal({ endOnFailure: true });
  const mocha = new Mocha({ reporter: 'dot', timeout: mutant === null ? 10_000 : allowedMs(100, patience) });
  for (const file of files) mocha.addFile(file);
  await mocha.loadFilesAsync();
  const known = new Map(tests.map(({ title, ms }) => [title, ms]));
  if (mutant !== null) arrange(mocha.suite, known, patience);
  const found: Known[] = [];
  let startedAt = performance.now();
  const runner = mocha.run((failures) => {
    if (mutant === null) writeFileSync(report, JSON.stringify({ found, outside: [...outside] }));
    process.exit(failures > 0 ? NOTICED : 0);
  });
  runner.on('test', (test) => {
    startedAt = performance.now();
    process.send?.(allowedMs(known.get(test.fullTitle()) ?? 10_000, patience) + SPARE_MS);
    met = new Set();
  });
  runner.on('test end', (test) => {
    found.push({ file: test.file ?? '', title: test.fullTitle(), ms: performance.now() - startedAt, meets: [...met] });
    met = outside;
  });
  runner.on('fail', (test, error) => {
    if (mutant === null) return console.error(test.fullTitle(), error);
    const usual = known.get(test.fullTitle()) ?? 0;
    process.exit(performance.now() - startedAt > SPARE_MS + 5 * usual ? DOUBTFUL : NOTICED);
  });
};

if (require.main === module) void main();
