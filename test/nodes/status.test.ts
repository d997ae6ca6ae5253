/** The coloured dot under a node. */
import { expect } from 'chai';
import { CATALOGUE } from '../../nodes/shared/catalogue';
import type { Status } from '../../nodes/shared/red';
import { createStatusLight } from '../../nodes/ciam-user/status';
import type { NodeCondition } from '../../src/node-api';
import { answer, found, inTurn, notFound, type ScriptedTenant, silent } from '../support/servers';
import { deployWith, type Flow, node, startServer, tearDown } from './support';

/** Without the tenant, which is told as well. */
type Shown = Omit<Status, 'tenant'>;
const text = (key: string): string => `${CATALOGUE}ciam-user.status.${key}`;
const FOUND: Shown = { fill: 'green', shape: 'dot', text: text('found'), code: null, category: null };
const busy = (words: string): Shown => ({ fill: 'blue', shape: 'dot', text: words, code: null, category: null });
const inFlight = (count: number): Shown => busy(String(count));
const ring = (fill: 'red' | 'yellow', code: string, category: string, key = category): Shown => ({ fill, shape: 'ring', text: text(key), code, category });
const NOT_FOUND = ring('yellow', 'IDAAS.TENANT.USER.0001', 'not-found');
const without = (status: Status): Shown => {
  const shown = { ...status };
  delete shown.tenant;
  return shown;
};

describe('ciam-user, status', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(tearDown);

  const showsLast = (flow: Flow, status: Shown): Promise<void> => flow.until(() => JSON.stringify(without(flow.statuses.at(-1) ?? {})) === JSON.stringify(status));

  it('is blue while a lookup is in flight, then green', async () => {
    const flow = await deployWith(server);
    await flow.send({ payload: '13800001111' });
    await showsLast(flow, FOUND);
    expect(flow.statuses.map(without)).to.deep.equal([inFlight(1), FOUND]);
    expect(new Set(flow.statuses.map(({ tenant }) => tenant))).to.deep.equal(new Set([`127.0.0.1:${server.port}`]));
  });

  it('is a yellow ring for a user who is not found, and for a value that is none', async () => {
    server.onLookup = notFound;
    const flow = await deployWith(server);
    await flow.send({ payload: '13800001111' });
    await showsLast(flow, NOT_FOUND);
    await flow.send({ payload: '' });
    await showsLast(flow, ring('yellow', 'CIAM.INPUT', 'invalid-input'));
  });

  it('is a red ring in words for everything else, with the code beside', async () => {
    const flow = await deployWith(server, { tenant: { retries: 0 } });
    for (const [script, code, category, words] of [
      [answer(500, ''), 'CIAM.HTTP.500', 'unavailable', 'server-error'], [answer(503, ''), 'CIAM.HTTP.503', 'unavailable', 'gateway'],
      [answer(400, { error: 'access_denied' }), 'access_denied', 'forbidden', 'forbidden'], [answer(200, []), 'CIAM.RESPONSE', 'bad-response', 'bad-response'],
    ] as const) {
      server.onLookup = script;
      await flow.send({ payload: '13800001111' });
      await showsLast(flow, ring('red', code, category, words));
    }
  });

  it('is a red ring at deploy for a tenant that cannot work', async () => {
    const flow = await deployWith({ url: 'http://tenant.example.com' });
    await showsLast(flow, ring('red', 'CIAM.CONFIG', 'config'));
    await tearDown();
    const missing = await deployWith(server, { user: { tenant: 'nobody' } });
    await showsLast(missing, ring('red', 'CIAM.CONFIG', 'config'));
  });

  it('is a yellow dot while lookups wait for a tenant that is away, in words', async () => {
    server.onLookup = (seen) => seen.socket.destroy();
    const flow = await deployWith(server, { tenant: { timeout: 5 } });
    const lookups = Array.from({ length: 12 }, (_, index) => flow.send({ payload: String(13_800_001_000 + index) }));
    await showsLast(flow, { fill: 'yellow', shape: 'dot', text: text('waiting-unreachable'), code: 'CIAM.NETWORK', category: 'unavailable' });
    server.onLookup = found;
    await Promise.all(lookups);
    await showsLast(flow, FOUND);
  });

  it('is a yellow dot while lookups wait for a pause', async () => {
    server.onLookup = inTurn(answer(429, '', { 'retry-after': '1' }), found);
    const flow = await deployWith(server);
    const lookup = flow.send({ payload: '13800001111' });
    await showsLast(flow, { fill: 'yellow', shape: 'dot', text: text('waiting-paused'), code: 'CIAM.HTTP.429', category: 'rate-limited' });
    await lookup;
    await showsLast(flow, FOUND);
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
    await showsLast(flow, busy('3/4'));
    server.onLookup = notFound;
    server.lookups.find(({ value }) => value === 'b')?.socket.destroy();
    await list;
    await showsLast(flow, NOT_FOUND);
  });

  it('shows of a list what is no matter of an item first, and one code for all where Catch nodes get one', async () => {
    server.onLookup = (seen, response) => (seen.value === 'b' ? answer(400, { error: 'access_denied' }) : notFound)(seen, response);
    const flow = await deployWith(server, { user: { by: 'username' } });
    await flow.sendList({ payload: ['a', 'b', 'c'] });
    await showsLast(flow, ring('red', 'access_denied', 'forbidden'));
    await tearDown();
    const other = await startServer();
    other.onLookup = notFound;
    const catching = await deployWith(other, { user: { by: 'username', onFailure: 'catch' } });
    await catching.sendList({ payload: ['a', 'b', 'c'] });
    await showsLast(catching, ring('red', 'CIAM.LIST', 'rejected', 'list'));
  });

  it('adds up lists that run at the same time, and goes on with what is left', async () => {
    server.onLookup = silent;
    const flow = await deployWith(server, { user: { by: 'username' } });
    const lists = [flow.sendList({ payload: ['a', ''] }), flow.sendList({ payload: ['b', '', ''] })];
    await showsLast(flow, busy('3/5'));
    server.onLookup = found;
    server.lookups.find(({ value }) => value === 'a')?.socket.destroy();
    await lists[0];
    server.lookups.find(({ value }) => value === 'b')?.socket.destroy();
    await lists[1];
    await showsLast(flow, ring('yellow', 'CIAM.INPUT', 'invalid-input'));
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
    const condition: NodeCondition = { state: 'ready', tenant: 'host', code: null, since: '', heldMs: 0, failed: 0, cause: null };
    const light = createStatusLight({ status: (status) => void statuses.push(status) }, () => condition);
    light.started();
    light.close();
    light.settled(null);
    light.progress({}, 1, 2);
    expect(statuses.map(without)).to.deep.equal([inFlight(1), {}]);
  });
});
