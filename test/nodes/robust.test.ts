/** Messages that cannot be copied, written or read: one outcome each, and no harm to their neighbours. */
import { expect } from 'chai';
import { found, notFound, type ScriptedTenant } from '../support/servers';
import { deployWith, type Flow, helper, LEVELS, logOf, type Message, node, startServer, tearDown } from './support';

/** Node-RED cannot copy such an array. */
class Rows extends Array<string> {
  constructor({ name }: { name: string }) {
    super(name);
  }
}
const rows = (): Rows => new Rows({ name: 'rows' });

describe('ciam-user, messages that cannot be handled', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
    server.onLookup = (seen, response) => (seen.value.endsWith('0404') ? notFound : found)(seen, response);
  });
  afterEach(tearDown);

  /** Sends the message as it is, without the helper's mark, and waits for one of the ports. */
  const arrival = (flow: Flow, port: 'found' | 'failed' | 'caught', message: object): Promise<Message> => {
    const arrived = new Promise<Message>((resolve) => flow.on(port, resolve));
    flow.user.receive(message);
    return arrived;
  };

  it('a list with both outcomes and a Catch node is answered twice, and the process lives', async () => {
    const flow = await deployWith(server);
    const first = new Promise<Message>((resolve) => flow.on('found', resolve));
    const second = await arrival(flow, 'failed', { payload: ['13800001111', '13800000404'], rows: rows() });
    expect((await first).payload).to.have.length(1);
    expect(second.payload).to.have.length(1);
  });

  it('with a Catch node the failure is caught, without what cannot be copied, and logged as a warning', async () => {
    const flow = await deployWith(server, { user: { onFailure: 'catch', wires: [['found']] } });
    const caught = await arrival(flow, 'caught', { payload: '13800000404', topic: 'kept', rows: rows() });
    expect(caught).to.include({ topic: 'kept', payload: 'IDAAS.TENANT.USER.0001' }).and.to.not.have.property('rows');
    expect(caught.error).to.include({ code: 'IDAAS.TENANT.USER.0001' });
    const warned = logOf('user').filter(({ level }) => level === LEVELS.warn).map(({ text }) => text);
    expect(warned).to.have.length(1);
    expect(warned[0]).to.match(/^IDAAS\.TENANT\.USER\.0001: /).and.to.not.include('13800000404');
  });

  it('harm no message that shares their call', async () => {
    const answers = server.hold();
    const flow = await deployWith(server, { user: { onFailure: 'catch', wires: [['found']] } });
    const bad = arrival(flow, 'caught', { payload: '13800000404', rows: rows() });
    const neighbours = Array.from({ length: 4 }, () => flow.send({ payload: '13800000404' }));
    await server.until(() => answers.length === 1);
    answers[0]?.(notFound);
    expect((await Promise.all(neighbours)).map(({ port }) => port)).to.deep.equal(['caught', 'caught', 'caught', 'caught']);
    expect((await bad).error).to.include({ code: 'IDAAS.TENANT.USER.0001' });
    expect(server.lookups).to.have.length(1);
  });

  it('go to the first of two wires, and keep what an HTTP response needs', async () => {
    const flow = await deployWith(server, { user: { wires: [['found', 'complete-it'], ['failed']] }, more: [{ id: 'complete-it', type: 'helper', z: 'tab', x: 0, y: 0, wires: [] }] });
    const res = { send: () => undefined };
    const out = await arrival(flow, 'found', { payload: '13800001111', rows: rows(), req: {}, res });
    expect(out.payload).to.include({ user_id: 'id of 13800001111' });
    expect(out.res).to.equal(res);
    expect(logOf('user').filter(({ level }) => level === LEVELS.error)).to.have.length(1);
  });

  interface Properties {
    payload: string;
    _msgid: string;
  }
  const frozen = (properties: Properties): object => Object.freeze({ ...properties });
  const readOnly = (properties: Properties): object => {
    const { payload, ...rest } = properties;
    return Object.defineProperty({ ...rest }, 'payload', { value: payload, writable: false, enumerable: true });
  };
  const getterOnly = ({ payload, ...rest }: Properties): object => ({ ...rest, get payload() { return payload; } });
  for (const [what, make] of Object.entries({ frozen, 'with a read-only payload': readOnly, 'whose payload is a getter': getterOnly })) {
    it(`one that is ${what} is filled as a copy`, async () => {
      const flow = await deployWith(server);
      expect((await arrival(flow, 'found', make({ payload: '13800001111', _msgid: '1' }))).payload).to.include({ user_id: 'id of 13800001111' });
      const failed = await arrival(flow, 'failed', make({ payload: '13800000404', _msgid: '2' }));
      expect(failed).to.include({ payload: 'IDAAS.TENANT.USER.0001', _msgid: '2' });
      expect(failed.error).to.include({ category: 'not-found' });
    });
  }

  it('one whose properties throw when they are read fails as one without a value', async () => {
    const flow = await deployWith(server, { user: { by: 'msg' } });
    const broken = (name: string): object => Object.defineProperty({ payload: '13800001111', by: 'mobile', _msgid: name }, name, {
      get: () => { throw new Error('13800001111'); }, enumerable: true,
    });
    for (const name of ['payload', 'by']) {
      const failed = await arrival(flow, 'failed', broken(name));
      expect(failed.error).to.include({ code: 'CIAM.INPUT' });
    }
    expect(server.lookups).to.have.length(0);
  });

  /** A message of which the named operations fail. */
  const refusing = (operations: string[], properties: Message): Message =>
    new Proxy(properties, Object.fromEntries(operations.map((name) => [name, () => { throw new Error('refused'); }])));
  const REFUSALS = [['ownKeys', 'set'], ['ownKeys'], ['set'], ['ownKeys', 'set', 'deleteProperty', 'defineProperty', 'getOwnPropertyDescriptor', 'has', 'getPrototypeOf']];
  for (const operations of REFUSALS) {
    it(`one that refuses ${operations.join(', ')} ends by the output it belongs to, or in the Catch node, once`, async () => {
      for (const onFailure of ['output', 'catch'] as const) {
        const flow = await deployWith(server, { user: { onFailure } });
        const ports: string[] = [];
        for (const port of ['found', 'failed', 'caught'] as const) flow.on(port, () => ports.push(port));
        const bad = onFailure === 'catch' ? 'caught' : 'failed';
        expect((await arrival(flow, 'found', refusing(operations, { payload: '13800001111', _msgid: '1' }))).payload).to.include({ user_id: 'id of 13800001111' });
        const failed = await arrival(flow, bad, refusing(operations, { payload: '13800000404', _msgid: '2' }));
        expect(failed.error).to.include({ code: 'IDAAS.TENANT.USER.0001' });
        expect(failed).to.include({ _msgid: '2', ...(onFailure === 'output' && { payload: 'IDAAS.TENANT.USER.0001' }) });
        const first = new Promise<Message>((resolve) => flow.on('found', resolve));
        const second = await arrival(flow, bad, refusing(operations, { payload: ['13800001111', '13800000404'], _msgid: '3' }));
        expect((await first).payload).to.have.length(1);
        expect(second.error).to.satisfy((error: unknown) => onFailure === 'output' ? error === undefined : (error as { code: string }).code === 'CIAM.LIST');
        expect(ports.sort()).to.deep.equal(['found', bad, 'found', bad].sort());
        await helper.unload();
      }
    });
  }

  const unreadable = Object.defineProperty({}, 'source', { get: () => { throw new Error('not now'); }, enumerable: true });
  const bare = Object.assign(Object.create(null) as object, { source: { type: 'other' } });
  for (const [what, error] of Object.entries({ 'cannot be read': unreadable, 'has no prototype': bare })) {
    it(`an earlier error that ${what} changes nothing`, async () => {
      const flow = await deployWith(server, { user: { output: 'lookup' } });
      const out = await arrival(flow, 'found', { payload: '13800001111', _msgid: '1', error });
      expect(out).to.have.nested.property('lookup.user_id', 'id of 13800001111');
      expect(out.error).to.equal(error);
      expect(await arrival(flow, 'failed', { payload: '13800000404', _msgid: '2', error })).to.have.property('lookup', 'IDAAS.TENANT.USER.0001');
      await helper.unload();
      const caught = await arrival(await deployWith(server, { user: { onFailure: 'catch' } }), 'caught', { payload: '13800000404', _msgid: '3', error });
      expect(caught.error).to.include({ code: 'IDAAS.TENANT.USER.0001' });
    });
  }

  it('an output that cannot take the message is told to Catch nodes, once', async () => {
    const flow = await deployWith(server);
    const own = node('user') as unknown as { send: () => void };
    own.send = () => { throw new Error('no way out'); };
    const caught = await arrival(flow, 'caught', { payload: '13800001111', topic: 'kept' });
    expect(caught).to.include({ topic: 'kept' });
    expect(caught.error).to.include({ code: 'CIAM.INPUT' });
  });
});
