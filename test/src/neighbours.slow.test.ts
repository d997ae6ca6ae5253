import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { answer, found, type ScriptedTenant } from '../support/servers';
import { MAJORS, version } from '../support/versions';
import { closeAll, startServer } from './support';

const run = promisify(execFile);

describe('other code in the same process', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
    server.onLookup = (seen, response) => (seen.path === '/user-agent' ? answer(200, seen.headers['user-agent'] ?? '') : found)(seen, response);
  });
  afterEach(closeAll);

  const outcome = async (node: string, when: string): Promise<unknown> => {
    const { stdout } = await run(node, ['--import', 'tsx', join(__dirname, 'programs/neighbours.ts'), server.url, when], { timeout: 20_000 });
    return JSON.parse(stdout);
  };

  for (const major of MAJORS) {
    for (const when of ['before', 'after']) {
      it(`keeps its fetch, first used ${when} the tenant was made (Node.js of Node-RED ${major})`, async () => {
        expect(await outcome((await version(major)).node, when)).to.deep.equal({ found: 'id of 13800001111', unchanged: true, fetched: 'node', stillWorks: 'node', fetchIsOurs: false });
      }).timeout(180_000);
    }
    it(`keeps the dispatcher that it has set for all (Node.js of Node-RED ${major})`, async () => {
      expect(await outcome((await version(major)).node, 'own')).to.deep.include({ found: 'id of 13800001111', unchanged: true });
    }).timeout(180_000);
  }
});
