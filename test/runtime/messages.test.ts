/** Messages that refuse what is written into them, through the package as it is published: in a file that is not strict such a refusal is silent. */
import { expect } from 'chai';
import { MAJORS, startNodeRed, type FlowNode, type NodeRed } from '../support/runtime';
import { notFound, ScriptedTenant } from '../support/servers';

/** On the canvas: Node-RED takes what has no place for a config node. */
const PLACE = { z: 'flow', x: 100, y: 100 };

const MESSAGES: Record<string, string> = {
  // A frozen one no function node can return.
  'is sealed': 'return Object.seal(msg);',
  'has a read-only payload': "return Object.defineProperty(msg, 'payload', { writable: false });",
  'has a payload that takes nothing': "const { payload } = msg; return Object.defineProperty(msg, 'payload', { get: () => payload, set: () => undefined, enumerable: true });",
};
const WAYS = ['output', 'catch'] as const;

const flowsOf = (url: string): FlowNode[] => [
  { id: 'flow', type: 'tab', label: 'messages' },
  { id: 'tenant', type: 'ciam-tenant', domain: url, auth: 'token', warmUp: false, credentials: { token: 'one' } },
  ...WAYS.flatMap((onFailure): FlowNode[] => [
    { id: onFailure, type: 'ciam-user', ...PLACE, tenant: 'tenant', onFailure, outputs: 2, wires: [['debug'], ['debug']] },
    ...Object.entries(MESSAGES).flatMap(([what, func]): FlowNode[] => [
      { id: `${onFailure} ${what}`, type: 'inject', ...PLACE, props: [{ p: 'payload' }], payload: '13800000404', payloadType: 'str', wires: [[`make ${onFailure} ${what}`]] },
      { id: `make ${onFailure} ${what}`, type: 'function', ...PLACE, func, outputs: 1, noerr: 0, initialize: '', finalize: '', libs: [], wires: [[onFailure]] },
    ]),
  ]),
  { id: 'caught', type: 'catch', ...PLACE, scope: ['catch'], uncaught: false, wires: [['debug']] },
  { id: 'debug', type: 'debug', ...PLACE, active: true, tosidebar: true, complete: 'true', targetType: 'full', wires: [] },
];

for (const major of MAJORS) {
  describe(`a message in Node-RED ${major}`, () => {
    let tenant: ScriptedTenant;
    let nodeRed: NodeRed;
    before(async () => {
      tenant = await ScriptedTenant.start();
      tenant.onLookup = notFound;
      nodeRed = await startNodeRed({ major, flows: flowsOf(tenant.url) });
    });
    after(() => Promise.all([nodeRed.stop(), tenant.close()]));

    for (const what of Object.keys(MESSAGES)) {
      it(`that ${what} carries its failure to the second output, or to the Catch node`, async () => {
        for (const onFailure of WAYS) {
          nodeRed.debug.length = 0;
          await nodeRed.inject(`${onFailure} ${what}`);
          const { msg } = await nodeRed.until(() => nodeRed.debug[0], 'the failure');
          expect(msg, onFailure).to.include({ payload: 'IDAAS.TENANT.USER.0001' });
          expect(msg, onFailure).to.have.nested.property('lookup.value', '13800000404');
          expect(msg, onFailure).to.have.nested.property('error.code', 'IDAAS.TENANT.USER.0001');
        }
      });
    }
  });
}
