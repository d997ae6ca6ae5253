import { expect } from 'chai';
import type { Stats } from '../../src/node-api';
import { nodeOf } from '../support/examples';
import { type FlowNode, MAJORS, type NodeRed } from '../support/runtime';
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

/** Asked and answered by HTTP: whoever asks holds a response that can be answered once only. */
const overHttp = (rules: object): FlowNode[] => [
  ...askerFlows(rules, 'test-outcome'),
  { id: 'test-http', type: 'http in', z: TAB, url: '/ask', method: 'post', wires: [['test-question']] },
  fn('test-question', TAB, 'const { by, value } = msg.payload; msg.by = by; msg.payload = value; return msg;', [[ASK]]),
  fn('test-outcome', TAB, 'const { payload, error, lookup, worker } = msg; msg.payload = { payload, error, lookup, worker }; return msg;', [['test-response']]),
  { id: 'test-response', type: 'http response', z: TAB },
];

const post = ({ url }: NodeRed, path: string, body: object): Promise<Response> =>
  fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

const ask = async (nodeRed: NodeRed, by: unknown, value: unknown): Promise<Outcome> => await (await post(nodeRed, 'ask', { by, value })).json() as Outcome;

for (const major of MAJORS) {
  describe(`a question to the workers, on Node-RED ${major}`, function () {
    this.timeout(90_000);
    let cluster: Cluster;
    let nodeRed: NodeRed;

    before(async () => {
      cluster = await startCluster({ major });
      await cluster.workers(1);
      nodeRed = await cluster.start('asker', overHttp({ DEADLINE: 20 }));
    });
    after(() => cluster.stop());

    it('comes out as from a lookup node when the user is found', async () => {
      const { payload, error, lookup, worker } = await ask(nodeRed, 'mobile', mobileOf(7));
      expect(payload).to.deep.include({ user_id: `id-${mobileOf(7)}`, user_name: 'user7' });
      expect(lookup).to.deep.include({ by: 'mobile', value: mobileOf(7), source: 'tenant' });
      expect(error).to.equal(undefined);
      expect(worker).to.equal('worker-1');
      expect((await ask(nodeRed, 'username', 'user8')).payload).to.deep.include({ mobile: mobileOf(8) });
    });

    it('brings the failure of the lookup, and is not asked again', async () => {
      const { payload, error, lookup } = await ask(nodeRed, 'mobile', '13800000404');
      expect(payload).to.equal('IDAAS.TENANT.USER.0001');
      expect(error).to.deep.include({ code: 'IDAAS.TENANT.USER.0001', category: 'not-found', retryable: false });
      expect(error?.source).to.deep.include({ type: 'ciam-user' });
      expect(lookup).to.deep.include({ value: '13800000404', attempts: 1 });
    });

    it('fails with CIAM.INPUT when there is no single value or no such mode', async () => {
      const questions: [unknown, unknown][] = [['mobile', undefined], ['mobile', [mobileOf(1), mobileOf(2)]], ['mobile', { a: 1 }], [undefined, mobileOf(1)], ['a/b', 'x'], ['#', 'x']];
      for (const [by, value] of questions) expect(await ask(nodeRed, by, value)).to.deep.include({ payload: 'CIAM.INPUT' });
    });
  });
}

