/** Whatever a message is and holds: it has one outcome, which tells what became of it, and its neighbours have theirs. */
import { expect } from 'chai';
import fc from 'fast-check';
import { found, notFound, type ScriptedTenant } from '../support/servers';
import { deployWith, type Message, startServer, tearDown } from './support';

const boom = (): never => {
  throw new Error('13800001111');
};
/** Node-RED cannot copy such an array. */
class Rows extends Array<string> {
  constructor({ name }: { name: string }) {
    super(name);
  }
}
const ring = (): unknown[] => {
  const list: unknown[] = [];
  list.push(list);
  return list;
};

const VALUES: (() => unknown)[] = [
  () => '13800001111', () => '13800000404', () => ['13800001111', '13800000404'], () => Object.freeze(['13800001111', '13800000404']), () => ['13800001111', { toString: boom }], () => [['x']], () => [], ring,
  () => ({ toString: boom }), () => ({ [Symbol.toPrimitive]: boom }), () => ({ toJSON: boom }), () => new Proxy({}, { get: boom, ownKeys: boom, has: boom, getPrototypeOf: boom, getOwnPropertyDescriptor: boom }),
  () => Object.create(null) as object, () => new Proxy([], { get: boom }), () => new Proxy(['13800001111'], { get: (list, key) => (key === '0' ? boom() : Reflect.get(list, key) as unknown) }), () => new Proxy(boom, {}),
  () => Symbol('x'), () => 10n, () => NaN, () => null, () => undefined, () => new Map(), () => new WeakMap(), () => Promise.resolve(1), () => boom, () => new Date(NaN), () => new Error('x'), () => Buffer.from('13800001111'), () => new Uint8Array(3),
  () => new SharedArrayBuffer(4), () => new Rows({ name: 'x' }), () => JSON.parse('{"__proto__":{"payload":"13800001111","error":{"source":{"type":"ciam-user"}}}}') as object,
];
const readOnly = (name: string, value: unknown) => (message: Message): unknown => Object.defineProperty(message, name, { value, writable: false, configurable: false, enumerable: true });
const SHAPES: ((message: Message) => unknown)[] = [
  (message) => message, (message) => Object.freeze(message), (message) => Object.seal(message), readOnly('error', { source: { type: 'ciam-user' } }), readOnly('payload', '13800000404'), readOnly('lookup', 1),
  (message) => Object.defineProperty(message, 'lookup', { get: () => 1, set: boom, enumerable: true }), (message) => Object.assign(Object.create({ get topic() { return boom(); } }) as object, message),
  (message) => Object.assign([], message), (message) => Object.assign(() => 1, message), (message) => Object.assign(new Error('x'), message), (message) => Object.assign(new Map(), message),
  (message) => new Proxy(message, { set: () => false }), (message) => new Proxy(message, { set: () => true }), (message) => new Proxy(message, { deleteProperty: () => false }), (message) => new Proxy(message, { defineProperty: boom }),
  (message) => new Proxy(message, { ownKeys: boom, set: boom }), (message) => new Proxy(message, { get: (target, key) => (key === 'lookup' || key === 'error' || key === Symbol.toStringTag ? boom() : Reflect.get(target, key) as unknown) }),
];
const NODES: Record<string, object> = {
  'second output': {}, 'Catch nodes': { onFailure: 'catch' }, 'lists together': { list: 'together' }, 'rows': { item: 'a.b' }, 'a deep place': { output: 'data.x.y' }, 'by the message': { by: 'msg' },
  'two wires': { wires: [['found', 'more'], ['failed', 'more']] }, 'no second wire': { wires: [['found'], []] }, 'another place': { value: 'data.list', output: 'data' }, 'shaped': { normalise: true, fields: 'user_id, __proto__, constructor' },
};

/** Where the nodes put their results. */
const RESULTS = ['payload', 'data', 'data.x.y'];
const valueAt = (message: Message, path: string): unknown => {
  try {
    return path.split('.').reduce<unknown>((value, key) => (value as Message)[key], message);
  } catch {
    return undefined;
  }
};

describe('ciam-user, any message', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
    server.onLookup = (seen, response) => (seen.value.endsWith('0404') ? notFound : found)(seen, response);
  });
  afterEach(tearDown);

  for (const [name, user] of Object.entries(NODES)) {
    it(`with ${name}`, async () => {
      const flow = await deployWith(server, { user, more: [{ id: 'more', type: 'helper', z: 'tab', x: 0, y: 0, wires: [] }] });
      const arrived: { port: string; message: Message }[] = [];
      for (const port of ['found', 'failed', 'caught'] as const) flow.on(port, (message) => arrived.push({ port, message }));
      const value = fc.constantFrom(...VALUES);
      await fc.assert(fc.asyncProperty(value, value, fc.option(value, { nil: () => 'mobile' }), fc.constantFrom(...SHAPES), async (payload, data, by, shape) => {
        arrived.length = 0;
        flow.user.emit('input', shape({ payload: payload(), data: data(), by: by(), _msgid: 'x' }));
        const neighbour = await flow.send({ payload: '13800001111', by: 'mobile', data: { list: '13800001111' } });
        expect(neighbour.port).to.equal('found');
        // A list is made ready in turns of its own; a not-found with no second wire leaves nothing.
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
        const own = arrived.filter(({ message }) => message !== neighbour.message);
        const ports = own.map(({ port }) => port).sort().join();
        expect([...name === 'no second wire' ? [''] : [], 'found', 'failed', 'caught', 'failed,found', 'caught,found']).to.include(ports);
        for (const { port, message } of own) {
          if (port !== 'found') expect(RESULTS.some((result) => Array.isArray(valueAt(message, result))) || typeof (message.error as { code?: unknown } | undefined)?.code === 'string').to.equal(true);
        }
      }), { numRuns: 300 });
    });
  }
});
