/** Rows of a table: `item`, and lists that stay together. */
import { expect } from 'chai';
import { found, notFound, type ScriptedTenant } from '../support/servers';
import { deployWith, startServer, tearDown } from './support';

interface Entry {
  index: number;
  value: string | null;
  user: { user_id: string } | null;
  error: { code: string } | null;
  item?: unknown;
}

describe('ciam-user, rows of a table', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
    server.onLookup = (seen, response) => (seen.value.startsWith('no') ? notFound : found)(seen, response);
  });
  afterEach(tearDown);

  const TABLE = [{ name: 'A', phone: 'anna' }, { name: 'B' }, { name: 'C', phone: 'nobody' }];
  const user = { by: 'username', item: 'phone' };
  const short = (entries: unknown): unknown[] => (entries as Entry[]).map(({ index, value, user: one, error, item }) => [index, value, one?.user_id ?? error?.code, item]);

  it('are looked up by one of their columns, each in its own place, and travel along', async () => {
    const flow = await deployWith(server, { user });
    const out = await flow.sendList({ payload: TABLE });
    expect(short(out.found?.payload)).to.deep.equal([[0, 'anna', 'id of anna', TABLE[0]]]);
    expect(short(out.failed?.payload)).to.deep.equal([[1, null, 'CIAM.INPUT', TABLE[1]], [2, 'nobody', 'IDAAS.TENANT.USER.0001', TABLE[2]]]);
  });

  it('stay together in one message, whatever became of each', async () => {
    const flow = await deployWith(server, { user: { ...user, list: 'together', onFailure: 'catch' } });
    const out = await flow.sendList({ payload: TABLE, topic: 'kept' });
    expect(out).to.have.all.keys('found', 'completed');
    expect(out.found).to.include({ topic: 'kept' }).and.to.not.have.property('error');
    expect(short(out.found?.payload)).to.deep.equal([
      [0, 'anna', 'id of anna', TABLE[0]], [1, null, 'CIAM.INPUT', TABLE[1]], [2, 'nobody', 'IDAAS.TENANT.USER.0001', TABLE[2]],
    ]);
    expect((out.found?.payload as Entry[]).map((entry) => [entry.user === null, entry.error === null])).to.deep.equal([[false, true], [true, false], [true, false]]);
    expect(out.found?.lookup).to.include({ total: 3, found: 1, failed: 2 });
    await tearDown();
    const plain = await deployWith(await startServer(), { user: { by: 'username', list: 'together' } });
    const { found: without } = await plain.sendList({ payload: ['anna'] });
    expect((without?.payload as Entry[])[0]).to.have.all.keys('index', 'value', 'user', 'error');
  });

  it('may hold it deeper, or under a heading that is no path', async () => {
    const flow = await deployWith(server, { user: { ...user, item: 'contact.names[0]' } });
    expect((await flow.send({ payload: { contact: { names: ['anna'] } } })).message.payload).to.include({ user_id: 'id of anna' });
    expect((await flow.send({ payload: { contact: null } })).message.error).to.include({ code: 'CIAM.INPUT' });
    await tearDown();
    const other = await startServer();
    const headed = await deployWith(other, { user: { ...user, item: '登录 名.1' } });
    expect((await headed.send({ payload: { '登录 名.1': 'anna' } })).message.payload).to.include({ user_id: 'id of anna' });
  });

  it('single values need no row', async () => {
    const flow = await deployWith(server, { user });
    expect((await flow.send({ payload: 'anna' })).message.payload).to.include({ user_id: 'id of anna' });
    expect((await flow.send({ payload: Buffer.from('anna') })).message.payload).to.include({ user_id: 'id of anna' });
  });

  it('without `item` the advice says how to set it', async () => {
    const flow = await deployWith(server, { user: { by: 'username' } });
    const { failed } = await flow.sendList({ payload: TABLE });
    const [first] = failed?.payload as { error: { code: string; advice: string } }[];
    expect(first?.error).to.include({ code: 'CIAM.INPUT' }).and.to.have.property('advice').that.matches(/object.*"item"/);
    const { message } = await flow.send({ payload: { phone: 'anna' } });
    expect(message.error).to.have.property('advice').that.matches(/"item"/);
  });

  it('of the two messages share nothing', async () => {
    const flow = await deployWith(server, { user: { ...user, value: 'rows', valueType: 'msg' } });
    const { found: first, failed: second } = await flow.sendList({ rows: TABLE });
    const [row] = first?.payload as Entry[];
    expect(row?.item).to.deep.equal(TABLE[0]);
    expect(row?.item).to.not.equal((second?.rows as unknown[])[0]);
  });
});