describe('questions to the workers', function () {
  this.timeout(90_000);
  let cluster: Cluster;
  let worker: NodeRed;
  let asker: Asker;

  before(async () => {
    cluster = await startCluster({ latencyMs: 50 });
    [worker] = await cluster.workers(1) as [NodeRed];
    asker = await startAsker(cluster, 100);
  });
  after(() => cluster.stop());

  /** Resolves once it takes questions again. */
  const become = async (nodeRed: NodeRed, flows: FlowNode[]): Promise<void> => {
    nodeRed.status.clear();
    await nodeRed.deploy(flows);
    await connected(nodeRed, flows);
    await inShare(nodeRed);
  };
  /** Twenty answers a second, and room for so many questions more. */
  const slow = (queueLimit: number): FlowNode[] => withProperties(WORKER, TENANT, { concurrency: 1, queueLimit, queueTimeout: 60 });
  const statsOf = async ({ url }: NodeRed): Promise<Pick<Stats, 'lookups' | 'token'>> =>
    await (await fetch(`${url}ciam-tenant/${TENANT}/stats`)).json() as Stats;

  it('are asked again when the queue of the worker is full, until they are answered', async () => {
    await become(worker, slow(1));
    const tally = await (await asker.ask(40)).until(40);
    expect(tally).to.deep.include({ right: 40, failed: {}, twice: 0 });
    const { lookups } = await statsOf(worker);
    expect(lookups.found).to.equal(40);
    expect(lookups.failed, 'refused by the full queue').to.be.above(10);
  });

  it('fail with what the full worker said when the deadline comes first', async () => {
    await become(worker, slow(1));
    const tally = await (await asker.ask(90, { rules: { DEADLINE: 3 } })).until(90);
    expect(Object.keys(tally.failed)).to.deep.equal(['CIAM.QUEUE.FULL']);
    expect(tally.right).to.be.above(0);
    expect(tally).to.deep.include({ answered: 90, wrong: 0, twice: 0 });
  });

  it('are asked again at once when the tenant of the worker is deployed anew', async () => {
    await become(worker, slow(100));
    const run = await asker.ask(64, { every: 16, rules: { ASK_AGAIN_AFTER: 60, DEADLINE: 90 } });
    await run.until(16);
    await worker.deploy(withProperties(WORKER, TENANT, { timeout: 3 }), 'nodes');
    expect(await run.until(64, 40_000)).to.deep.include({ right: 64, failed: {}, twice: 0 });
  });

  it('have one outcome each, however often they are answered', async () => {
    const answer = nodeOf(WORKER, 'mqtt out').id;
    await become(worker, [...WORKER, { ...nodeOf(WORKER, 'mqtt out'), id: 'again' }].map((node) =>
      node['name'] === 'answer' ? { ...node, wires: [[answer, 'again'], (node['wires'] as string[][])[1]] } : node));
    expect(await (await asker.ask(100)).until(100)).to.deep.include({ right: 100, twice: 0 });
    // Every second answer to the first hundred has come by now: answers keep their order.
    expect(await (await asker.ask(100)).until(100)).to.deep.include({ answered: 100, right: 100, twice: 0 });
  });

  it('take nothing for an answer that holds neither a user nor a failure', async () => {
    const hollow = fn('hollow', FLOW, 'return [[{ topic: msg.topic, correlationData: msg.correlationData, payload: { lookup: {} } }, msg]];', [[nodeOf(WORKER, 'mqtt out').id]]);
    await become(worker, [...WORKER, hollow].map((node) =>
      node['name'] === 'answer' ? { ...node, wires: [['hollow'], (node['wires'] as string[][])[1]] } : node));
    expect(await (await asker.ask(100)).until(100)).to.deep.include({ right: 100, wrong: 0, failed: {}, twice: 0 });
  });

  it('do not reach a worker whose own question was not asked', async () => {
    const share = nodeOf(WORKER, 'function', 'in or out of the share').id;
    const sick = await cluster.start('worker', [
      ...WORKER,
      { id: 'told', type: 'http in', z: FLOW, url: '/told', method: 'post', wires: [['outcome']] },
      fn('outcome', FLOW, "return [{ topic: 'outcome', probe: true, category: msg.payload.category }, msg];", [[share], ['answered']]),
      { id: 'answered', type: 'http response', z: FLOW },
    ], { CIAM_CLIENT_SECRET: 'wrong', CIAM_WORKER: 'sick' });
    try {
      await inShare(sick, false);
      for (const category of ['cancelled', 'overloaded']) {
        await post(sick, 'told', { category });
        expect(sick.status.get(share)).to.include({ fill: 'red' });
      }
      // The same by any answer of the tenant.
      await post(sick, 'told', { category: 'not-found' });
      await inShare(sick);
    } finally {
      await sick.stop();
    }
  });

  it('and their answers cannot be read by another account', async () => {
    const broker = nodeOf(WORKER, 'mqtt-broker');
    const spy = await cluster.start('stranger', [
      { id: 'tab', type: 'tab' }, broker,
      { id: 'in', type: 'mqtt in', z: 'tab', topic: '#', qos: '1', datatype: 'utf8', broker: broker.id, wires: [['debug']] },
      { id: 'debug', type: 'debug', z: 'tab', active: true, tosidebar: true, complete: 'topic', targetType: 'msg' },
    ]);
    expect(await (await asker.ask(100)).until(100)).to.deep.include({ right: 100 });
    expect(spy.debug).to.deep.equal([]);
  });

  it('keep to the rate that each worker is given, and to a token each', async () => {
    const workers = await cluster.workers(2);
    const limited = withProperties(WORKER, TENANT, { rateLimit: 10 });
    await Promise.all(workers.map((one) => become(one, limited)));
    const tally = await (await asker.ask(60)).until(60);
    expect(tally).to.deep.include({ right: 60, failed: {} });
    expect(tally.ms, '30 questions each, 10 a second').to.be.above(2800);
    for (const one of workers) expect((await statsOf(one)).token.renewals).to.equal(0);
  });

  it('fail with ASK.TIMEOUT when nobody answers', async () => {
    await cluster.workers(0);
    const nodeRed = asker.nodeRed;
    await nodeRed.deploy(overHttp({ DEADLINE: 1 }));
    const { payload, error, lookup } = await ask(nodeRed, 'mobile', mobileOf(1));
    expect(payload).to.equal('ASK.TIMEOUT');
    expect(error).to.deep.include({ code: 'ASK.TIMEOUT', category: 'timeout', retryable: true, advice: 'Check that the broker and at least one worker are running.' });
    expect(lookup).to.deep.equal({ by: 'mobile', value: mobileOf(1) });
  });
});
