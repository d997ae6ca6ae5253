/** Redeploying and stopping: no message lost without a word, and nothing left behind. */
import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { MAJORS, startNodeRed, type FlowNode, type NodeRed } from '../support/runtime';
import { ScriptedTenant, silent } from '../support/servers';

/** On the canvas: Node-RED takes what has no place for a config node. */
const PLACE = { z: 'flow', x: 100, y: 100 };

const flowOf = (tenant: object): FlowNode[] => [
  { id: 'flow', type: 'tab', label: 'redeploy' },
  { id: 'tenant', type: 'ciam-tenant', auth: 'token', credentials: { token: 'one' }, retries: 0, ...tenant },
  { id: 'click', type: 'inject', ...PLACE, props: [{ p: 'payload' }], payload: '13800001111', payloadType: 'str', wires: [['user']] },
  { id: 'user', type: 'ciam-user', ...PLACE, tenant: 'tenant', outputs: 2, wires: [['debug'], ['debug']] },
  { id: 'debug', type: 'debug', ...PLACE, active: true, tosidebar: true, complete: 'true', targetType: 'full', wires: [] },
];

const servers = async (nodeRed: NodeRed): Promise<number> => (await nodeRed.resources()).filter((name) => name === 'TCPServerWrap').length;

for (const major of MAJORS) {
  describe(`redeploy and stop in Node-RED ${major}`, () => {
    let tenant: ScriptedTenant;
    let nodeRed: NodeRed;
    beforeEach(async () => {
      [tenant, nodeRed] = await Promise.all([ScriptedTenant.start(), startNodeRed({ major })]);
    });
    afterEach(() => Promise.all([nodeRed.stop(), tenant.close()]));

    it('a changed tenant node ends what is under way with CIAM.CLOSED and closes its connections', async () => {
      tenant.onLookup = silent;
      await nodeRed.deploy(flowOf({ domain: tenant.url }));
      await nodeRed.inject('click');
      await tenant.until(() => tenant.inFlight === 1);
      await nodeRed.deploy(flowOf({ domain: tenant.url, timeout: 20 }), 'nodes');
      const { msg } = await nodeRed.until(() => nodeRed.debug[0], 'the message that was under way');
      expect(msg).to.have.nested.property('error.code', 'CIAM.CLOSED');
      expect(msg).to.have.nested.property('error.category', 'cancelled');
      await tenant.until(() => tenant.sockets.size === 0);
      expect(nodeRed.debug).to.have.length(1);
    });

    it('lookups go on after a redeploy, on a connection of their own', async () => {
      await nodeRed.deploy(flowOf({ domain: tenant.url }));
      await nodeRed.inject('click');
      await nodeRed.until(() => nodeRed.debug[0]);
      await nodeRed.deploy(flowOf({ domain: tenant.url, credentials: { token: 'two' } }));
      await nodeRed.inject('click');
      await nodeRed.until(() => nodeRed.debug[1]);
      expect(tenant.lookups.map(({ headers }) => headers.authorization)).to.deep.equal(['Bearer one', 'Bearer two']);
      await tenant.until(() => tenant.sockets.size === 1);
    });

    it('the demo tenant lives as long as its node', async () => {
      expect(await servers(nodeRed), 'only the editor').to.equal(1);
      await nodeRed.deploy(flowOf({ demo: true }));
      await nodeRed.inject('click');
      await nodeRed.until(() => nodeRed.debug[0]);
      expect(await servers(nodeRed)).to.equal(2);
      await nodeRed.deploy(flowOf({ demo: true, timeout: 20 }));
      expect(await servers(nodeRed), 'one demo tenant at a time').to.be.at.most(2);
      await nodeRed.deploy([]);
      expect(await servers(nodeRed)).to.equal(1);
    });

    it('stops at once with a lookup under way', async () => {
      tenant.onLookup = silent;
      await nodeRed.deploy(flowOf({ domain: tenant.url }));
      await nodeRed.inject('click');
      await tenant.until(() => tenant.inFlight === 1);
      const from = performance.now();
      await nodeRed.stop();
      expect(performance.now() - from).to.be.below(3000);
      expect(existsSync(nodeRed.userDir)).to.equal(false);
      await tenant.until(() => tenant.sockets.size === 0);
      expect(() => process.kill(nodeRed.pid, 0)).to.throw(/ESRCH/);
      expect(nodeRed.log()).to.not.match(/\[error\]|Error/);
    });
  });
}
