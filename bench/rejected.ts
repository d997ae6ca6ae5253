/**
 * Why queue, circuit and deadlines are our own: what p-queue 9 and cockatiel 3 cost for each task, beside src/pacing.ts,
 * src/circuit.ts and src/deadlines.ts. `npx tsx --expose-gc bench/rejected.ts` installs both aside and prints a table.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Circuit } from '../src/resilience/circuit';
import { systemClock } from '../src/clock';
import { Deadlines, type Timed } from '../src/resilience/deadlines';
import { Pacing, type Turn } from '../src/resilience/request-queue';
import { figure } from './statistics';

const FOLDER = resolve(__dirname, '../.cache/rejected');
const TASKS = 50_000;
const WAITING = 100_000;
const ROUNDS = 7;
const CONCURRENCY = 64;
const TIMEOUT_MS = 10_000;

/** What both libraries are asked for here. */
type Run = (task: () => Promise<void>) => Promise<unknown>;
interface Cockatiel {
  bulkhead(limit: number, queue: number): { execute: Run };
  wrap(...policies: unknown[]): { execute: Run };
  timeout(ms: number, strategy: unknown): unknown;
  circuitBreaker(policy: unknown, options: unknown): unknown;
  handleAll: unknown;
  TimeoutStrategy: { Aggressive: unknown };
  ConsecutiveBreaker: new (failures: number) => unknown;
}
type PQueue = new (options: object) => { add: Run };

/** Answers come in batches, as they do from sockets. */
const answers: (() => void)[] = [];
const answerLater = (callback: () => void): void => {
  if (answers.push(callback) === 1) setImmediate(() => answers.splice(0).forEach((answer) => answer()));
};
const call = (): Promise<void> => new Promise(answerLater);

/** Hands in `count` tasks at once; resolves when all are done. With `stuck` tasks none ever ends: all but 64 wait. */
type Contender = (count: number, stuck: boolean) => Promise<unknown>;

class Task implements Turn, Timed<Task> {
  ahead: Turn | null = null;
  behind: Turn | null = null;
  queued = false;
  messages = 1;
  deadline = 0;
  older: Task | null = null;
  newer: Task | null = null;
  list: Deadlines<Task> | null = null;

  constructor(private readonly start: (task: Task) => void) {}
  begin(): void {
    this.start(this);
  }
  refuse(failure: Error): void {
    throw failure;
  }
}

const ours: Contender = (count, stuck) => new Promise((resolve) => {
  const circuit: Circuit = new Circuit(systemClock, () => pacing.pump());
  const pacing: Pacing = new Pacing({ concurrency: CONCURRENCY, queueLimit: count, rateLimit: 0 }, systemClock, circuit);
  const deadlines = new Deadlines<Task>(TIMEOUT_MS, systemClock, () => undefined);
  let left = count;
  const start = (task: Task): void => {
    deadlines.add(task);
    if (stuck) return;
    answerLater(() => {
      deadlines.remove(task);
      circuit.report(false);
      pacing.leave();
      if (--left === 0) {
        deadlines.close();
        resolve(undefined);
      }
    });
  };
  const tasks = Array.from({ length: count }, () => new Task(start));
  for (const task of tasks) pacing.enter(task);
  if (stuck) resolve(pacing);
});

const promises = (run: Run): Contender => async (count, stuck) => {
  const never = (): Promise<void> => new Promise(() => undefined);
  const all = Array.from({ length: count }, () => run(stuck ? never : call));
  return stuck ? all : await Promise.all(all);
};

const contenders = async (): Promise<Record<string, () => Contender>> => {
  const require = createRequire(join(FOLDER, 'package.json'));
  const { default: Queue } = await import(pathToFileURL(require.resolve('p-queue')).href) as { default: PQueue };
  const c = require('cockatiel') as Cockatiel;
  return {
    'src: queue, circuit, deadline': () => ours,
    'p-queue 9: queue': () => {
      const queue = new Queue({ concurrency: CONCURRENCY });
      return promises((task) => queue.add(task));
    },
    'p-queue 9: queue, timeout': () => {
      const queue = new Queue({ concurrency: CONCURRENCY, timeout: TIMEOUT_MS });
      return promises((task) => queue.add(task));
    },
    'cockatiel 3: bulkhead': () => {
      const policy = c.bulkhead(CONCURRENCY, Infinity);
      return promises((task) => policy.execute(task));
    },
    'cockatiel 3: bulkhead, circuit breaker, timeout': () => {
      const breaker = c.circuitBreaker(c.handleAll, { halfOpenAfter: 1000, breaker: new c.ConsecutiveBreaker(10) });
      const policy = c.wrap(c.bulkhead(CONCURRENCY, Infinity), breaker, c.timeout(TIMEOUT_MS, c.TimeoutStrategy.Aggressive));
      return promises((task) => policy.execute(task));
    },
  };
};

const cpuMicroseconds = async (contender: Contender): Promise<number> => {
  const before = process.cpuUsage();
  await contender(TASKS, false);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / TASKS;
};

const bytesWaiting = async (contender: Contender): Promise<number> => {
  const { gc } = globalThis;
  if (!gc) throw new Error('Run it with --expose-gc.');
  gc();
  const before = process.memoryUsage().heapUsed;
  const kept = await contender(WAITING, true);
  gc();
  const bytes = (process.memoryUsage().heapUsed - before) / WAITING;
  if (!kept) throw new Error('nothing waits');
  return bytes;
};

const main = async (): Promise<void> => {
  if (!existsSync(join(FOLDER, 'node_modules'))) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(join(FOLDER, 'package.json'), '{ "private": true }');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', 'p-queue@9', 'cockatiel@3'], { cwd: FOLDER, stdio: 'inherit' });
  }
  const all = Object.entries(await contenders());
  const times = new Map<string, number[]>(all.map(([name]) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, make] of round % 2 ? all : all.toReversed()) {
      const time = await cpuMicroseconds(make());
      if (round > 0) times.get(name)?.push(time);
    }
  }
  console.log('| | CPU for each task, µs | memory for each task that waits, bytes |\n|---|---|---|');
  for (const [name, make] of all) console.log(`| ${name} | ${figure(times.get(name) ?? []).median.toFixed(2)} | ${Math.round(await bytesWaiting(make()))} |`);
  process.exit(); // the tasks that wait would wait for ever
};

void main();
