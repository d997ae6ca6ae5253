/** What an operator of a fleet meets: a worker that is sick, paused, stopped or killed, and askers that mean harm. Every question has its answer. */
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
import { example, nodeOf } from '../support/examples';
import { type FlowNode, MAJORS, type NodeRed } from '../support/runtime';
import { isAlive } from '../support/versions';
import { ASK, type Asker, askerFlows, fn, startAsker, TAB } from './asker';
import { type Cluster, inShare, mobileOf, startCluster, WORKER } from './cluster';

const USERS = 900;
const LATENCY_MS = 50;
/** Lookups a second that the tenant allows all workers together. */
const LIMIT = 90;
const ASKER = example('09-ask-the-mqtt-workers.json');
/** So long that no test could pass by waiting for it. */
const RULES = { ASK_AGAIN_AFTER: 60, DEADLINE: 90 };

for (const major of MAJORS) describe(`a fleet on Node-RED ${major} in trouble`, function () {
  this.timeout(150_000);
  let cluster: Cluster;
  let asker: Asker;

  before(async () => {
    cluster = await startCluster({ major, users: USERS, latencyMs: LATENCY_MS });
    await cluster.workers(2);
    asker = await startAsker(cluster, USERS);
  });
  after(() => cluster.stop());

  /** All questions are right, although something happens when a third is answered. */
  const expectAllRight = async (disturb: () => Promise<void>, rules = RULES): Promise<Record<string, number>> => {
    const run = await asker.ask(USERS, { rules, every: 50 });
    await run.until(USERS / 3);
    await disturb();
    const tally = await run.until(USERS, 60_000);
    expect(tally).to.deep.include({ answered: USERS, right: USERS, wrong: 0, twice: 0, failed: {} });
    return tally.workers;
  };

  for (const [what, env] of Object.entries<NodeJS.ProcessEnv>({
    'a wrong secret': { CIAM_CLIENT_SECRET: 'wrong' },
    'no way to the tenant': { CIAM_DOMAIN: 'http://127.0.0.1:9' },
    'no CIAM_RATE': { CIAM_RATE: undefined },
  })) {
    it(`loses nothing when a worker with ${what} joins it`, async () => {
      const sick = await cluster.start('worker', WORKER, { ...env, CIAM_WORKER: 'sick' });
      try {
        expect(await expectAllRight(async () => {
          await inShare(sick, false);
        })).to.have.all.keys('worker-1', 'worker-2');
      } finally {
        await sick.stop();
      }
    });
  }

  it('loses nothing when the way of one worker to the tenant breaks, and the worker is back when it is mended', async () => {
    const users = Array.from({ length: USERS }, (_, index) => ({ user_id: `id-${mobileOf(index)}`, mobile: mobileOf(index), user_name: `user${index}` }));
    const tenant = await startSimulator({ users, latencyMs: LATENCY_MS });
    const { port, url } = tenant;
    const worker = await cluster.start('worker', WORKER, { CIAM_DOMAIN: url, CIAM_WORKER: 'cut off' });
    await inShare(worker);
    try {
      const workers = await expectAllRight(async () => {
        await tenant.close();
        await inShare(worker, false);
      });
      expect(workers).to.include.keys('cut off', 'worker-1', 'worker-2');
      const again = await startSimulator({ users, port });
      try {
        await inShare(worker);
      } finally {
        await again.close();
      }
    } finally {
      await worker.stop();
    }
  });

  it('loses nothing when a worker stands still for six seconds', async () => {
    const [worker] = await cluster.workers(2) as [NodeRed, NodeRed];
    await expectAllRight(async () => {
      process.kill(worker.pid, 'SIGSTOP');
      await delay(6000); // longer than the worker's deadline
      process.kill(worker.pid, 'SIGCONT');
    }, { ASK_AGAIN_AFTER: 10, DEADLINE: 90 });
  });

  for (const [what, end] of Object.entries<(worker: NodeRed) => Promise<void>>({
    'is killed': async (worker) => {
      process.kill(worker.pid, 'SIGKILL');
      cluster.forget(worker);
      await worker.stop();
    },
    'is stopped': async (worker) => {
      cluster.forget(worker);
      await worker.stop();
    },
    'is deployed anew as a whole': (worker) => worker.deploy(WORKER, 'full'),
    'was drained and is stopped then': async (worker) => {
      await worker.inject(nodeOf(WORKER, 'inject', 'drain').id);
      await inShare(worker, false);
    },
  })) {
    it(`asks again within seconds when a worker ${what}`, async () => {
      const [, worker] = await cluster.workers(2) as [NodeRed, NodeRed];
      const from = performance.now();
      await expectAllRight(() => end(worker));
      expect(performance.now() - from, 'not by ASK_AGAIN_AFTER').to.be.below(RULES.ASK_AGAIN_AFTER * 1000);
      cluster.forget(worker);
      await worker.stop();
    });
  }
});

// The rate is the package's, whatever Node-RED it runs in: one row on each.
for (const [major, what, rate] of [[4, 'its limit divided', LIMIT / 3], [5, '90 % of it divided', LIMIT * 0.9 / 3]] as const) describe(`a fleet on Node-RED ${major} at a tenant that counts`, function () {
  this.timeout(120_000);
  const QUESTIONS = 450;
  let cluster: Cluster;
  let counted: Server;
  let refused = 0;

  before(async () => {
    cluster = await startCluster({ major, users: QUESTIONS });
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
  });
  after(async () => {
    counted.closeAllConnections();
    counted.close();
    await cluster.stop();
  });

  it(`loses nothing with CIAM_RATE = ${what}`, async () => {
    const CIAM_DOMAIN = `http://127.0.0.1:${(counted.address() as AddressInfo).port}`;
    const workers = await Promise.all([1, 2, 3].map(() => cluster.start('worker', WORKER, { CIAM_DOMAIN, CIAM_RATE: String(rate) })));
    try {
      await Promise.all(workers.map((worker) => inShare(worker)));
      const asker = await startAsker(cluster, QUESTIONS);
      refused = 0;
      const tally = await (await asker.ask(QUESTIONS)).until(QUESTIONS);
      expect(tally).to.deep.include({ answered: QUESTIONS, right: QUESTIONS, wrong: 0, twice: 0, failed: {} });
      console.log(`CIAM_RATE ${rate}: ${refused} of ${QUESTIONS} refused once, ${(tally.ms / 1000).toFixed(1)} s`);
      await asker.nodeRed.stop();
    } finally {
      await Promise.all(workers.map((worker) => worker.stop()));
    }
  });
});

