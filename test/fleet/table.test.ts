import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { example, nodeOf } from '../support/examples';
import { type NodeRed } from '../support/runtime';
import { startAsker } from './asker';
import { type Cluster, startCluster, withProperties, WORKER } from './cluster';

const TENANT = nodeOf(WORKER, 'ciam-tenant').id;
const TABLE = example('10-table-of-workers.json');

const rows = async (url: string): Promise<string[][]> => {
  const page = await (await fetch(`${url}ciam/workers`)).text();
  return [...page.matchAll(/<tr>(.*?)<\/tr>/g)].slice(1).map(([, row = '']) => [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell = '']) => cell));
};

/** One worker has room for all of these, and nothing is asked again: however busy the machine, each question counts once. */
const RULES = { WINDOW: 32, ASK_AGAIN_AFTER: 60, DEADLINE: 90 };

describe('the table of workers', function () {
  this.timeout(150_000);
  let cluster: Cluster;
  /** One on each major shows the page. */
  let pages: NodeRed[];
  before(async () => {
    cluster = await startCluster();
    pages = await Promise.all([cluster.start(4, 'stranger', TABLE), cluster.start(5, 'stranger', TABLE)]);
  });
  after(() => cluster.stop());

  /** For each page. */
  const tables = (addresses: string): Promise<string[][][]> => Promise.all(pages.map(async (page) => {
    await page.deploy(withProperties(TABLE, nodeOf(TABLE, 'tab').id, { env: [{ name: 'CIAM_STATS', value: addresses, type: 'str' }] }));
    return rows(page.url);
  }));

  it('says what to set when it does not know any worker', async () => {
    for (const { url } of pages) expect(await rows(url)).to.deep.equal([['Set the environment variable CIAM_STATS to the addresses of your workers.']]);
  });

  it('shows the figures of each, and who is down', async () => {
    const [workers, asker] = await Promise.all([cluster.workers(2), startAsker(4, cluster, 100)]);
    await (await asker.ask(100, { rules: RULES })).until(100);
    const addresses = [...workers.map(({ url }) => url), 'http://127.0.0.1:1/'].map((url) => `${url}ciam-tenant/${TENANT}/stats`);
    const hosts = workers.map((worker) => new URL(worker.url).host);
    for (const table of await tables(addresses.join(', '))) {
      expect(table.map(([host]) => host)).to.deep.equal([...hosts, '127.0.0.1:1']);
      for (const row of table.slice(0, 2)) {
        expect(row[1]).to.equal('ready');
        expect(row[13], 'last failure').to.equal('');
        expect(row[2]).to.match(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
        // in flight, queued, found, not found (its own question before it took any), failed, shared, cached, retried
        expect(row.slice(3, 11)).to.deep.equal(['0', '0', '50', '1', '0', '0', '0', '0']);
        for (const cell of row.slice(11, 13)) expect(cell).to.match(/^\d+$/);
      }
      expect(table[2]?.slice(1)).to.deep.equal(['ECONNREFUSED']);
    }
  });

  it('shows an address that answers nonsense, or nothing at all, as a row with the reason', async () => {
    const nonsense: Record<string, string> = {
      '/text': 'welcome', '/null': 'null', '/list': '[]', '/number': '1', '/half': '{"lookups":{}', '/other': '{"lookups":1,"latencyMs":{}}',
      '/odd': JSON.stringify({ state: { a: 1 }, inFlight: '<b>', lookups: { found: {} }, latencyMs: { p50: 'x' }, lastFailure: { code: '<i>code</i>' } }),
    };
    const server = createServer(({ url = '' }, response) => {
      if (url === '/redirect') response.writeHead(302, { location: '/text' }).end();
      else if (url !== '/silent') response.end(nonsense[url]);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const addresses = [...Object.keys(nonsense), '/redirect', '/silent'].map((path) => `http://127.0.0.1:${port}${path}`);
      for (const all of await tables([...addresses, 'no address'].join(','))) {
        const table = all.map((row) => row.slice(1));
        expect(table).to.have.length(addresses.length);
        expect(table.slice(0, 6)).to.deep.equal(Array.from({ length: 6 }, () => ['no figures']));
        expect(table[6]).to.deep.equal(['', '', '', '', '', '', '', '', '', '', '', '', '&lt;i&gt;code&lt;&#x2F;i&gt;']);
        expect(table[7]).to.deep.equal(['302']);
        expect(table[8]).to.deep.equal(['ETIMEDOUT']);
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
