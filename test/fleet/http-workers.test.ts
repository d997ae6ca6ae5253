/** The load balancer of `examples/http` in front of real Node-RED with the examples 05 and 12, as its page has one set them up. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { Stats } from '../../src/node-api';
import { type Simulator, startSimulator } from '../../src/simulator/simulator';
import { example, nodeOf } from '../support/examples';
import { type FlowNode, MAJORS, type Major, type NodeRed, startNodeRed } from '../support/runtime';
import { mobileOf } from './cluster';
import { type Balancer, startBalancer } from './haproxy';

const USERS = Array.from({ length: 600 }, (_, index) => ({ user_id: `id-${mobileOf(index)}`, mobile: mobileOf(index), user_name: `user${index}` }));
const LATENCY_MS = 50;
/** As many callers wait for an answer at once. */
const CALLERS = 24;
/** Below `timeout server` of the load balancer: nobody waited for that. */
const SOON_MS = 20_000;

/** For one request; `send` resolves once it is on its way. */
interface Connection { send: (method: string, path: string, body?: string) => Promise<void>; answer: () => Promise<string> }
const connectTo = async (url: string): Promise<Connection> => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.setTimeout(SOON_MS, () => socket.destroy(new Error('No answer')));
  return {
    send: async (method, path, body = '') => {
      const head = [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', 'Content-Type: application/json', `Content-Length: ${body.length}`];
      await new Promise((sent) => socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, sent));
    },
    answer: () => text(socket),
  };
};

/** Both examples with one tenant node of the user's own. `timeout` is short so that a tenant that is away fails soon. */
const flows = (properties: object = {}): FlowNode[] => {
  const both = [...example('05-http-endpoint.json'), ...example('12-health-and-metrics.json')];
  const demos = both.filter(({ type }) => type === 'ciam-tenant').map(({ id }) => id);
  const tenant = {
    ...nodeOf(both, 'ciam-tenant', 'Demo tenant 05'), id: 'tenant', name: 'Tenant', demo: false, domain: '${CIAM_DOMAIN}', timeout: 2, ...properties,
  };
  return [tenant, ...both.filter(({ id }) => !demos.includes(id)).map((node) => (demos.includes(String(node['tenant'])) ? { ...node, tenant: 'tenant' } : node))];
};

/** Asks to start or stop the flows. */
const setState = async (connection: Connection, state: 'start' | 'stop'): Promise<void> => {
  await connection.send('POST', '/editor/flows/state', JSON.stringify({ state }));
};

interface Answer { mobile: string; status: number; user: string; ms: number }

