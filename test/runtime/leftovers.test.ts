/** What a tenant node opened is closed with it: idle connections, the demo tenant's server, the process itself. */
import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { MAJORS, startNodeRed, type FlowNode, type NodeRed } from '../support/runtime';
import { ScriptedTenant } from '../support/servers';
import { isAlive } from '../support/versions';

/** On the canvas: Node-RED takes what has no place for a config node. */
const PLACE = { z: 'flow', x: 100, y: 100 };

const flowOf = (tenant: object): FlowNode[] => [
  { id: 'flow', type: 'tab', label: 'leftovers' },
  { id: 'tenant', type: 'ciam-tenant', auth: 'token', credentials: { token: 'one' }, ...tenant },
  { id: 'click', type: 'inject', ...PLACE, props: [{ p: 'payload' }], payload: '13800001111', payloadType: 'str', wires: [['user']] },
  { id: 'user', type: 'ciam-user', ...PLACE, tenant: 'tenant', outputs: 2, wires: [['debug'], ['debug']] },
  { id: 'debug', type: 'debug', ...PLACE, active: true, tosidebar: true, complete: 'lookup', targetType: 'msg', wires: [] },
];

for (const major of MAJORS) {
  describe(`what Node-RED ${major} leaves behind`, () => {
    let tenant: ScriptedTenant;
    let nodeRed: NodeRed;
    beforeEach(async () => {
      [tenant, nodeRed] = await Promise.all([ScriptedTenant.start(), startNodeRed({ major })]);
    });
    afterEach(() => Promise.all([nodeRed.stop(), tenant.close()]));

    const lookUp = async (): Promise<void> => {
      const before = nodeRed.debug.length;
      await nodeRed.inject('click');
      await nodeRed.until(() => nodeRed.debug[before], 'the answer');
    };
    const servers = async (): Promise<number> => (await nodeRed.resources()).filter((name) => name === 'TCPServerWrap').length;

    it('no connection of a tenant node that was changed or removed', async () => {
      await nodeRed.deploy(flowOf({ domain: tenant.url, warmUp: false }));
      await lookUp();
      await nodeRed.deploy(flowOf({ domain: tenant.url, warmUp: false, credentials: { token: 'two' } }));
      await tenant.until(() => tenant.sockets.size === 0);
      await lookUp();
      expect(tenant.lookups.map(({ headers }) => headers.authorization)).to.deep.equal(['Bearer one', 'Bearer two']);
      await nodeRed.deploy([]);
      await tenant.until(() => tenant.sockets.size === 0);
    });

    it('no demo tenant without its node', async () => {
      expect(await servers(), 'only the editor').to.equal(1);
      await nodeRed.deploy(flowOf({ demo: true }));
      await lookUp();
      expect(await servers()).to.equal(2);
      await nodeRed.deploy(flowOf({ demo: true, timeout: 20 }));
      await lookUp();
      expect(await servers(), 'one demo tenant at a time').to.equal(2);
      await nodeRed.deploy([]);
      expect(await servers()).to.equal(1);
    });

    it('no process, no connection, no user directory when it is stopped', async () => {
      await nodeRed.deploy(flowOf({ domain: tenant.url }));
      await lookUp();
      await nodeRed.stop();
      await tenant.until(() => tenant.sockets.size === 0);
      expect(isAlive(nodeRed.pid)).to.equal(false);
      expect(existsSync(nodeRed.userDir)).to.equal(false);
      expect(nodeRed.log()).to.not.match(/\[error\]|\bat .*:\d+:\d+/);
    });
  });
}
