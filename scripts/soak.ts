/**
 * Runs the nodes in a real Node-RED for minutes: tenants, network, gateway and proxy fail at random, the clock jumps, flows are redeployed meanwhile.
 * Every message must have exactly one outcome, and memory and handles must be flat at the end; exit code 1 if not.
 *
 *   npm run soak -- [--minutes 10] [--node-red 4|5] [--seed 1]
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type NodeRed, startNodeRed } from '../test/support/runtime';
import { startTroubled, type Troubled } from './soak/faults';
import { SECRET, soakCredentials, soakFlows, type Versions } from './soak/flows';
import { createRandom, pick, type Random } from './soak/random';

interface Books {
  received: number;
  done: number;
  open: number;
  outcomes: Record<string, number>;
  violations: string[];
  heapBytes: number;
  rssBytes: number;
  resources: Record<string, number>;
}

const CHECKPOINTS = 6;
/** Longer than any lookup may take: its deadlines, and a hold of one second. */
const REST_MS = 30_000;
/** What the runtime itself may gain or lose between two measurements. */
const SPARE = { heapBytes: 3 * 1024 * 1024, handles: 2 };
const MB = 1024 * 1024;

const problems: string[] = [];
const demand = (holds: boolean, what: string): void => {
  if (!holds) problems.push(what);
};

const books = async ({ url }: NodeRed, collect = false): Promise<Books> => await (await fetch(`${url}ledger${collect ? '?collect=1' : ''}`)).json() as Books;

/** Until every message has its outcome. */
const rest = async (red: NodeRed): Promise<void> => {
  const end = Date.now() + REST_MS;
  let now = await books(red);
  while (now.open > 0 && Date.now() < end) {
    await sleep(100);
    now = await books(red);
  }
  demand(now.open === 0, `${now.open} messages without an outcome after ${REST_MS / 1000} s`);
};

class Soak {
  private versions: Versions = {};
  redeploys = 0;
  jumps = 0;
  slowestDeployMs = 0;

  constructor(private readonly red: NodeRed, private readonly troubled: Troubled, private readonly random: Random) {}

  /** One deployment of any kind, in the middle of everything. */
  async redeploy(): Promise<void> {
    const type = pick(this.random, [[2, 'nodes'], [1, 'flows'], [1, 'full']] as const);
    const changed = pick(this.random, [[1, 'plain'], [1, 'secure'], [1, 'mobile'], [1, 'names']] as const);
    this.versions = { ...this.versions, [changed]: `version ${++this.redeploys}` };
    const start = performance.now();
    await this.red.deploy(soakFlows(this.troubled, this.versions, true), type);
    this.slowestDeployMs = Math.max(this.slowestDeployMs, performance.now() - start);
  }

  /** The wall clock of Node-RED, as after a suspend or as a time server sets it: up to an hour ahead, or five minutes back. */
  async jump(): Promise<void> {
    const ms = Math.round(this.random() < 0.7 ? this.random() * 3_600_000 : -this.random() * 300_000);
    await fetch(`${this.red.url}ledger?jump=${ms}`);
    this.jumps++;
  }

  /** Storm and deployments for so long. */
  async storm(ms: number): Promise<void> {
    const end = Date.now() + ms;
    this.troubled.storm();
    await this.red.deploy(soakFlows(this.troubled, this.versions, true), 'nodes');
    while (Date.now() < end) {
      await sleep(Math.min(1000 + this.random() * 4000, Math.max(0, end - Date.now())));
      if (this.random() < 0.5) await this.jump();
      if (Date.now() < end) await this.redeploy();
    }
  }

  /** Quiet senders, every message answered, fresh nodes: what is left is what the process holds for good. */
  async checkpoint(): Promise<Books> {
    this.troubled.calm();
    const quiet = soakFlows(this.troubled, this.versions, false);
    await this.red.deploy(quiet, 'nodes');
    await rest(this.red);
    await this.red.deploy(quiet, 'full');
    const closed = await Promise.race([this.noConnections(), sleep(5000, false)]);
    demand(closed, 'connections to the tenants outlive a full deployment');
    return await books(this.red, true);
  }

