/** Trouble is never silent: what becomes of a failure when the second output leads nowhere. */
import { expect } from 'chai';
import { answer, found, notFound, type ScriptedTenant } from '../support/servers';
import { deployWith, LEVELS, logOf, startServer, tearDown } from './support';

const UNWIRED = { wires: [['found'], []] };
const errors = (): string[] => logOf('user').filter(({ level }) => level === LEVELS.error).map(({ text }) => text);

describe('ciam-user, second output without a wire', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(tearDown);

  it('a failure goes to Catch nodes as with "catch"', async () => {
    server.onLookup = answer(400, { error: 'access_denied', error_description: 'User Zhang San (zhangsan) may not' });
    const flow = await deployWith(server, { user: UNWIRED });
    const { port, message } = await flow.send({ payload: '13800001111' });
    expect(port).to.equal('caught');
    expect(message).to.include({ payload: 'access_denied' });
    expect(message.lookup).to.include({ value: '13800001111' });
    expect(message.error).to.include({ code: 'access_denied' }).and.to.have.property('message').that.matches(/^access_denied: /);
  });

  for (const [port, wires] of [['caught', ['off']], ['failed', ['off', 'failed']]] as const) {
    it(`wired to ${wires.join(' and ')}, of which "off" is disabled: a failure is ${port}`, async () => {
      server.onLookup = answer(400, { error: 'access_denied' });
      const more = [{ id: 'off', type: 'helper', z: 'tab', x: 0, y: 0, d: true, wires: [] }];
      const flow = await deployWith(server, { user: { wires: [['found'], wires] }, more });
      expect((await flow.send({ payload: '13800001111' })).port).to.equal(port);
    });
  }

  it('without a Catch node the log has it, and nothing that the tenant wrote', async () => {
    server.onLookup = answer(400, { error: 'access_denied', error_description: 'User Zhang San (zhangsan) may not' });
    const flow = await deployWith(server, { user: UNWIRED, caught: ['nobody'] });
    flow.user.receive({ payload: '13800001111' });
    await flow.until(() => flow.statuses.at(-1)?.fill === 'red');
    expect(errors()).to.have.length(1);
    expect(errors()[0]).to.match(/^access_denied: /).and.to.not.match(/[Zz]hang|1380000/);
  });

  it('a not-found ends quietly', async () => {
    server.onLookup = notFound;
    const flow = await deployWith(server, { user: UNWIRED });
    expect(await flow.sendList({ payload: '13800001111' })).to.have.all.keys('completed');
    expect(errors()).to.deep.equal([]);
  });

  it('a list ends quietly if nothing but not-founds failed, and is caught otherwise', async () => {
    server.onLookup = (seen, response) => (seen.value === 'locked' ? answer(400, { error: 'access_denied' }) : seen.value === 'nobody' ? notFound : found)(seen, response);
    const flow = await deployWith(server, { user: { ...UNWIRED, by: 'username' } });
    expect(await flow.sendList({ payload: ['anna', 'nobody'] })).to.have.all.keys('found', 'completed');
    expect(await flow.sendList({ payload: ['nobody'] })).to.have.all.keys('completed');
    const out = await flow.sendList({ payload: ['anna', 'nobody', 'locked'] });
    expect(out).to.have.all.keys('found', 'caught');
    expect(out.caught?.error).to.include({ code: 'CIAM.LIST' });
    expect(out.caught?.payload).to.have.length(2);
  });
});
