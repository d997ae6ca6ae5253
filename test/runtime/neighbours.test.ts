/** We are one package of many in the process: nothing is loaded before it is needed, and the `fetch` of other nodes stays theirs. */
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MAJORS, startNodeRed, type FlowNode, type NodeRed } from '../support/runtime';

const PLACE = { z: 'flow', x: 100, y: 100 };

/** In the function node's sandbox; `vm` reaches the process around it, `loader` the modules it has loaded. */
const LOOK = `
const around = vm.runInThisContext('globalThis');
const files = Object.keys(loader._cache).filter((file) => /[\\\\/]undici[\\\\/].*\\.js$/.test(file));
const agents = files.map((file) => loader._cache[file].exports.Agent).filter(Boolean);
const dispatchers = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) => around[Symbol.for(name)]);
return { payload: {
  undici: files.length > 0,
  neighbours: dispatchers.includes(around.neighbour),
  ours: dispatchers.some((dispatcher) => agents.some((Agent) => dispatcher instanceof Agent)),
} };`;
const FETCH = "return vm.runInThisContext('fetch')(msg.payload).then((response) => response.text()).then((text) => ({ payload: { text } }));";
const CLAIM = "vm.runInThisContext(\"globalThis[Symbol.for('undici.globalDispatcher.1')] = globalThis.neighbour = { dispatch() {} }\"); return { payload: {} };";

const button = (to: string, payload: string): FlowNode => ({ id: `click ${to}`, type: 'inject', ...PLACE, props: [{ p: 'payload' }], payload, payloadType: 'str', wires: [[to]] });
const code = (id: string, func: string): FlowNode => ({
  id, type: 'function', ...PLACE, func, outputs: 1, noerr: 0, initialize: '', finalize: '',
  libs: [{ var: 'vm', module: 'vm' }, { var: 'loader', module: 'module' }], wires: [['debug']],
});

const neighbours = (url: string): FlowNode[] => [
  { id: 'flow', type: 'tab', label: 'neighbours' },
  button('look', ''), code('look', LOOK), button('fetch', url), code('fetch', FETCH), button('claim', ''), code('claim', CLAIM),
  { id: 'debug', type: 'debug', ...PLACE, active: true, tosidebar: true, complete: 'payload', targetType: 'msg', wires: [] },
];

const OURS: FlowNode[] = [
  { id: 'tenant', type: 'ciam-tenant', demo: true },
  button('user', '13800001111'),
  { id: 'user', type: 'ciam-user', ...PLACE, tenant: 'tenant', outputs: 2, wires: [['debug'], ['debug']] },
];

for (const major of MAJORS) {
  describe(`beside other packages in Node-RED ${major}`, () => {
    const server = createServer((_request, response) => response.end('hello'));
    let flows: FlowNode[];
    let nodeRed: NodeRed;
    before(async () => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      flows = neighbours(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
    after(() => server.close());
    beforeEach(async () => {
      nodeRed = await startNodeRed({ major, flows });
    });
    afterEach(() => nodeRed.stop());

    const click = async (name: string): Promise<unknown> => {
      nodeRed.debug.length = 0;
      await nodeRed.inject(`click ${name}`);
      return (await nodeRed.until(() => nodeRed.debug[0], `the result of ${name}`)).msg;
    };
    const lookUp = async (): Promise<void> => {
      await nodeRed.deploy([...flows, ...OURS]);
      expect(await click('user')).to.have.property('user_name', 'zhangsan');
    };

    it('loads its HTTP client with the first tenant, not with the palette', async () => {
      expect(await click('look')).to.include({ undici: false });
      await lookUp();
      expect(await click('look')).to.include({ undici: true });
    });

    it('leaves fetch to Node.js when nobody has used it yet', async () => {
      await lookUp();
      expect(await click('fetch')).to.deep.equal({ text: 'hello' });
      expect(await click('look')).to.include({ undici: true, ours: false });
    });

    it('leaves fetch as it is when somebody has used it', async () => {
      expect(await click('fetch')).to.deep.equal({ text: 'hello' });
      await lookUp();
      expect(await click('fetch')).to.deep.equal({ text: 'hello' });
      expect(await click('look')).to.include({ undici: true, ours: false });
    });

    it('leaves the dispatcher that somebody else has set', async () => {
      await click('claim');
      await lookUp();
      expect(await click('look')).to.include({ neighbours: true, ours: false });
    });
  });
}
