import { expect } from 'chai';
import type { Stats } from '../../src/node-api';
import { example, nodeOf } from '../support/examples';
import type { FlowNode, NodeRed } from '../support/runtime';
import { isAlive } from '../support/versions';
import { ASK, type Asker, askerFlows, fn, startAsker, TAB } from './asker';
import { type Cluster, connected, inShare, mobileOf, startCluster, WORKER, withProperties } from './cluster';

interface Outcome {
  payload: unknown;
  worker?: string;
  lookup?: { by?: unknown; value?: unknown };
  error?: { code: string; category: string; retryable: boolean; advice: string; source: { type: string } };
}

const TENANT = nodeOf(WORKER, 'ciam-tenant').id;
const FLOW = nodeOf(WORKER, 'tab').id;
const ASKER = example('09-ask-the-mqtt-workers.json');
/** So long that no test could pass by waiting for it. */
const RULES = { ASK_AGAIN_AFTER: 60, DEADLINE: 60 };

/** Asked and answered by HTTP: whoever asks holds a response that can be answered once only. */
const overHttp = (rules: object): FlowNode[] => [
  ...askerFlows(rules, 'test-outcome'),
  { id: 'test-http', type: 'http in', z: TAB, url: '/ask', method: 'post', wires: [['test-question']] },
  fn('test-question', TAB, 'const { by, value } = msg.payload; msg.by = by; msg.payload = value; return msg;', [[ASK]]),
  fn('test-outcome', TAB, 'const { payload, error, lookup, worker } = msg; msg.payload = { payload, error, lookup, worker }; return msg;', [['test-response']]),
  { id: 'test-response', type: 'http response', z: TAB },
  // As the account of an asker may publish, past example 09.
  { id: 'test-raw', type: 'http in', z: TAB, url: '/raw', method: 'post', wires: [['test-publish']] },
  fn('test-publish', TAB, 'const { payload } = msg; msg.payload = "sent"; return [payload, msg];', [[nodeOf(ASKER, 'mqtt out').id], ['test-response']]),
  { ...nodeOf(ASKER, 'mqtt in', 'an answer'), id: 'test-raw-in', topic: 'ciam/reply/asker/raw', wires: [['test-raw-debug']] },
  { id: 'test-raw-debug', type: 'debug', z: TAB, active: true, tosidebar: true, complete: 'payload', targetType: 'msg' },
];

const post = ({ url }: NodeRed, path: string, body: object): Promise<Response> =>
  fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

const ask = async (nodeRed: NodeRed, by: unknown, value: unknown): Promise<Outcome> => await (await post(nodeRed, 'ask', { by, value })).json() as Outcome;

