/** Closing the nodes, as every redeploy does: each message has its outcome, and nothing stays open. */
import type { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { found, type ScriptedTenant, silent } from '../support/servers';
import { linkTenant } from '../../nodes/shared/tenant-link';
import type { Red } from '../../nodes/shared/red';
import { type Arrival, deploy, deployWith, helper, type Message, node, startServer, tearDown } from './support';

/** Of the Node-RED in which the nodes run. */
const { events } = require('@node-red/util') as { events: EventEmitter };

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const open = (kind: string): number => process.getActiveResourcesInfo().filter((name) => name === kind).length;
const WARN = 30;
const told = (): string[] => helper.log().args.filter(([{ level, id }]) => level === WARN && id === 'user').map(([{ msg }]) => String(msg));
const codes = (arrivals: Arrival[]): unknown[] => arrivals.map(({ message }) => (message.error as { code?: string } | undefined)?.code ?? 'found');
const closed = (count: number): string[] => Array.from({ length: count }, () => 'CIAM.CLOSED');

describe('closing', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
    server.onLookup = silent;
  });
  afterEach(tearDown);

  for (const which of ['tenant', 'user'] as const) {
    it(`the ${which} node ends what is in flight and what is waiting, and done is called for each`, async () => {
      const flow = await deployWith(server, { tenant: { concurrency: 4 } });
      const lookups = Array.from({ length: 20 }, (_, index) => flow.send({ payload: String(index) }));
      await server.until(() => server.lookups.length === 4);
      const start = performance.now();
      await node(which).close();
      const arrivals = await Promise.all(lookups);
      expect(performance.now() - start).to.be.below(1000);
      expect(codes(arrivals)).to.deep.equal(closed(20));
      expect(arrivals[0]?.message.error).to.include({ category: 'cancelled', retryable: true });
      await server.until(() => server.lookups.every(({ socket }) => socket.destroyed));
      expect(server.lookups).to.have.length(4);
      // Of those that were waiting, none has begun meanwhile.
      const attempts = arrivals.map(({ message }) => (message.lookup as { attempts: number }).attempts);
      expect(attempts).to.deep.equal(attempts.map((_, index) => (index < 4 ? 1 : 0)));
    });
  }

  it('the lookup node tells how many messages it ended, and of whom nothing', async () => {
    const flow = await deployWith(server);
    const lookups = [flow.send({ payload: '13800001111' }), flow.send({ payload: '13800001112' }), flow.sendList({ payload: ['13800001113'] })];
    await server.until(() => server.lookups.length === 3);
    await node('user').close();
    await Promise.all(lookups);
    expect(told()).to.deep.equal(['Lookups ended because the flow was redeployed or stopped: 3 (CIAM.CLOSED).']);
  });

  it('tells nothing when nothing was under way', async () => {
    server.onLookup = found;
    const flow = await deployWith(server);
    await flow.send({ payload: '13800001111' });
    await node('user').close();
    expect(told()).to.be.empty;
  });

  it('in the middle of a burst leaves no message without an outcome', async () => {
    server.onLookup = found;
    const flow = await deployWith(server, { tenant: { concurrency: 4 } });
    const lookups: Promise<Arrival>[] = [];
    let bursting = true;
    const burst = (): void => {
      // To whom the runtime takes the listeners away, nothing can be delivered any more.
      if (!bursting) return;
      for (let message = 0; message < 5; message++) lookups.push(flow.send({ payload: String(lookups.length) }));
      setImmediate(burst);
    };
    burst();
    await server.until(() => server.lookups.length > 20);
    await Promise.all(['user', 'tenant'].map((id) => node(id).close().finally(() => {
      bursting = false;
    })));
    const outcomes = codes(await Promise.all(lookups));
    const ended = outcomes.filter((code) => code === 'CIAM.CLOSED').length;
    expect(ended).to.be.above(0);
    expect(outcomes.filter((code) => code === 'found')).to.have.length(outcomes.length - ended);
    expect(told()).to.deep.equal([`Lookups ended because the flow was redeployed or stopped: ${ended} (CIAM.CLOSED).`]);
  });

  it('ends what comes to a lookup node whose tenant has gone', async () => {
    const flow = await deployWith(server);
    await node('tenant').close();
    expect(codes([await flow.send({ payload: '13800001111' })])).to.deep.equal(closed(1));
    const { failed } = await flow.sendList({ payload: ['13800001111'] });
    expect(failed?.payload).to.have.nested.property('[0].error.code', 'CIAM.CLOSED');
    expect(server.connections).to.equal(0);
  });

  it('ends a message whose value is still being read', async () => {
    const flow = await deployWith(server, { user: { value: 'payload & $flowContext("suffix")', valueType: 'jsonata' } });
    const lookup = flow.send({ payload: '1380000' });
    await node('user').close();
    expect(codes([await lookup])).to.deep.equal(closed(1));
    expect(told()).to.deep.equal(['Lookups ended because the flow was redeployed or stopped: 1 (CIAM.CLOSED).']);
    expect(server.connections).to.equal(0);
  });

  it('ends the link to the tenant for good: what comes later finds the one that was there, and warms up no other', async () => {
    await deployWith(server);
    const first = node('tenant');
    const link = linkTenant({ nodes: { getNode: (id: string) => helper.getNode(id) }, events } as unknown as Red, 'tenant', { changed: () => undefined, started: () => undefined });
    const { tenant } = link;
    link.close();
    await first.close();
    await helper.unload();
    await deployWith(server);
    expect(node('tenant')).to.not.equal(first);
    expect(link.tenant).to.equal(tenant);
  });

  it('one lookup node leaves those of the others alone', async () => {
    const held: (() => void)[] = [];
    server.onLookup = (seen, response) => void held.push(() => found(seen, response));
    const flow = await deployWith(server, { more: [{ id: 'other', type: 'ciam-user', z: 'tab', x: 0, y: 0, tenant: 'tenant', wires: [['found'], ['failed']] }] });
    const mine = flow.send({ payload: 'shared' });
    const arrived = new Promise<Message>((resolve) => flow.on('found', resolve));
    node('other').receive({ payload: 'shared', topic: 'other' });
    await server.until(() => held.length === 1);
    await node('user').close();
    expect(codes([await mine])).to.deep.equal(closed(1));
    for (const give of held) give();
    expect(await arrived).to.have.property('topic', 'other');
    expect(server.lookups).to.have.length(1);
  });

  it('leaves no server of the demo tenant, no socket and no timer', async () => {
    await server.close();
    await turn();
    const before = { servers: open('TCPServerWrap'), sockets: open('TCPSocketWrap'), timers: open('Timeout') };
    const flow = await deploy({ tenant: { demo: true }, credentials: {} });
    await flow.send({ payload: '13800001111' });
    const slow = flow.send({ payload: '13800000408' });
    const later = flow.send({ payload: '13800000429' });
    expect(open('TCPServerWrap')).to.equal(before.servers + 1);
    await Promise.all([node('user').close(), node('tenant').close()]);
    expect(codes(await Promise.all([slow, later]))).to.deep.equal(closed(2));
    await turn();
    expect({ servers: open('TCPServerWrap'), sockets: open('TCPSocketWrap'), timers: open('Timeout') }).to.deep.equal(before);
  });

  it('ends a demo tenant that has hardly begun', async () => {
    const flow = await deploy({ tenant: { demo: true }, credentials: {} });
    const lookup = flow.send({ payload: '13800001111' });
    await Promise.all([node('user').close(), node('tenant').close()]);
    expect(codes([await lookup])).to.deep.equal(closed(1));
  });

  it('a second time does no harm', async () => {
    await deployWith(server);
    await node('tenant').close();
    await node('tenant').close();
    await node('user').close();
    await node('user').close();
  });

  it('leaves no listener of the runtime\'s events, and has one however many nodes there are', async () => {
    const listeners = (): number => events.listenerCount('flows:started');
    const before = listeners();
    const more = Array.from({ length: 12 }, (_, index) => ({ id: `more${index}`, type: 'ciam-user', z: 'tab', x: 0, y: 0, tenant: 'tenant', wires: [[], []] }));
    await deployWith(server, { more });
    expect(listeners()).to.equal(before + 1);
    await helper.unload();
    expect(listeners()).to.equal(before);
  });
});
