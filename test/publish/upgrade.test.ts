/**
 * A flow of version 1.0.0 goes on working: same types, same properties, same outcomes. One tenant is as the editor saved it,
 * the other as written by hand, without most properties. The fixture is never edited.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Simulator, startSimulator } from '../../src/simulator/simulator';
import { MAJORS, type FlowNode, type NodeRed, startNodeRed } from '../support/runtime';

const SAVED = JSON.parse(readFileSync(join(__dirname, 'fixtures/flows-1.0.0.json'), 'utf8')) as FlowNode[];
const idOf = (name: string): string => SAVED.find((node) => node['name'] === name)?.id ?? name;

for (const major of [...MAJORS, 'oldest'] as const) {
  describe(`flow saved by version 1.0.0 on Node-RED ${major}`, () => {
    let simulator: Simulator;
    let nodeRed: NodeRed;

    before(async () => {
      simulator = await startSimulator();
      nodeRed = await startNodeRed({
        major, flows: SAVED, env: { CIAM_DOMAIN: simulator.url, CIAM_CLIENT_ID: 'some id' },
        credentials: { [idOf('saved tenant')]: { clientId: '${CIAM_CLIENT_ID}', clientSecret: 'kept-secret' } },
      });
    });
    after(async () => {
      await nodeRed.stop();
      await simulator.close();
    });

    const shown = async (button: string, debug: string): Promise<Record<string, unknown>> => {
      await nodeRed.inject(idOf(button));
      const { msg } = await nodeRed.until(() => nodeRed.debug.find(({ name }) => name === debug), `a message in "${debug}"`);
      return msg as Record<string, unknown>;
    };

    it('opens with known types and every property as it was', async () => {
      const sets = (await nodeRed.nodes()).filter(({ module }) => module === '@ciam-flows/node-red-ciam');
      expect(sets.map(({ types, err }) => ({ types, err }))).to.deep.equal([{ types: ['ciam-tenant', 'ciam-user', 'ciam-status'], err: undefined }]);
      expect(await nodeRed.flows()).to.deep.equal(SAVED);
      expect(nodeRed.log()).to.not.match(/missing|unknown/i);
    });

    it('looks up as it did, with the settings and the secrets it was saved with', async () => {
      const { payload, lookup } = await shown('by msg', 'found');
      expect(payload).to.deep.equal({ user_id: '20220126153857263-A04D-60E0D446C', name: '张三', created_at: '2022-02-10T12:23:23+00:00' });
      expect(lookup).to.include({ by: 'username', value: 'ZhangSan', source: 'tenant', tenant: new URL(simulator.url).host });
    });

    it('raises its failures for Catch nodes', async () => {
      const { error, payload } = await shown('to Catch', 'caught');
      expect(payload).to.equal('IDAAS.TENANT.USER.0001');
      expect(error).to.include({ code: 'IDAAS.TENANT.USER.0001' });
    });

    it('is the same after it was deployed once more', async () => {
      await nodeRed.deploy(SAVED);
      expect(await nodeRed.flows()).to.deep.equal(SAVED);
    });
  });
}