describe('questions to the workers, one on Node-RED 4.1 and one on 5.0,', function () {
  this.timeout(90_000);
  let cluster: Cluster;
  let workers: [NodeRed, NodeRed];
  /** On 5.0; many questions at once. */
  let asker: Asker;
  /** On 4.1; one question at a time. */
  let single: NodeRed;

  before(async () => {
    cluster = await startCluster({ latencyMs: 50 });
    [workers, asker, single] = await Promise.all([
      cluster.workers(2) as Promise<[NodeRed, NodeRed]>, startAsker(5, cluster, 100), cluster.start(4, 'asker', overHttp(RULES)),
    ]);
  });
  after(() => cluster.stop());

  /** The broker gives questions in turn: of two each worker has one. */
  const askBoth = async (by: string, value: string): Promise<Outcome[]> => {
    const outcomes = [await ask(single, by, value), await ask(single, by, value)];
    expect(outcomes.map(({ worker }) => worker)).to.have.members(['worker-1', 'worker-2']);
    return outcomes;
  };

  it('come out as from a lookup node when the user is found', async () => {
    for (const { payload, error, lookup } of await askBoth('mobile', mobileOf(7))) {
      expect(payload).to.deep.include({ user_id: `id-${mobileOf(7)}`, user_name: 'user7' });
      expect(lookup).to.deep.include({ by: 'mobile', value: mobileOf(7), source: 'tenant' });
      expect(error).to.equal(undefined);
    }
    for (const { payload } of await askBoth('username', 'user8')) expect(payload).to.deep.include({ mobile: mobileOf(8) });
  });

  it('bring the failure of the lookup, and are not asked again', async () => {
    for (const { payload, error, lookup } of await askBoth('mobile', '13800000404')) {
      expect(payload).to.equal('IDAAS.TENANT.USER.0001');
      expect(error).to.deep.include({ code: 'IDAAS.TENANT.USER.0001', category: 'not-found', retryable: false });
      expect(error?.source).to.deep.include({ type: 'ciam-user' });
      expect(lookup).to.deep.include({ value: '13800000404', attempts: 1 });
    }
  });

  it('fail with CIAM.INPUT when there is no single value or no such mode', async () => {
    const questions: [unknown, unknown][] = [['mobile', undefined], ['mobile', [mobileOf(1), mobileOf(2)]], ['mobile', { a: 1 }], [undefined, mobileOf(1)], ['a/b', 'x'], ['#', 'x']];
    for (const [by, value] of questions) expect(await ask(single, by, value)).to.deep.include({ payload: 'CIAM.INPUT' });
  });

  /** One to each worker. */
  const publish = async (message: object): Promise<void> => {
    for (const each of [message, message]) await post(single, 'raw', { topic: 'ciam/lookup/mobile', ...each });
  };
  const expectUnhurt = async (): Promise<void> => {
    for (const { payload } of await askBoth('mobile', mobileOf(3))) expect(payload).to.deep.include({ user_id: `id-${mobileOf(3)}` });
    for (const worker of workers) expect(worker.log().match(/Connected to broker/g)).to.have.length(1);
  };

  for (const [what, responseTopic] of Object.entries({
    '300 levels': `ciam/reply/asker${'/a'.repeat(300)}`, 'a wildcard': 'ciam/reply/+', 'no end': `ciam/reply/asker/${'x'.repeat(3000)}`, 'the topic of questions': 'ciam/lookup/mobile',
  })) {
    it(`do not end a worker by a reply topic with ${what}`, async () => {
      await publish({ responseTopic, payload: JSON.stringify(mobileOf(1)) });
      await expectUnhurt();
    });
  }

  it('are answered when they are no JSON, or longer than any value', async () => {
    single.debug.length = 0;
    const payloads = ['{"half', 'plain text', '', JSON.stringify(mobileOf(1)) + ' '.repeat(2000)];
    for (const payload of payloads) await publish({ responseTopic: 'ciam/reply/asker/raw', payload });
    const answers = await single.until(() => (single.debug.length >= 2 * payloads.length ? single.debug.map(({ msg }) => msg as { result: unknown }) : undefined));
    for (const { result } of answers) expect(result).to.equal('CIAM.INPUT');
  });

  /** Resolves once it takes questions again. */
  const become = async (nodeRed: NodeRed, flows: FlowNode[]): Promise<void> => {
    nodeRed.status.clear();
    await nodeRed.deploy(flows);
    await connected(nodeRed, flows);
    await inShare(nodeRed);
  };
  const bothBecome = async (flows: FlowNode[]): Promise<void> => {
    await Promise.all(workers.map((one) => become(one, flows)));
  };
  /** Twenty answers a second, and room for so many questions more. */
  const slow = (queueLimit: number): FlowNode[] => withProperties(WORKER, TENANT, { concurrency: 1, queueLimit, queueTimeout: 60 });
  const statsOf = async ({ url }: NodeRed): Promise<Pick<Stats, 'lookups' | 'token'>> =>
    await (await fetch(`${url}ciam-tenant/${TENANT}/stats`)).json() as Stats;

  it('are asked again when the queue of each worker is full, until they are answered', async () => {
    await bothBecome(slow(1));
    const tally = await (await asker.ask(40)).until(40);
    expect(tally).to.deep.include({ right: 40, failed: {}, twice: 0 });
    expect(tally.workers).to.have.all.keys('worker-1', 'worker-2');
    const all = (await Promise.all(workers.map(statsOf))).map(({ lookups }) => lookups);
    expect(all.reduce((sum, { found }) => sum + found, 0)).to.equal(40);
    for (const { failed } of all) expect(failed, 'refused by the full queue').to.be.above(5);
  });

  it('fail with what the full worker said when the deadline comes first', async () => {
    // So slow that most have their deadline first, with time enough for a busy machine to say no to each.
    await bothBecome(withProperties(slow(1), TENANT, { rateLimit: 2 }));
    const tally = await (await asker.ask(60, { rules: { DEADLINE: 4 } })).until(60);
    expect(Object.keys(tally.failed)).to.deep.equal(['CIAM.QUEUE.FULL']);
    expect(tally.right).to.be.above(0);
    expect(tally).to.deep.include({ answered: 60, wrong: 0, twice: 0 });
  });

  it('are asked again at once when the tenant of each worker is deployed anew', async () => {
    await bothBecome(slow(100));
    const run = await asker.ask(64, { every: 16, rules: RULES });
    await run.until(16);
    await Promise.all(workers.map((worker) => worker.deploy(withProperties(WORKER, TENANT, { timeout: 3 }), 'nodes')));
    expect(await run.until(64, 40_000)).to.deep.include({ right: 64, failed: {}, twice: 0 });
  });

  it('have one outcome each, however often they are answered', async () => {
    const answer = nodeOf(WORKER, 'mqtt out').id;
    await bothBecome([...WORKER, { ...nodeOf(WORKER, 'mqtt out'), id: 'again' }].map((node) =>
      node['name'] === 'answer' ? { ...node, wires: [[answer, 'again'], (node['wires'] as string[][])[1]] } : node));
    expect(await (await asker.ask(100)).until(100)).to.deep.include({ right: 100, twice: 0 });
    // Every second answer to the first hundred has come by now: answers keep their order.
    expect(await (await asker.ask(100)).until(100)).to.deep.include({ answered: 100, right: 100, twice: 0 });
  });

  it('take nothing for an answer that holds neither a user nor a failure', async () => {
    const hollow = fn('hollow', FLOW, 'return [[{ topic: msg.topic, correlationData: msg.correlationData, payload: { lookup: {} } }, msg]];', [[nodeOf(WORKER, 'mqtt out').id]]);
    await bothBecome([...WORKER, hollow].map((node) =>
      node['name'] === 'answer' ? { ...node, wires: [['hollow'], (node['wires'] as string[][])[1]] } : node));
    expect(await (await asker.ask(100)).until(100)).to.deep.include({ right: 100, wrong: 0, failed: {}, twice: 0 });
  });

  it('do not reach a worker whose own question was not asked', async () => {
    const share = nodeOf(WORKER, 'function', 'in or out of the share').id;
    const flows = [
      ...WORKER,
      { id: 'told', type: 'http in', z: FLOW, url: '/told', method: 'post', wires: [['outcome']] },
      fn('outcome', FLOW, "return [{ topic: 'outcome', probe: true, category: msg.payload.category }, msg];", [[share], ['answered']]),
      { id: 'answered', type: 'http response', z: FLOW },
    ];
    const env = { CIAM_CLIENT_SECRET: 'wrong', CIAM_WORKER: 'sick' };
    const both = await Promise.all([cluster.start(4, 'worker', flows, env), cluster.start(5, 'worker', flows, env)]);
    await Promise.all(both.map(async (sick) => {
      await inShare(sick, false);
      for (const category of ['cancelled', 'overloaded']) {
        await post(sick, 'told', { category });
        expect(sick.status.get(share)).to.include({ fill: 'red' });
      }
      // The same by any answer of the tenant.
      await post(sick, 'told', { category: 'not-found' });
      await inShare(sick);
    })).finally(() => Promise.all(both.map((sick) => sick.stop())));
  });

  it('and their answers cannot be read by another account', async () => {
    const broker = nodeOf(WORKER, 'mqtt-broker');
    const spy = await cluster.start(4, 'stranger', [
      { id: 'tab', type: 'tab' }, broker,
      { id: 'in', type: 'mqtt in', z: 'tab', topic: '#', qos: '1', datatype: 'utf8', broker: broker.id, wires: [['debug']] },
      { id: 'debug', type: 'debug', z: 'tab', active: true, tosidebar: true, complete: 'topic', targetType: 'msg' },
    ]);
    expect(await (await asker.ask(100)).until(100)).to.deep.include({ right: 100 });
    expect(spy.debug).to.deep.equal([]);
  });

  it('keep to the rate that each worker is given, and to a token each', async () => {
    await bothBecome(withProperties(WORKER, TENANT, { rateLimit: 10 }));
    const tally = await (await asker.ask(60)).until(60);
    expect(tally).to.deep.include({ right: 60, failed: {} });
    expect(tally.ms, '30 questions each, 10 a second').to.be.above(2800);
    for (const one of workers) expect((await statsOf(one)).token.renewals).to.equal(0);
  });

  it('do not end an asker by a msg.by that is very long, nor by a value that is', async () => {
    await asker.nodeRed.deploy(overHttp(RULES));
    for (const nodeRed of [single, asker.nodeRed]) {
      expect((await ask(nodeRed, 'x'.repeat(70_000), '1')).payload).to.equal('CIAM.INPUT');
      expect((await ask(nodeRed, 'mobile', 'x'.repeat(70_000))).payload).to.equal('CIAM.INPUT');
      expect((await ask(nodeRed, 'mobile', mobileOf(3))).payload).to.deep.include({ user_id: `id-${mobileOf(3)}` });
      expect(isAlive(nodeRed.pid)).to.equal(true);
    }
  });

  it('fail with ASK.TIMEOUT when nobody answers', async () => {
    await cluster.workers(0);
    await Promise.all([single, asker.nodeRed].map(async (nodeRed) => {
      await nodeRed.deploy(overHttp({ DEADLINE: 1 }));
      const { payload, error, lookup } = await ask(nodeRed, 'mobile', mobileOf(1));
      expect(payload).to.equal('ASK.TIMEOUT');
      expect(error).to.deep.include({ code: 'ASK.TIMEOUT', category: 'timeout', retryable: true, advice: 'Check that the broker and at least one worker are running.' });
      expect(lookup).to.deep.equal({ by: 'mobile', value: mobileOf(1) });
    }));
  });
});
