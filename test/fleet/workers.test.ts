import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { nodeOf } from '../support/examples';
import { type Asker, startAsker, type Tally } from './asker';
import { type Cluster, startCluster, WORKER, withProperties } from './cluster';

const QUESTIONS = Number(process.env['FLEET_QUESTIONS'] ?? 900);
/** Of those in whose middle something happens. */
const DISTURBED = 900;
/** Slow enough that three workers wait for the tenant, not for this machine, however busy it is. On a machine with nothing else to do: 50. */
const LATENCY_MS = Number(process.env['FLEET_LATENCY_MS'] ?? 400);
/** For each worker: 16 in flight, and as many again in its queue. */
const WINDOW = 32;

/** Linux counts in hundredths of a second. */
const cpuMs = (pid: number): number => {
  const [user = 0, system = 0] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ').slice(11, 13).map(Number);
  return (user + system) * 10;
};

const rounded = (value: number): number => Number(value.toFixed(2));

describe('several workers behind a broker, on Node-RED 4.1 and 5.0 in turn,', function () {
  this.timeout(150_000);
  let cluster: Cluster;
  let asker: Asker;
  const figures: Record<string, string | number>[] = [];

  before(async () => {
    const users = Math.max(QUESTIONS, DISTURBED);
    cluster = await startCluster({ users, latencyMs: LATENCY_MS });
    asker = await startAsker(5, cluster, users);
  });
  after(async () => {
    await cluster.stop();
    console.table(figures);
  });

  const note = (what: string, { answered, ms }: Tally, more: object = {}): number => {
    const perSecond = answered / ms * 1000;
    figures.push({ what, questions: answered, seconds: rounded(ms / 1000), 'lookups/s': Math.round(perSecond), ...more });
    return perSecond;
  };

  const expectAllRight = (tally: Tally, questions: number): void => {
    expect(tally).to.deep.include({ answered: questions, right: questions, wrong: 0, twice: 0, failed: {} });
  };

  /** Lookups per second. */
  const measured = async (count: number, questions: number): Promise<number> => {
    const workers = await cluster.workers(count);
    const pids = [asker.nodeRed.pid, cluster.broker.pid(), ...workers.map(({ pid }) => pid)];
    const run = await asker.ask(questions, { rules: { WINDOW: WINDOW * count } });
    const before = pids.map(cpuMs);
    const tally = await run.until(questions);
    const [asking = 0, passing = 0, ...working] = pids.map((pid, index) => (cpuMs(pid) - (before[index] ?? 0)) / questions);
    expectAllRight(tally, questions);
    const shares = Object.values(tally.workers);
    expect(shares).to.have.length(count);
    for (const share of shares) expect(share).to.be.above(questions / count / 2);
    return note(`${count} worker${count > 1 ? 's' : ''}`, tally, {
      'CPU ms per lookup: workers': rounded(working.reduce((sum, ms) => sum + ms, 0)), asker: rounded(asking), broker: rounded(passing),
    });
  };

  it('answer questions, each with its own user, and the more workers the faster', async () => {
    await cluster.workers(3);
    // A process that has just started is slow.
    await (await asker.ask(300)).until(300);
    const three = await measured(3, QUESTIONS);
    const two = await measured(2, QUESTIONS * 2 / 3);
    const one = await measured(1, QUESTIONS / 3);
    // Nearly in step on an idle machine: on a busy one there is still a difference.
    expect(two).to.be.above(one * 1.2);
    expect(three).to.be.above(one * 1.4);
  });

  /** Something happens when a third is answered. */
  const disturbed = async (what: string, count: number, rules: object, disturb: () => Promise<void>): Promise<void> => {
    await cluster.workers(count);
    const run = await asker.ask(DISTURBED, { rules, every: 100 });
    await run.until(DISTURBED / 3);
    await disturb();
    const tally = await run.until(DISTURBED);
    expectAllRight(tally, DISTURBED);
    note(what, tally);
  };

  it('lose nothing when the broker is restarted', () => disturbed('broker restarted', 3, {}, () => cluster.broker.restart()));

  it('lose nothing when two of four say nothing any more, like machines without power', async () => {
    const pair = (await cluster.workers(4)).slice(0, 2);
    // The broker notices after one and a half times the keep-alive.
    await Promise.all(pair.map((worker) => worker.deploy(withProperties(WORKER, nodeOf(WORKER, 'mqtt-broker').id, { keepalive: '5' }), 'nodes')));
    await disturbed('2 of 4 frozen', 4, { ASK_AGAIN_AFTER: 3 }, () => {
      for (const { pid } of pair) process.kill(pid, 'SIGSTOP');
      return Promise.resolve();
    }).finally(() => {
      for (const { pid } of pair) process.kill(pid, 'SIGCONT');
    });
  });
});
