/** The coloured dot under a node. */
import { expect } from 'chai';
import type { Status } from '../../nodes/shared/red';
import { createStatusLight } from '../../nodes/ciam-user/status';
import type { TenantCondition } from '../../src/node-api';
import { answer, found, notFound, type ScriptedTenant, silent } from '../support/servers';
import { deployWith, type Flow, node, startServer, tearDown } from './support';

const FOUND: Status = { fill: 'green', shape: 'dot', text: 'ciam-user.status.found' };
const inFlight = (count: number): Status => ({ fill: 'blue', shape: 'dot', text: String(count) });

describe('ciam-user, status', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(tearDown);

  const showsLast = (flow: Flow, status: Status): Promise<void> => flow.until(() => JSON.stringify(flow.statuses.at(-1)) === JSON.stringify(status));

  it('is blue while a lookup is in flight, then green', async () => {
    const flow = await deployWith(server);
    await flow.send({ payload: '13800001111' });
    await showsLast(flow, FOUND);
    expect(flow.statuses).to.deep.equal([inFlight(1), FOUND]);
  });

  it('is a yellow ring for a user who is not found, and for a value that is none', async () => {
    server.onLookup = notFound;
    const flow = await deployWith(server);
    await flow.send({ payload: '13800001111' });
    await showsLast(flow, { fill: 'yellow', shape: 'ring', text: 'ciam-user.status.not-found' });
    await flow.send({ payload: '' });
    await showsLast(flow, { fill: 'yellow', shape: 'ring', text: 'ciam-user.status.invalid-input' });
  });

  it('is a red ring with the code for everything else', async () => {
    const flow = await deployWith(server, { tenant: { retries: 0 } });
    for (const [script, text] of [[answer(503, ''), 'CIAM.HTTP.503'], [answer(400, { error: 'access_denied' }), 'access_denied'], [answer(200, []), 'CIAM.RESPONSE']] as const) {
      server.onLookup = script;
      await flow.send({ payload: '13800001111' });
      await showsLast(flow, { fill: 'red', shape: 'ring', text });
    }
  });

  it('counts what is in flight, and is right in the end, with many messages at once', async () => {
    const answers: (() => void)[] = [];
    server.onLookup = (seen, response) => void answers.push(() => found(seen, response));
    const flow = await deployWith(server);
    const lookups = Array.from({ length: 30 }, (_, index) => flow.send({ payload: String(13_800_000_000 + index) }));
    await showsLast(flow, inFlight(30));
    await server.until(() => answers.length === 16);
    server.onLookup = found;
    for (const give of answers) give();
    await Promise.all(lookups);
    await showsLast(flow, FOUND);
  });

  it('changes four times a second at most, however many messages', async () => {
    const flow = await deployWith(server);
    const times: number[] = [];
    flow.user.on('call:status', () => times.push(performance.now()));
    const start = performance.now();
    for (let sent = 0; performance.now() - start < 1100; sent++) await flow.send({ payload: sent % 2 ? '13800001111' : '' });
    expect(times.length).to.be.within(3, 6);
    times.slice(1).forEach((time, index) => expect(time - (times[index] ?? 0)).to.be.at.least(240));
  });

  it('counts up while a list runs', async () => {
    server.onLookup = (seen, response) => {
      if (seen.value === 'b') silent(seen, response);
      else found(seen, response);
    };
    const flow = await deployWith(server, { user: { by: 'username' } });
    const list = flow.sendList({ payload: ['a', 'b', 'c', 'a'] });
    await showsLast(flow, { fill: 'blue', shape: 'dot', text: '3/4' });
    server.onLookup = notFound;
    server.lookups.find(({ value }) => value === 'b')?.socket.destroy();
    await list;
    await showsLast(flow, { fill: 'yellow', shape: 'ring', text: 'ciam-user.status.not-found' });
  });

  it('shows of a list what is no matter of an item first, and one code for all where Catch nodes get one', async () => {
    server.onLookup = (seen, response) => (seen.value === 'b' ? answer(400, { error: 'access_denied' }) : notFound)(seen, response);
    const flow = await deployWith(server, { user: { by: 'username' } });
    await flow.sendList({ payload: ['a', 'b', 'c'] });
    await showsLast(flow, { fill: 'red', shape: 'ring', text: 'access_denied' });
    await tearDown();
    const catching = await deployWith(server, { user: { by: 'username', onFailure: 'catch' } });
    await catching.sendList({ payload: ['a', 'b', 'c'] });
    await showsLast(catching, { fill: 'red', shape: 'ring', text: 'CIAM.LIST' });
  });

  it('adds up lists that run at the same time, and goes on with what is left', async () => {
    server.onLookup = silent;
    const flow = await deployWith(server, { user: { by: 'username' } });
    const lists = [flow.sendList({ payload: ['a', ''] }), flow.sendList({ payload: ['b', '', ''] })];
    await showsLast(flow, { fill: 'blue', shape: 'dot', text: '3/5' });
    server.onLookup = found;
    server.lookups.find(({ value }) => value === 'a')?.socket.destroy();
    await lists[0];
    server.lookups.find(({ value }) => value === 'b')?.socket.destroy();
    await lists[1];
    await showsLast(flow, { fill: 'yellow', shape: 'ring', text: 'ciam-user.status.invalid-input' });
  });

  it('is cleared on close', async () => {
    const flow = await deployWith(server);
    await flow.send({ payload: '13800001111' });
    await node('user').close();
    await showsLast(flow, {});
  });

  it('holds nothing of a user', async () => {
    const flow = await deployWith(server);
    for (const script of [found, notFound, answer(400, { error_code: 'Odd code of 13800001111', error_msg: '13800001111' })]) {
      server.onLookup = script;
      await flow.send({ payload: '13800001111' });
      await flow.sendList({ payload: ['13800001111'] });
    }
    expect(JSON.stringify(flow.statuses)).to.not.match(/1380000|张三/);
  });

  it('that is cleared stays so, whatever comes late', () => {
    const statuses: Status[] = [];
    const condition: TenantCondition = { state: 'ready', tenant: 'host', code: null, since: '', heldMs: 0, failed: 0 };
    const light = createStatusLight({ status: (status) => void statuses.push(status) }, () => condition);
    light.started();
    light.close();
    light.settled(null);
    light.progress({}, 1, 2);
    expect(statuses).to.deep.equal([inFlight(1), {}]);
  });
});
