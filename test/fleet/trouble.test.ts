/** What an operator of a fleet meets: workers that are sick, paused, stopped or killed, a tenant that counts, a broker that is somebody else. Every question has its answer. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer, request as httpRequest, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer } from 'node:tls';
import { expect } from 'chai';
import { startSimulator } from '../../src/simulator/simulator';
import { createAuthority } from '../support/certificates';
import { nodeOf } from '../support/examples';
import { MAJORS, type NodeRed } from '../support/runtime';
import { type Asker, startAsker } from './asker';
import { type Cluster, inShare, mobileOf, startCluster, withProperties, WORKER } from './cluster';

const TENANT = nodeOf(WORKER, 'ciam-tenant').id;
const USERS = 900;
const LATENCY_MS = 50;
/** Lookups a second that the tenant allows all workers together. */
const LIMIT = 90;
/** So long that no test could pass by waiting for it. */
const RULES = { ASK_AGAIN_AFTER: 60, DEADLINE: 90 };

describe('a fleet in trouble, each time one worker on Node-RED 4.1 and one on 5.0 at once', function () {
  this.timeout(150_000);
  let cluster: Cluster;
  let asker: Asker;
  const figures: object[] = [];

  before(async () => {
    cluster = await startCluster({ users: USERS, latencyMs: LATENCY_MS });
    [asker] = await Promise.all([startAsker(4, cluster, USERS), cluster.workers(4)]);
  });
  after(async () => {
    await cluster.stop();
    console.table(figures);
  });

  /** All questions are right, although something happens when a third is answered. */
  const expectAllRight = async (what: string, disturb: () => Promise<unknown>, rules = RULES): Promise<Record<string, number>> => {
    const run = await asker.ask(USERS, { rules, every: 50 });
    await run.until(USERS / 3);
    await disturb();
    const tally = await run.until(USERS, 60_000);
    expect(tally).to.deep.include({ answered: USERS, right: USERS, wrong: 0, twice: 0, failed: {} });
    figures.push({ what, questions: USERS, seconds: Number((tally.ms / 1000).toFixed(1)) });
    return tally.workers;
  };
  const each = async (workers: NodeRed[], what: (worker: NodeRed) => Promise<unknown>): Promise<void> => {
    await Promise.all(workers.map(what));
  };

  describe('that joins it, or loses its way,', () => {
    /** Without CIAM_RATE. */
    let pair: NodeRed[];
    before(async () => {
      pair = await Promise.all(MAJORS.map((major) => cluster.start(major, 'worker', WORKER, { CIAM_RATE: undefined, CIAM_WORKER: `on ${major}` })));
    });
    after(() => each(pair, (worker) => worker.stop()));

    const become = (properties: object, isIn: boolean): Promise<void> => each(pair, async (worker) => {
      worker.status.clear();
      await worker.deploy(withProperties(WORKER, TENANT, properties));
      await inShare(worker, isIn);
    });
    const SECRET = { clientId: 'id', clientSecret: 'secret' };

    for (const [what, properties] of Object.entries<object>({
      'no CIAM_RATE': {},
      'no way to the tenant': { rateLimit: 0, domain: 'http://127.0.0.1:9' },
      'a wrong secret': { rateLimit: 0, credentials: { ...SECRET, clientSecret: 'wrong' } },
    })) {
      it(`loses nothing when workers with ${what} join it`, async () => {
        expect(await expectAllRight(`workers with ${what} join`, () => become(properties, false))).to.not.have.any.keys('on 4', 'on 5');
      });
    }

    it('loses nothing when the way of workers to the tenant breaks, and they are back when it is mended', async () => {
      const users = Array.from({ length: USERS }, (_, index) => ({ user_id: `id-${mobileOf(index)}`, mobile: mobileOf(index), user_name: `user${index}` }));
      const tenant = await startSimulator({ users, latencyMs: LATENCY_MS });
      const { port, url } = tenant;
      await become({ rateLimit: 0, domain: url, credentials: SECRET }, true);
      const workers = await expectAllRight('workers lose their way to the tenant', async () => {
        await tenant.close();
        await each(pair, (worker) => inShare(worker, false));
      });
      expect(workers).to.include.keys('on 4', 'on 5');
      const again = await startSimulator({ users, port });
      try {
        await each(pair, (worker) => inShare(worker));
      } finally {
        await again.close();
      }
    });
  });

  it('loses nothing when workers stand still for six seconds', async () => {
    const pair = (await cluster.workers(4)).slice(0, 2);
    await expectAllRight('workers stand still for 6 s', async () => {
      for (const { pid } of pair) process.kill(pid, 'SIGSTOP');
      await delay(6000); // longer than the worker's deadline
      for (const { pid } of pair) process.kill(pid, 'SIGCONT');
    }, { ASK_AGAIN_AFTER: 10, DEADLINE: 90 });
  });

  for (const [what, end] of Object.entries<(worker: NodeRed) => Promise<void>>({
    'are deployed anew as a whole': (worker) => worker.deploy(WORKER, 'full'),
    'were drained and are stopped then': async (worker) => {
      await worker.inject(nodeOf(WORKER, 'inject', 'drain').id);
      await inShare(worker, false);
      cluster.forget(worker);
      await worker.stop();
    },
    'are killed': async (worker) => {
      process.kill(worker.pid, 'SIGKILL');
      cluster.forget(worker);
      await worker.stop();
    },
    'are stopped': async (worker) => {
      cluster.forget(worker);
      await worker.stop();
    },
  })) {
    it(`asks again within seconds when workers ${what}`, async () => {
      const pair = (await cluster.workers(4)).slice(2);
      const from = performance.now();
      await expectAllRight(`workers ${what}`, () => each(pair, end));
      expect(performance.now() - from, 'not by ASK_AGAIN_AFTER').to.be.below(RULES.ASK_AGAIN_AFTER * 1000);
    });
  }
});

