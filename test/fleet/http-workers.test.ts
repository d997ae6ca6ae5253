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
import { type FlowNode, MAJORS, type NodeRed, startNodeRed } from '../support/runtime';
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

interface Answer { mobile: string; status: number; user: string; ms: number }

for (const major of MAJORS) describe(`workers on Node-RED ${major} behind the load balancer`, function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'ciam-http-'));
  let tenant: Simulator;
  let workers: NodeRed[];
  let more: NodeRed[] = [];
  let balancer: Balancer | undefined;
  const figures: Record<string, string | number>[] = [];
  const logs: string[] = [];

  const startWorker = (env: NodeJS.ProcessEnv = {}, settings: object = {}, nodes = flows()): Promise<NodeRed> => startNodeRed({
    major, settings, flows: nodes, credentials: { tenant: { clientId: '${CIAM_CLIENT_ID}', clientSecret: '${CIAM_CLIENT_SECRET}' } },
    env: { CIAM_DOMAIN: tenant.url, CIAM_CLIENT_ID: 'id', CIAM_CLIENT_SECRET: 'secret', ...env },
  });
  const balance = async (behind: NodeRed[], env?: NodeJS.ProcessEnv): Promise<void> => {
    balancer = await startBalancer(behind.map(({ url }) => new URL(url).host), env);
  };
  /** A third worker, of which a test may do as it likes. */
  const startThird = async (env?: NodeJS.ProcessEnv): Promise<NodeRed> => {
    const third = await startWorker(env);
    more.push(third);
    await balance([...workers, third]);
    return third;
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
    workers = await Promise.all([startWorker(), startWorker()]);
  });
  afterEach(async () => {
    await balancer?.stop();
    logs.push(balancer?.log() ?? '', ...more.map(({ log }) => log()));
    balancer = undefined;
    await Promise.all(more.map((nodeRed) => nodeRed.stop()));
    more = [];
  });
  after(async () => {
    await Promise.all(workers.map((nodeRed) => nodeRed.stop()));
    await tenant.close();
    rmSync(folder, { recursive: true, force: true });
    console.table(figures);
  });

  for (const [what, disturb] of Object.entries<(worker: NodeRed) => Promise<void>>({
    'is killed': (worker) => {
      process.kill(worker.pid, 'SIGKILL');
      return Promise.resolve();
    },
    'is stopped': (worker) => worker.stop(),
    'deploys its flows anew as a whole three times': async (worker) => {
      for (const timeout of [2, 3, 2]) await worker.deploy(flows({ timeout }), 'full');
    },
    'stands still for six seconds': async ({ pid }) => {
      process.kill(pid, 'SIGSTOP');
      await delay(6000); // longer than the worker's own timeout
      process.kill(pid, 'SIGCONT');
    },
  })) {
    it(`answer every request when one of three ${what} meanwhile`, async () => {
      const third = await startThird();
      const answers = await askAll(() => disturb(third));
      expectAllRight(`1 of 3 ${what}`, answers);
      expect(Math.max(...answers.map(({ ms }) => ms))).to.be.below(SOON_MS);
    });
  }

  for (const [which, isFirst] of [['a request', false], ['the very first request after a start', true]] as const) {
    it(`answer ${which} that comes in at the very moment the flows end`, async () => {
      // The editor stands aside: on the way past it a request would look for a file first.
      const worker = await startWorker({}, { httpAdminRoot: '/editor', runtimeState: { enabled: true } }, [
        ...flows(),
        { id: 'test-tab', type: 'tab' },
        // The last of those that begin by themselves.
        { id: 'test-begun', type: 'inject', z: 'test-tab', props: [], repeat: '', once: true, onceDelay: 0.2, wires: [['test-debug']] },
        { id: 'test-debug', type: 'debug', z: 'test-tab', active: true, tosidebar: true, complete: 'true', targetType: 'full' },
      ]);
      more.push(worker);
      await worker.until(() => (worker.debug.length > 0 ? true : undefined));
      const path = `/ciam/user?mobile=${mobileOf(0)}`;
      const [first, last, stop] = await Promise.all([worker, worker, worker].map(({ url }) => connectTo(url))) as [Connection, Connection, Connection];
      if (!isFirst) {
        await first.send('GET', path);
        expect(await first.answer()).to.match(/^HTTP\/1.1 200 /);
      }
      // Both are there when the process goes on: the message has left `http in` then, and has not reached the next node.
      process.kill(worker.pid, 'SIGSTOP');
      await last.send('GET', path);
      await stop.send('POST', '/editor/flows/state', '{"state":"stop"}');
      process.kill(worker.pid, 'SIGCONT');
      expect(await stop.answer()).to.match(/^HTTP\/1.1 200 /);
      expect(await last.answer()).to.match(/^HTTP\/1.1 503 /).and.include('CIAM.CLOSED');
    });
  }

  it('answer every request when one has a wrong secret, and that one is left out', async () => {
    const sick = await startThird({ CIAM_CLIENT_SECRET: 'wrong' });
    expectAllRight('1 of 3 with a wrong secret', await askAll());
    await balancer?.until(/spread\/worker3 is DOWN/);
    const before = (await statsOf(sick)).lookups.failed;
    expectAllRight('after it was left out', await askAll());
    expect((await statsOf(sick)).lookups.failed).to.equal(before);
  });

  it('answer every request when the way of one to the tenant breaks, and that one is back when it is mended', async () => {
    const own = await startSimulator({ users: USERS, latencyMs: LATENCY_MS });
    await startThird({ CIAM_DOMAIN: own.url });
    expectAllRight('1 of 3 without its tenant', await askAll(async () => {
      await own.close();
      await balancer?.until(/spread\/worker3 is DOWN/);
    }));
    const again = await startSimulator({ users: USERS, port: own.port });
    await balancer?.until(/spread\/worker3 is UP/);
    await again.close();
  });

  it('answer every request when one is drained by hand, and deploys its flows anew then', async () => {
    const CIAM_HAPROXY_SOCKET = join(folder, 'haproxy.sock');
    const [first] = workers as [NodeRed, NodeRed];
    await balance(workers, { CIAM_HAPROXY_SOCKET });
    const tell = async (command: string): Promise<void> => {
      const socket = connect(CIAM_HAPROXY_SOCKET);
      socket.end(`${command}\n`);
      expect(await text(socket), command).to.equal('\n');
    };
    expectAllRight('1 of 2 drained, deploys its flows', await askAll(async () => {
      await tell('set server spread/worker1 state drain');
      while ((await statsOf(first)).inFlight > 0);
      await first.deploy(flows(), 'full');
      expect((await statsOf(first)).lookups.found).to.equal(0);
      await tell('set server spread/worker1 state ready');
    }));
    expect((await statsOf(first)).lookups.found).to.be.above(0);
  });

  it('remember each user once, together', async () => {
    await Promise.all(workers.map((worker) => worker.deploy(flows({ cacheTtl: 600 }), 'full')));
    await balance(workers, { CIAM_REMEMBER: 'yes' });
    for (const round of [1, 2, 3]) expectAllRight(`remembering, round ${round}`, await askAll());
    const stats = await Promise.all(workers.map(statsOf));
    for (const { cache } of stats) expect(cache.size).to.be.within(USERS.length / 4, USERS.length * 3 / 4);
    expect(stats.reduce((sum, { cache }) => sum + cache.size, 0)).to.equal(USERS.length);
    expect(stats.reduce((sum, { lookups }) => sum + lookups.cached, 0)).to.equal(2 * USERS.length);
  });

  it('write no number into a log', () => {
    logs.push(...workers.map(({ log }) => log()));
    expect(logs.join('\n')).to.include('Started flows');
    expect(logs.join('\n')).to.not.match(/139000|mobile=/);
  });
});