  private async noConnections(): Promise<true> {
    const { plain, secure } = this.troubled;
    await Promise.all([plain, secure].map((tenant) => tenant.until(() => tenant.sockets.size === 0)));
    return true;
  }
}

const line = (minutes: number, { received, done, heapBytes, rssBytes, resources }: Books): void =>
  console.log(`${minutes.toFixed(1).padStart(5)} min  ${String(received).padStart(8)} in  ${String(done).padStart(8)} out  heap ${(heapBytes / MB).toFixed(1)} MB  rss ${(rssBytes / MB).toFixed(0)} MB  ${JSON.stringify(resources)}`);

const judge = (points: Books[], log: string): void => {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) throw new Error('Nothing was measured.');
  demand(last.received === last.done, `${last.received} messages in, ${last.done} outcomes`);
  demand(last.received > 0 && (last.outcomes.found ?? 0) > 0, 'nobody was found');
  problems.push(...last.violations);
  // One measurement may meet work of the runtime's own: the lower of two tells what is held for good.
  const lower = (some: Books[]): number => Math.min(...some.map(({ heapBytes }) => heapBytes));
  const growth = lower(points.slice(-2)) - lower(points.slice(0, 2));
  demand(growth <= SPARE.heapBytes, `the heap grew by ${(growth / MB).toFixed(1)} MB`);
  for (const [name, count] of Object.entries(last.resources)) {
    demand(count <= (first.resources[name] ?? 0) + SPARE.handles, `${name}: ${count} open at the end, ${first.resources[name] ?? 0} at the first measurement`);
  }
  demand(!/uncaught|unhandled/i.test(log), 'an error that nobody caught is in the log');
  demand(!log.includes(SECRET) && !log.includes('soak-access-token'), 'a secret is in the log');
  demand(!/138000\d{5}/.test(log), 'a number that was looked up is in the log');
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, 'node-red': { type: 'string', default: '4' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) } } });
  const [minutes, major, seed] = [Number(values.minutes), values['node-red'] === '5' ? 5 : 4, Number(values.seed)] as const;
  if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error('--minutes must be above 0, --seed a whole number.');
  console.log(`Node-RED ${major}, ${minutes} min, --seed ${seed}`);

  const random = createRandom(seed);
  const troubled = await startTroubled(random);
  const red = await startNodeRed({ major, flows: soakFlows(troubled, {}, false), credentials: soakCredentials(troubled), settings: { nodesDir: join(__dirname, '../test/support/ledger') } });
  try {
    const start = Date.now();
    const soak = new Soak(red, troubled, random);
    const points: Books[] = [];
    while (points.length < CHECKPOINTS) {
      await soak.storm((minutes * 60_000) / CHECKPOINTS);
      const point = await soak.checkpoint();
      points.push(point);
      line((Date.now() - start) / 60_000, point);
    }
    judge(points, red.log());
    const outcomes = Object.entries(points.at(-1)?.outcomes ?? {}).sort(([, one], [, other]) => other - one);
    const { all, token, restarts, forgotten } = troubled.requests();
    console.log(`${soak.redeploys} redeployments, the slowest ${soak.slowestDeployMs.toFixed(0)} ms; ${all} requests, ${token} of them for a token`);
    console.log(`${restarts} restarts of the gateway, all connections forgotten ${forgotten} times, ${soak.jumps} jumps of the clock`);
    for (const [code, count] of outcomes) console.log(`${String(count).padStart(9)}  ${code}`);
  } catch (error) {
    console.error(red.log().slice(-4000));
    throw error;
  } finally {
    await red.stop();
    await troubled.close();
  }
  for (const problem of problems) console.error(`NOT AS PROMISED: ${problem}`);
  console.log(problems.length === 0 ? 'Every message had exactly one outcome; memory and handles are flat.' : `${problems.length} problems.`);
  process.exitCode = problems.length === 0 ? 0 : 1;
};

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
