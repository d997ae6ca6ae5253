import { expect } from 'chai';
import { example, nodeOf } from '../support/examples';
import { startAsker } from './asker';
import { type Cluster, startCluster, WORKER } from './cluster';

const TENANT = nodeOf(WORKER, 'ciam-tenant').id;
const TABLE = example('10-table-of-workers.json');

const rows = async (url: string): Promise<string[][]> => {
  const page = await (await fetch(`${url}ciam/workers`)).text();
  return [...page.matchAll(/<tr>(.*?)<\/tr>/g)].slice(1).map(([, row = '']) => [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell = '']) => cell));
};

describe('the table of workers', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster();
  });
  after(() => cluster.stop());

  it('shows the figures of each, and who is down', async () => {
    const workers = await cluster.workers(2);
    const asker = await startAsker(cluster, 100);
    await (await asker.ask(100)).until(100);
    const addresses = [...workers.map(({ url }) => url), 'http://127.0.0.1:1/'].map((url) => `${url}ciam-tenant/${TENANT}/stats`);
    const { url } = await cluster.start('stranger', TABLE, { CIAM_STATS: addresses.join(', ') });

    const table = await rows(url);
    const hosts = workers.map((worker) => new URL(worker.url).host);
    expect(table.map(([host]) => host)).to.deep.equal([...hosts, '127.0.0.1:1']);
    // in flight, queued, circuit, found, not found, failed, shared, cached, retried
    for (const row of table.slice(0, 2)) expect(row.slice(1, 10)).to.deep.equal(['0', '0', 'closed', '50', '0', '0', '0', '0', '0']);
    for (const cell of table.slice(0, 2).flatMap((row) => row.slice(10))) expect(cell).to.match(/^\d+$/);
    expect(table[2]?.slice(1)).to.deep.equal(['ECONNREFUSED']);
  });

  it('says what to set when it does not know any worker', async () => {
    const { url } = await cluster.start('stranger', TABLE);
    expect(await rows(url)).to.deep.equal([['Set the environment variable CIAM_STATS to the addresses of your workers.']]);
  });
});