for (const major of MAJORS) describe(`questions that mean harm, on Node-RED ${major}`, function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let worker: NodeRed;
  let nodeRed: NodeRed;

  const send = nodeOf(ASKER, 'mqtt out').id;
  const flows = (): FlowNode[] => [
    ...askerFlows({ ASK_AGAIN_AFTER: 60, DEADLINE: 60 }, 'test-outcome'),
    { id: 'test-http', type: 'http in', z: TAB, url: '/ask', method: 'post', wires: [['test-question']] },
    fn('test-question', TAB, 'Object.assign(msg, { by: msg.payload.by, payload: msg.payload.value }); return msg;', [[ASK]]),
    fn('test-outcome', TAB, 'const { payload, error, lookup, worker } = msg; msg.payload = { payload, error, lookup, worker }; return msg;', [['test-response']]),
    { id: 'test-response', type: 'http response', z: TAB },
    // As the account of an asker may publish, past example 09.
    { id: 'test-raw', type: 'http in', z: TAB, url: '/raw', method: 'post', wires: [['test-publish']] },
    fn('test-publish', TAB, 'const { payload } = msg; msg.payload = "sent"; return [payload, msg];', [[send], ['test-response']]),
    { ...nodeOf(ASKER, 'mqtt in', 'an answer'), id: 'test-raw-in', topic: 'ciam/reply/asker/raw', wires: [['test-raw-debug']] },
    { id: 'test-raw-debug', type: 'debug', z: TAB, active: true, tosidebar: true, complete: 'payload', targetType: 'msg' },
  ];
  const post = async (path: string, body: object): Promise<string> =>
    await (await fetch(`${nodeRed.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).text();
  const ask = async (by: unknown, value: unknown): Promise<{ payload: unknown; worker?: string }> =>
    JSON.parse(await post('ask', { by, value })) as { payload: unknown };

  before(async () => {
    cluster = await startCluster({ major });
    [worker] = await cluster.workers(1) as [NodeRed];
    nodeRed = await cluster.start('asker', flows());
  });
  after(() => cluster.stop());

  const expectAnswers = async (): Promise<void> => {
    expect((await ask('mobile', mobileOf(3))).payload).to.deep.include({ user_id: `id-${mobileOf(3)}` });
  };

  for (const [what, responseTopic] of Object.entries({
    '300 levels': `ciam/reply/asker${'/a'.repeat(300)}`, 'a wildcard': 'ciam/reply/+', 'no end': `ciam/reply/asker/${'x'.repeat(3000)}`, 'the topic of questions': 'ciam/lookup/mobile',
  })) {
    it(`do not end a worker by a reply topic with ${what}`, async () => {
      await post('raw', { topic: 'ciam/lookup/mobile', responseTopic, payload: JSON.stringify(mobileOf(1)) });
      await expectAnswers();
      expect(worker.log().match(/Connected to broker/g)).to.have.length(1);
    });
  }

  it('are answered when they are no JSON', async () => {
    nodeRed.debug.length = 0;
    for (const payload of ['{"half', 'plain text', '']) {
      await post('raw', { topic: 'ciam/lookup/mobile', responseTopic: 'ciam/reply/asker/raw', payload });
    }
    const answers = await nodeRed.until(() => (nodeRed.debug.length >= 3 ? nodeRed.debug.map(({ msg }) => msg as { result: unknown }) : undefined));
    for (const { result } of answers) expect(result).to.equal('CIAM.INPUT');
  });

  it('do not end the asker by a msg.by that is very long, nor by a value that is', async () => {
    expect((await ask('x'.repeat(70_000), '1')).payload).to.equal('CIAM.INPUT');
    expect((await ask('mobile', 'x'.repeat(70_000))).payload).to.equal('CIAM.INPUT');
    await expectAnswers();
    expect(isAlive(nodeRed.pid)).to.equal(true);
  });
});

for (const major of MAJORS) describe(`mqtts:// of the examples, on Node-RED ${major}`, function () {
  this.timeout(90_000);

  it('trusts a broker whose authority it was given, and nobody else', async () => {
    const cluster = await startCluster({ major });
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
    try {
      const CIAM_BROKER = `mqtts://localhost:${(server.address() as AddressInfo).port}`;
      const refused = once(server, 'tlsClientError');
      const outside = cluster.start('worker', WORKER, { CIAM_BROKER }).catch(() => null);
      await refused;
      const file = join(cluster.folder, 'ca.pem');
      writeFileSync(file, trusted.cert);
      await inShare(await cluster.start('worker', WORKER, { CIAM_BROKER, NODE_EXTRA_CA_CERTS: file }));
      const withNode = WORKER.map((node) => (node.type === 'tls-config' ? { ...node, ca: file } : node));
      await inShare(await cluster.start('worker', withNode, { CIAM_BROKER }));
      expect(await outside, 'without the authority').to.equal(null);
    } finally {
      server.close();
      await cluster.stop();
    }
  });
});
