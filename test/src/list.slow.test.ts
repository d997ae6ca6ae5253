import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { ScriptedTenant } from '../support/servers';
import { longestStall } from '../support/stall';
import { closeAll, mobiles, openTenant, startServer } from './support';

const run = promisify(execFile);

describe('list', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(closeAll);

  describe('very many items without a stall of the event loop', () => {
    const cases: Record<string, { values: unknown[]; concurrency?: number; cacheTtl?: number }> = {
      'all different': { values: mobiles(10_000) },
      'all the same': { values: new Array<string>(10_000).fill('13800001111') },
      'nothing to look up': { values: new Array<string>(10_000).fill(''), concurrency: 1024 },
      'every second one nothing to look up, the others in a few calls': { values: Array.from({ length: 50_000 }, (_, index) => (index % 2 === 0 ? '' : `138${String(index % 200).padStart(8, '0')}`)), concurrency: 64 },
      'all remembered': { values: mobiles(10_000), concurrency: 1024, cacheTtl: 60 },
    };
    for (const [name, { values, ...settings }] of Object.entries(cases)) {
      it(name, async () => {
        const tenant = openTenant(server, { ...settings, cacheSize: 10_000 });
        // Compiled code and filled memory: what is measured is the list.
        await tenant.lookupList({ by: 'mobile', values: mobiles(500) });
        if (settings.cacheTtl) await tenant.lookupList({ by: 'mobile', values });
        const stall = await longestStall(async () => {
          expect((await tenant.lookupList({ by: 'mobile', values })).lookup.total).to.equal(values.length);
        });
        expect(stall).to.be.lessThan(50);
      });
    }
  });

  it('of very many empty places is handed in without a look at each', async () => {
    const { stdout } = await run(process.execPath, ['--import', 'tsx', join(__dirname, 'programs/sparse-list.ts'), server.url], { timeout: 120_000 });
    const { dense, sparse } = JSON.parse(stdout) as { dense: number; sparse: number };
    expect(sparse).to.be.lessThan(10 * dense);
  }).timeout(180_000);
});
