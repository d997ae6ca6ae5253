/** Messages that cannot be copied, written or read: one outcome each, and no harm to their neighbours. */
import { expect } from 'chai';
import { found, notFound, type ScriptedTenant } from '../support/servers';
import { deployWith, type Flow, helper, LEVELS, logOf, type Message, node, type Port, startServer, tearDown } from './support';

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
  const arrival = (flow: Flow, port: Port, message: object): Promise<Message> => {
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
  /** Does nothing with what is assigned. */
  const deaf = ({ payload, ...rest }: Properties): object => Object.defineProperty({ ...rest }, 'payload', { get: () => payload, set: () => undefined, enumerable: true });
  class Envelope {
    #payload: string;
    readonly _msgid: string;
    topic = 'kept';
    constructor({ payload, _msgid }: Properties) {
      this.#payload = payload;
      this._msgid = _msgid;
    }
    get payload(): string { return this.#payload; }
    get sender(): string { return `sender of ${this._msgid}`; }
  }
  const REFUSING = { 'is frozen': frozen, 'has a read-only payload': readOnly, 'has a getter as payload': getterOnly, 'has a payload that takes nothing': deaf, 'is of a class with getters': (properties: Properties) => new Envelope(properties) };
  for (const [what, make] of Object.entries(REFUSING)) {
    it(`one that ${what} carries its result to every port: first output, second output, Catch and Complete nodes`, async () => {
      const flow = await deployWith(server);
      const completed = arrival(flow, 'completed', make({ payload: '13800001111', _msgid: '1' }));
      expect((await completed).payload).to.include({ user_id: 'id of 13800001111' });
      const failed = await arrival(flow, 'failed', make({ payload: '13800000404', _msgid: '2' }));
      expect(failed).to.include({ payload: 'IDAAS.TENANT.USER.0001', _msgid: '2' });
      expect(failed.error).to.include({ category: 'not-found' });
      if (what.startsWith('is of a class')) expect(failed).to.include({ topic: 'kept', sender: 'sender of 2' });
      await helper.unload();
      const catching = await deployWith(server, { user: { onFailure: 'catch' } });
      const caught = await arrival(catching, 'caught', make({ payload: '13800000404', _msgid: '3' }));
      expect(caught).to.include({ payload: 'IDAAS.TENANT.USER.0001', _msgid: '3' });
      expect(caught.lookup).to.include({ value: '13800000404' });
      expect(caught.error).to.include({ code: 'IDAAS.TENANT.USER.0001' });
    });
  }

  it('one that holds something frozen on the way to its output is filled as a copy', async () => {
    const flow = await deployWith(server, { user: { output: 'data.user.found' } });
    const message = (payload: string): object => ({ payload, _msgid: payload, data: Object.freeze({ kept: true, user: Object.freeze({ name: 'kept' }) }) });
    expect((await arrival(flow, 'found', message('13800001111'))).data).to.deep.include({ kept: true, user: { name: 'kept', found: { user_id: 'id of 13800001111', name: '张三', extension: { age: '28' } } } });
    expect(await arrival(flow, 'failed', message('13800000404'))).to.have.nested.property('data.user.found', 'IDAAS.TENANT.USER.0001');
  });

  /** What comes only from nodes that do not know what a message is. */
  const NO_MESSAGES: Record<string, unknown> = {
    'an array': ['13800001111'], 'an empty array': [], 'an array in an array': [['13800001111']], 'a text': '13800001111', 'a number': 13800001111, 'a symbol': Symbol('13800001111'),
    'a function': () => '13800001111', 'null': null, 'undefined': undefined, 'a Buffer': Buffer.from('13800001111'), 'a Map': new Map([['payload', '13800001111']]), 'an Error': new Error('13800001111'),
    'a Date': new Date(0), 'a text as an object': Object('13800001111') as unknown,
  };
  for (const [what, message] of Object.entries(NO_MESSAGES)) {
    it(`${what} in place of a message is refused, once`, async () => {
      for (const onFailure of ['output', 'catch'] as const) {
        const flow = await deployWith(server, { user: { onFailure } });
        const port = onFailure === 'output' ? 'failed' : 'caught';
        const ports: string[] = [];
        for (const one of ['found', 'failed', 'caught'] as const) flow.on(one, () => ports.push(one));
        const arrived = new Promise<Message>((resolve) => flow.on(port, resolve));
        // `receive` makes an object of nothing; of the rest it would fail at a text.
        if (message === null || message === undefined) flow.user.receive(message as unknown as object);
        else flow.user.emit('input', message);
        const out = await arrived;
        expect(out).to.include({ payload: 'CIAM.INPUT' });
        expect(out.error).to.include({ code: 'CIAM.INPUT' });
        expect(out.lookup).to.include({ value: null });
        // A neighbour's turn: what would come a second time has come by then.
        await flow.send({ payload: '13800000404' });
        expect(ports).to.deep.equal([port, port]);
        await helper.unload();
      }
    });
  }

  it('an array that carries what a message has is looked up, and stays one message', async () => {
    const flow = await deployWith(server);
    const message = (payload: unknown): object => Object.assign(['a', 'b'], { payload, _msgid: '1', topic: 'kept' });
    expect(await arrival(flow, 'found', message('13800001111'))).to.include({ topic: 'kept' }).and.to.have.nested.property('payload.user_id', 'id of 13800001111');
    expect(await arrival(flow, 'failed', message('13800000404'))).to.include({ topic: 'kept', payload: 'IDAAS.TENANT.USER.0001' });
    const first = new Promise<Message>((resolve) => flow.on('found', resolve));
    expect((await arrival(flow, 'failed', message(['13800001111', '13800000404']))).payload).to.have.length(1);
    expect((await first).payload).to.have.length(1);
  });

  it('what a flow writes into a failure is seen by no later message', async () => {
    const flow = await deployWith(server);
    for (const payload of ['13800000404', ['13800000404']]) {
      const sourceOf = ({ message }: { message: Message }): { id: string } =>
        (Array.isArray(message.payload) ? (message.payload as Message[])[0]?.error as { source: { id: string } } : message.error as { source: { id: string } }).source;
      const one = async (): Promise<{ id: string }> => Array.isArray(payload) ? sourceOf({ message: (await flow.sendList({ payload })).failed ?? {} }) : sourceOf(await flow.send({ payload }));
      (await one()).id = 'spoiled';
      expect((await one()).id).to.equal('user');
    }
  });

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

  it('one whose list cannot be read fails as one without a value', async () => {
    const payload = new Proxy([], { get: () => { throw new Error('13800001111'); } });
    const failed = await arrival(await deployWith(server), 'failed', { payload, _msgid: '1' });
    expect(failed).to.include({ payload: 'CIAM.INPUT' }).and.to.have.nested.property('error.code', 'CIAM.INPUT');
    expect(failed.lookup).to.include({ by: 'mobile', value: null, attempts: 0 });
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
      const flow = await deployWith(server, { user: { output: 'result' } });
      const out = await arrival(flow, 'found', { payload: '13800001111', _msgid: '1', error });
      expect(out).to.have.nested.property('result.user_id', 'id of 13800001111');
      expect(out.error).to.equal(error);
      expect(await arrival(flow, 'failed', { payload: '13800000404', _msgid: '2', error })).to.have.property('result', 'IDAAS.TENANT.USER.0001');
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
