/** A message leaves in the asynchronous context in which it came: traces and request ids depend on it. */
import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { join } from 'node:path';
import { expect } from 'chai';
import { client as loadClient } from '../../nodes/shared/client';
import { valueReader } from '../../nodes/ciam-user/value';
import type { ScriptedTenant } from '../support/servers';
import { root } from '../support/versions';
import { deployWith, node, startServer, tearDown } from './support';

describe('ciam-user, asynchronous context', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(tearDown);

  const context = new AsyncLocalStorage<number>();
  const COUNT = 6;

  /** What each message's context was when it left. */
  const contextsOf = async (properties: object, tenant: object, payloadOf: (index: number) => unknown): Promise<Map<number, number | undefined>> => {
    const flow = await deployWith(server, { user: { by: 'username', ...properties }, tenant });
    flow.user.context().flow.set('name', 'from the flow');
    const seen = new Map<number, number | undefined>();
    const own = node('user') as unknown as { send: (message: unknown) => void };
    const send = own.send.bind(own);
    own.send = (message) => {
      const { index } = (Array.isArray(message) ? message.find(Boolean) : message) as { index: number };
      seen.set(index, context.getStore());
      send(message);
    };
    const sent = Array.from({ length: COUNT }, (_, index) => context.run(index, () => flow.sendList({ payload: payloadOf(index), index })));
    await Promise.all(sent);
    return seen;
  };
  const own = new Map(Array.from({ length: COUNT }, (_, index) => [index, index]));

  it('is kept by single lookups, over one connection', async () => {
    expect(await contextsOf({}, { concurrency: 1 }, (index) => `user ${index}`)).to.deep.equal(own);
  });

  it('is kept by messages that share a call', async () => {
    expect(await contextsOf({}, {}, () => 'the same')).to.deep.equal(own);
    expect(server.lookups).to.have.length(1);
  });

  it('is kept by lists', async () => {
    expect(await contextsOf({}, { concurrency: 1 }, (index) => [`user ${index}`, 'the same'])).to.deep.equal(own);
  });

  it('is kept where the value takes its time: flow context and JSONata', async () => {
    expect(await contextsOf({ value: 'name', valueType: 'flow' }, { concurrency: 1 }, () => '')).to.deep.equal(own);
    await tearDown();
    server = await startServer();
    expect(await contextsOf({ value: 'payload & "x"', valueType: 'jsonata' }, { concurrency: 1 }, (index) => `user ${index}`)).to.deep.equal(own);
  });

  it('is kept by a context store that calls back from elsewhere', () => {
    const callbacks: (() => void)[] = [];
    const red = { util: { evaluateNodeProperty: (_value: string, _type: string, _node: unknown, _message: unknown, callback: (error: null, value: unknown) => void) => void callbacks.push(() => callback(null, 'x')) } };
    const read = valueReader(red as never, {} as never, { id: '', value: 'name', valueType: 'global' });
    const stores: (number | undefined)[] = [];
    context.run(7, () => read({}, () => void stores.push(context.getStore())));
    for (const call of callbacks) call();
    expect(stores).to.deep.equal([7]);
  });

  it('of a deployment is not that of the client, which is loaded then and outlives it', () => {
    const ids = Object.keys(require.cache).filter((id) => id.startsWith(join(root, 'src')));
    const loaded = ids.map((id) => [id, require.cache[id]] as const);
    for (const id of ids) Reflect.deleteProperty(require.cache, id);
    const made: (number | undefined)[] = [];
    const hook = createHook({ init: (_id, type) => {
      if (type === 'CiamTenant') made.push(context.getStore());
    } }).enable();
    try {
      context.run(7, () => loadClient());
    } finally {
      hook.disable();
      for (const [id, module] of loaded) require.cache[id] = module;
    }
    expect(made).to.deep.equal([undefined]);
  });
});
