/** A list in one message. */
import { answersOf } from '../../nodes/ciam-user/answer';
import { answerOptions } from '../../nodes/ciam-user/options';
import type { Red } from '../../nodes/shared/red';
import { inputFailure, type NodeTenant } from '../../src/node-api';
import { translator } from '../support/catalogue';
import { expect } from 'chai';
import { answer, found, notFound, type ScriptedTenant, silent } from '../support/servers';
import { deployWith, helper, type Message, node, startServer, tearDown } from './support';

describe('ciam-user, lists', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
    server.onLookup = (seen, response) => (seen.value.startsWith('no') ? notFound : found)(seen, response);
  });
  afterEach(tearDown);

  const user = { by: 'username' };
  const notFoundError = {
    code: 'IDAAS.TENANT.USER.0001', message: 'The tenant does not know this user (IDAAS.TENANT.USER.0001).', detail: 'User not found', category: 'not-found', status: 400, retryable: false,
    advice: 'Check that this user exists in the tenant, in the form the tenant stores it.',
    source: { id: 'user', type: 'ciam-user', name: 'lookup' },
  };

  it('gives those found out of the first output and the rest out of the second, each with its place', async () => {
    const flow = await deployWith(server, { user });
    const out = await flow.sendList({ payload: ['anna', 'nobody', ' ben ', '', 'anna'], topic: 'kept' });
    expect(out).to.have.all.keys('found', 'failed', 'completed');
    const userOf = (name: string) => ({ user_id: `id of ${name}`, name: '张三', extension: { age: '28' } });
    expect(out.found?.payload).to.deep.equal([
      { index: 0, value: 'anna', user: userOf('anna') }, { index: 2, value: 'ben', user: userOf('ben') }, { index: 4, value: 'anna', user: userOf('anna') },
    ]);
    const failures = out.failed?.payload as { index: number; value: string | null; error: { code: string } }[];
    expect(failures.map(({ index, value, error: { code } }) => [index, value, code])).to.deep.equal([[1, 'nobody', 'IDAAS.TENANT.USER.0001'], [3, null, 'CIAM.INPUT']]);
    expect(failures[0]?.error).to.deep.equal(notFoundError);
    for (const message of [out.found, out.failed]) {
      expect(message?.topic).to.equal('kept');
      expect(message?.lookup).to.include({ by: 'username', tenant: `127.0.0.1:${server.port}`, total: 5, found: 3, failed: 2 })
        .and.to.have.property('durationMs').that.is.a('number');
      expect(message).to.not.have.property('error');
    }
    expect(server.lookups.map(({ value }) => value).sort()).to.deep.equal(['anna', 'ben', 'nobody']);
  });

  it('gives two messages that share nothing', async () => {
    const flow = await deployWith(server, { user });
    const { found: first, failed: second } = await flow.sendList({ payload: ['anna', 'nobody'], nested: { kept: true } });
    expect(first?.nested).to.deep.equal(second?.nested);
    expect(first?.nested).to.not.equal(second?.nested);
    expect(first?.lookup).to.not.equal(second?.lookup);
  });

  it('gives an object of its own for every place', async () => {
    const flow = await deployWith(server, { user });
    const { found: out } = await flow.sendList({ payload: ['anna', 'anna', 'ANNA'] });
    const users = (out?.payload as { user: object }[]).map((item) => item.user);
    expect(new Set(users).size).to.equal(3);
    expect(server.lookups).to.have.length(1);
  });

  it('sends nothing out of an output that has nothing', async () => {
    const flow = await deployWith(server, { user });
    expect(await flow.sendList({ payload: ['anna'] })).to.have.all.keys('found', 'completed');
    expect(await flow.sendList({ payload: ['nobody'] })).to.have.all.keys('failed', 'completed');
  });

  it('answers an empty list with an empty list', async () => {
    const flow = await deployWith(server, { user });
    const out = await flow.sendList({ payload: [] });
    expect(out).to.have.all.keys('found', 'completed');
    expect(out.found?.payload).to.deep.equal([]);
    expect(out.found?.lookup).to.include({ total: 0, found: 0, failed: 0 });
  });

  it('gives failures to Catch nodes as one error', async () => {
    const flow = await deployWith(server, { user: { ...user, onFailure: 'catch', wires: [['found']] } });
    const out = await flow.sendList({ payload: ['anna', 'nobody'] });
    expect(out).to.have.all.keys('found', 'caught');
    expect(out.found?.payload).to.have.length(1);
    expect(out.caught?.error).to.include({ code: 'CIAM.LIST' }).and.to.have.property('message').that.includes('1 of 2');
    expect(out.caught?.payload).to.deep.equal([{ index: 1, value: 'nobody', error: notFoundError }]);
    expect(out.caught?.lookup).to.include({ total: 2, found: 1, failed: 1 });
    expect(await flow.sendList({ payload: ['nobody'] })).to.have.all.keys('caught');
    expect(await flow.sendList({ payload: ['anna'] })).to.have.all.keys('found', 'completed');
    expect(await flow.sendList({ payload: [] })).to.have.all.keys('found', 'completed');
  });

  it('gives Catch nodes equal failures as one object, which the runtime copies once; the second output gets one for each item', async () => {
    const errorsOf = (out: Partial<Record<'caught' | 'failed', Message>>): unknown[] => ((out.caught ?? out.failed)?.payload as { error: unknown }[]).map(({ error }) => error);
    const payload = ['', 'nobody', null, '', 'noone'];
    for (const parts of [{ onFailure: 'catch' }, { wires: [['found'], []] }]) {
      const flow = await deployWith(server, { user: { ...user, ...parts } });
      const caught = errorsOf(await flow.sendList({ payload }));
      expect(new Set(caught).size).to.equal(3);
      expect(caught[1]).to.deep.equal(notFoundError);
      await helper.unload();
    }
    const errors = errorsOf(await (await deployWith(server, { user })).sendList({ payload }));
    expect(new Set(errors).size).to.equal(5);
    expect(errors[1]).to.deep.equal(notFoundError);
  });

  it('tells each item by what it was looked up when messages say so', async () => {
    const flow = await deployWith(server, { user: { by: 'msg' } });
    const { found: out } = await flow.sendList({ payload: ['anna'], by: 'username' });
    expect(out?.lookup).to.include({ by: 'username' });
    const { failed } = await flow.sendList({ payload: ['anna', 'ben'], by: 'nothing' });
    expect((failed?.payload as { error: { code: string } }[]).map(({ error }) => error.code)).to.deep.equal(['CIAM.INPUT', 'CIAM.INPUT']);
  });

  it('takes a list of lists for what it is: items that cannot be looked up', async () => {
    const flow = await deployWith(server, { user });
    const { failed } = await flow.sendList({ payload: [['anna'], { name: 'anna' }, null, undefined] });
    expect((failed?.payload as { error: { code: string } }[]).map(({ error }) => error.code)).to.deep.equal(Array.from({ length: 4 }, () => 'CIAM.INPUT'));
  });

  it('never overflows the queue by itself, and leaves other messages their turn', async () => {
    const flow = await deployWith(server, { user, tenant: { concurrency: 2, queueLimit: 2 } });
    let listEnded = false;
    const list = flow.sendList({ payload: Array.from({ length: 300 }, (_, index) => `item ${index}`) }).finally(() => {
      listEnded = true;
    });
    await server.until(() => server.lookups.length > 5);
    const { port, message } = await flow.send({ payload: 'between' });
    expect(listEnded).to.equal(false);
    if (port === 'failed') expect(message.payload).to.equal('CIAM.QUEUE.FULL');
    const { found: out } = await list;
    expect(out?.payload).to.have.length(300);
  });

  it('of very many items is made ready part by part, and others get their turns meanwhile', async () => {
    const red = { _: translator('zh-CN') } as Red;
    const places = Array.from({ length: 3000 }, (_, index) => index);
    const found = places.map((index) => ({ index, value: 'x', user: { user_id: String(index) } }));
    const failed = places.map((index) => ({ index, value: null, error: inputFailure('empty') }));
    const lookup = { by: 'mobile', tenant: 'x', total: places.length, found: 0, failed: 0, durationMs: 0 };
    for (const list of ['split', 'together']) {
      const answers = answersOf(red, answerOptions(red, { id: 'user', list }), { id: 'user', type: 'ciam-user', name: '' });
      let turns = 0;
      const count = (): void => {
        turns++;
        timer = setImmediate(count);
      };
      let timer = setImmediate(count);
      await answers.list({ found, failed, lookup, attempts: 0 }, [], { timezone: '+08:00' } as NodeTenant, new AbortController().signal);
      clearImmediate(timer);
      expect(turns, list).to.be.at.least(5);
    }
  });

  it('ends at once when its node is redeployed, whatever its length', async () => {
    server.onLookup = silent;
    const flow = await deployWith(server, { user, tenant: { concurrency: 2, queueLimit: 1 } });
    const arrived = new Promise<Message>((resolve) => flow.on('failed', resolve));
    const list = flow.sendList({ payload: Array.from({ length: 2000 }, (_, index) => `item ${index}`) });
    await server.until(() => server.lookups.length === 2);
    const start = performance.now();
    await node('user').close();
    const { payload, lookup } = await arrived;
    expect(performance.now() - start, 'long before the timeout of 10 s').to.be.below(5000);
    expect(payload).to.have.length(2000);
    expect((payload as { error: { code: string } }[]).every(({ error }) => error.code === 'CIAM.CLOSED')).to.equal(true);
    expect(lookup).to.include({ total: 2000, failed: 2000 });
    await list;
  });

  it('may be one of many at the same time', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on('warning', listen);
    try {
      const flow = await deployWith(server, { user });
      const lists = await Promise.all(Array.from({ length: 25 }, (_, index) => flow.sendList({ payload: [`item ${index}`] })));
      expect(lists.every(({ found: out }) => Array.isArray(out?.payload))).to.equal(true);
      await new Promise((resolve) => setImmediate(resolve));
      expect(warnings).to.be.empty;
    } finally {
      process.off('warning', listen);
    }
  });

  it('tells an outage item by item', async () => {
    server.onLookup = answer(503, '');
    const flow = await deployWith(server, { user, tenant: { retries: 0, timeout: 2 } });
    const { failed } = await flow.sendList({ payload: Array.from({ length: 50 }, (_, index) => `item ${index}`) });
    const codes = (failed?.payload as { error: { code: string } }[]).map(({ error }) => error.code);
    expect(codes).to.have.length(50);
    expect(codes.filter((code) => code !== 'CIAM.HTTP.503' && code !== 'CIAM.CIRCUIT')).to.deep.equal([]);
  });
});