describe('a fleet at a tenant that counts', function () {
  this.timeout(120_000);
  const QUESTIONS = 450;
  let cluster: Cluster;
  let counted: Server;
  let workers: NodeRed[];
  let asker: Asker;
  let refused = 0;

  before(async () => {
    cluster = await startCluster({ users: QUESTIONS });
    const started: number[] = [];
    // No call more than the limit within any second, and no word of when to come again.
    counted = createHttpServer((request, response) => {
      const isLookup = request.url?.includes('/users/') === true;
      while ((started[0] ?? Infinity) <= performance.now() - 1000) started.shift();
      if (isLookup && started.length >= LIMIT) {
        refused++;
        request.resume();
        response.writeHead(429).end();
        return;
      }
      if (isLookup) started.push(performance.now());
      const tenant = httpRequest(new URL(request.url ?? '', cluster.tenant), { method: request.method, headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      tenant.on('error', () => response.destroy());
      request.pipe(tenant);
    }).listen(0, '127.0.0.1');
    await once(counted, 'listening');
    const env = { CIAM_DOMAIN: `http://127.0.0.1:${(counted.address() as AddressInfo).port}`, CIAM_RATE: String(LIMIT * 0.9 / 3) };
    [asker, ...workers] = await Promise.all([startAsker(5, cluster, QUESTIONS), ...([4, 5, 4] as const).map((major) => cluster.start(major, 'worker', WORKER, env))]);
  });
  after(async () => {
    counted.closeAllConnections();
    counted.close();
    await cluster.stop();
  });

  for (const [what, rate] of [['90 % of its limit divided', '${CIAM_RATE}'], ['its limit divided', LIMIT / 3]] as const) {
    it(`loses nothing with CIAM_RATE = ${what}`, async () => {
      await Promise.all(workers.map(async (worker) => {
        worker.status.clear();
        await worker.deploy(withProperties(WORKER, TENANT, { rateLimit: rate }));
        await inShare(worker);
      }));
      refused = 0;
      const tally = await (await asker.ask(QUESTIONS)).until(QUESTIONS);
      expect(tally).to.deep.include({ answered: QUESTIONS, right: QUESTIONS, wrong: 0, twice: 0, failed: {} });
      console.log(`CIAM_RATE ${what}: ${refused} of ${QUESTIONS} refused once, ${(tally.ms / 1000).toFixed(1)} s`);
    });
  }
});

describe('mqtts:// of the examples', function () {
  this.timeout(90_000);

  it('trusts a broker whose authority it was given, and nobody else', async () => {
    const cluster = await startCluster();
    const trusted = await createAuthority('the authority of the company');
    const { key, cert } = await trusted.server();
    const { port: brokerPort } = new URL(cluster.broker.url);
    // As a man in the middle would stand there, and as a broker with TLS does.
    const server = createServer({ key, cert }, (socket) => {
      const broker = connect(Number(brokerPort), '127.0.0.1');
      socket.pipe(broker).pipe(socket);
      socket.on('error', () => broker.destroy());
      broker.on('error', () => socket.destroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    let refused = 0;
    server.on('tlsClientError', () => refused++);
    try {
      const CIAM_BROKER = `mqtts://localhost:${(server.address() as AddressInfo).port}`;
      const file = join(cluster.folder, 'ca.pem');
      writeFileSync(file, trusted.cert);
      const withNode = WORKER.map((node) => (node.type === 'tls-config' ? { ...node, ca: file } : node));
      await Promise.all(MAJORS.flatMap((major) => [
        cluster.start(major, 'worker', WORKER, { CIAM_BROKER, NODE_EXTRA_CA_CERTS: file }).then((worker) => inShare(worker)),
        cluster.launch(major, 'worker', WORKER, { CIAM_BROKER }).then(async (worker) => {
          await worker.until(() => /Connection failed to broker/.test(worker.log()) || undefined, 'a refusal');
          expect(worker.log()).to.not.include('Connected to broker');
          await worker.deploy(withNode);
          await inShare(worker);
        }),
      ]));
      expect(refused).to.be.at.least(2);
    } finally {
      server.close();
      await cluster.stop();
    }
  });
});