describe('workers behind the load balancer, one on Node-RED 4.1 and one on 5.0 that all is well with, and one of each that it is not,', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'ciam-http-'));
  let tenant: Simulator;
  let well: NodeRed[];
  /** A test may do with these as it likes. */
  let others: NodeRed[];
  let balancer: Balancer | undefined;
  const figures: Record<string, string | number>[] = [];
  const logs: string[] = [];

  const startWorker = (major: Major, settings: object = {}, nodes = flows()): Promise<NodeRed> => startNodeRed({
    major, settings, flows: nodes, credentials: { tenant: { clientId: '${CIAM_CLIENT_ID}', clientSecret: '${CIAM_CLIENT_SECRET}' } },
    env: { CIAM_DOMAIN: tenant.url, CIAM_CLIENT_ID: 'id', CIAM_CLIENT_SECRET: 'secret' },
  });
  const balance = async (behind: NodeRed[], env?: NodeJS.ProcessEnv): Promise<void> => {
    balancer = await startBalancer(behind.map(({ url }) => new URL(url).host), env);
  };
  const endBalancer = async (): Promise<void> => {
    await balancer?.stop();
    logs.push(balancer?.log() ?? '');
    balancer = undefined;
  };
  const end = async (worker: NodeRed): Promise<void> => {
    await worker.stop();
    logs.push(worker.log());
  };
  const ask = async (mobile: string): Promise<Answer> => {
    const from = performance.now();
    const response = await fetch(`${balancer?.url}/ciam/user?mobile=${mobile}`);
    const body = await response.text();
    const user = response.status === 200 ? (JSON.parse(body) as { user_id: string }).user_id : body;
    return { mobile, status: response.status, user, ms: performance.now() - from };
  };
  /** Everybody is asked for once; `disturb` begins when a third is answered. */
  const askAll = async (disturb: () => Promise<void> = () => Promise.resolve()): Promise<Answer[]> => {
    const waiting = USERS.map(({ mobile }) => mobile);
    const answers: Answer[] = [];
    let disturbed: Promise<void> | undefined;
    await Promise.all(Array.from({ length: CALLERS }, async () => {
      for (let mobile = waiting.shift(); mobile !== undefined; mobile = waiting.shift()) {
        answers.push(await ask(mobile));
        if (answers.length >= USERS.length / 3) disturbed ??= disturb();
      }
    }));
    await disturbed;
    return answers;
  };
  const expectAllRight = (what: string, answers: Answer[]): void => {
    figures.push({ what, requests: answers.length, 'worst answer, ms': Math.round(Math.max(...answers.map(({ ms }) => ms))) });
    const wrong = answers.filter(({ mobile, status, user }) => status !== 200 || user !== `id-${mobile}`);
    expect(wrong, balancer?.log()).to.have.length(0);
    expect(answers).to.have.length(USERS.length);
  };
  const statsOf = async ({ url }: NodeRed): Promise<Stats> => await (await fetch(`${url}ciam-tenant/tenant/stats`)).json() as Stats;

  before(async () => {
    tenant = await startSimulator({ users: USERS, latencyMs: LATENCY_MS });
    [well, others] = await Promise.all([Promise.all(MAJORS.map((major) => startWorker(major))), Promise.all(MAJORS.map((major) => startWorker(major)))]);
  });
  afterEach(endBalancer);
  after(async () => {
    await Promise.all([...well, ...others].map(end));
    await tenant.close();
    rmSync(folder, { recursive: true, force: true });
    console.table(figures);
  });

  for (const [what, disturb] of Object.entries<() => Promise<void>>({
    'deploy their flows anew as a whole three times, one after the other': async () => {
      for (const worker of others) for (const timeout of [2, 3, 2]) await worker.deploy(flows({ timeout }), 'full');
    },
    'stand still for six seconds': async () => {
      for (const { pid } of others) process.kill(pid, 'SIGSTOP');
      await delay(6000); // longer than the worker's own timeout
      for (const { pid } of others) process.kill(pid, 'SIGCONT');
    },
  })) {
    it(`answer every request when two of four ${what} meanwhile`, async () => {
      await balance([...well, ...others]);
      const answers = await askAll(disturb);
      expectAllRight(`2 of 4 ${what}`, answers);
      expect(Math.max(...answers.map(({ ms }) => ms))).to.be.below(SOON_MS);
    });
  }

  it('answer every request when one has a wrong secret, and that one is left out', async () => {
    const wrong = flows().map((node) => (node.id === 'tenant' ? { ...node, credentials: { clientId: 'id', clientSecret: 'wrong' } } : node));
    for (const [index, major] of MAJORS.entries()) {
      const sick = others[index] as NodeRed;
      await sick.deploy(wrong);
      await balance([...well, sick]);
      expectAllRight(`1 of 3 with a wrong secret, Node-RED ${major}`, await askAll());
      await balancer?.until(/spread\/worker3 is DOWN/);
      const before = (await statsOf(sick)).lookups.failed;
      expect(before).to.be.above(0);
      expectAllRight('after it was left out', await askAll());
      expect((await statsOf(sick)).lookups.failed).to.equal(before);
      await endBalancer();
    }
  });

  it('answer every request when the way of one to the tenant breaks, and that one is back when it is mended', async () => {
    const right = { clientId: 'id', clientSecret: 'secret' };
    for (const [index, major] of MAJORS.entries()) {
      const own = await startSimulator({ users: USERS, latencyMs: LATENCY_MS });
      const other = others[index] as NodeRed;
      await other.deploy(flows({ domain: own.url, credentials: right }));
      await balance([...well, other]);
      expectAllRight(`1 of 3 without its tenant, Node-RED ${major}`, await askAll(async () => {
        await own.close();
        await balancer?.until(/spread\/worker3 is DOWN/);
      }));
      const again = await startSimulator({ users: USERS, port: own.port });
      await balancer?.until(/spread\/worker3 is UP/);
      await again.close();
      await other.deploy(flows({ credentials: right }));
      await endBalancer();
    }
  });

  for (const [what, disturb] of Object.entries<(worker: NodeRed) => Promise<void>>({
    'are killed': (worker) => {
      process.kill(worker.pid, 'SIGKILL');
      return Promise.resolve();
    },
    'are stopped': end,
  })) {
    it(`answer every request when two of four ${what} meanwhile, one after the other`, async () => {
      await balance([...well, ...others]);
      const answers = await askAll(async () => {
        for (const [index, worker] of others.entries()) {
          await disturb(worker);
          await balancer?.until(new RegExp(`spread/worker${well.length + index + 1} is DOWN`));
        }
      });
      expectAllRight(`2 of 4 ${what}`, answers);
      expect(Math.max(...answers.map(({ ms }) => ms))).to.be.below(SOON_MS);
      await Promise.all(others.map(end));
      // The editor stands aside, for the test after this: on the way past it a request would look for a file first.
      others = await Promise.all(MAJORS.map((major) => startWorker(major, {
        httpAdminRoot: '/editor', runtimeState: { enabled: true },
        // What flows keep there is still there when they start again.
        contextStorage: { default: { module: 'localfilesystem' } },
      }, [
        ...flows(),
        { id: 'test-tab', type: 'tab' },
        // The last of those that begin by themselves.
        { id: 'test-begun', type: 'inject', z: 'test-tab', props: [], repeat: '', once: true, onceDelay: 0.2, wires: [['test-debug']] },
        { id: 'test-debug', type: 'debug', z: 'test-tab', active: true, tosidebar: true, complete: 'true', targetType: 'full' },
      ])));
    });
  }

  for (const [which, isFirst] of [['a request', false], ['the very first request after a start', true]] as const) {
    it(`answer ${which} that comes in at the very moment the flows end`, async () => {
      const path = `/ciam/user?mobile=${mobileOf(0)}`;
      for (const worker of others) {
        await worker.until(() => (worker.debug.length > 0 ? true : undefined));
        const [last, stop] = await Promise.all([worker, worker].map(({ url }) => connectTo(url))) as [Connection, Connection];
        if (!isFirst) {
          const first = await connectTo(worker.url);
          await first.send('GET', path);
          expect(await first.answer()).to.match(/^HTTP\/1.1 200 /);
        }
        // Both are there when the process goes on: the message has left `http in` then, and has not reached the next node.
        process.kill(worker.pid, 'SIGSTOP');
        await last.send('GET', path);
        await setState(stop, 'stop');
        process.kill(worker.pid, 'SIGCONT');
        expect(await stop.answer()).to.match(/^HTTP\/1.1 200 /);
        expect(await last.answer()).to.match(/^HTTP\/1.1 503 /).and.include('CIAM.CLOSED');
        worker.debug.length = 0;
        const start = await connectTo(worker.url);
        await setState(start, 'start');
        expect(await start.answer()).to.match(/^HTTP\/1.1 200 /);
        if (isFirst) {
          const next = await connectTo(worker.url);
          await next.send('GET', path);
          expect(await next.answer()).to.match(/^HTTP\/1.1 200 /);
        }
      }
    });
  }

  it('answer every request when one is drained by hand, and deploys its flows anew then', async () => {
    const CIAM_HAPROXY_SOCKET = join(folder, 'haproxy.sock');
    await balance(well, { CIAM_HAPROXY_SOCKET });
    const tell = async (command: string): Promise<void> => {
      const socket = connect(CIAM_HAPROXY_SOCKET);
      socket.end(`${command}\n`);
      expect(await text(socket), command).to.equal('\n');
    };
    for (const [index, major] of MAJORS.entries()) {
      const one = well[index] as NodeRed;
      expectAllRight(`1 of 2 drained, deploys its flows, Node-RED ${major}`, await askAll(async () => {
        await tell(`set server spread/worker${index + 1} state drain`);
        while ((await statsOf(one)).inFlight > 0);
        await one.deploy(flows(), 'full');
        expect((await statsOf(one)).lookups.found).to.equal(0);
        await tell(`set server spread/worker${index + 1} state ready`);
      }));
      expect((await statsOf(one)).lookups.found).to.be.above(0);
    }
  });

  it('remember each user once, together', async () => {
    await Promise.all(well.map((worker) => worker.deploy(flows({ cacheTtl: 600 }), 'full')));
    await balance(well, { CIAM_REMEMBER: 'yes' });
    for (const round of [1, 2, 3]) expectAllRight(`remembering, round ${round}`, await askAll());
    const stats = await Promise.all(well.map(statsOf));
    for (const { cache } of stats) expect(cache.size).to.be.within(USERS.length / 4, USERS.length * 3 / 4);
    expect(stats.reduce((sum, { cache }) => sum + cache.size, 0)).to.equal(USERS.length);
    expect(stats.reduce((sum, { lookups }) => sum + lookups.cached, 0)).to.equal(2 * USERS.length);
  });

  it('write no number into a log', () => {
    logs.push(...[...well, ...others].map(({ log }) => log()));
    expect(logs.join('\n')).to.include('Started flows');
    expect(logs.join('\n')).to.not.match(/139000|mobile=/);
  });
});
