/** Connections that were fine and are not any more, and tokens that the lookups do not know yet. At the defaults. */
import { expect } from 'chai';
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { NodeTenant } from '../../src/node-api';
import { CLIENT, closeAll, openTenant, startProxy, startServer } from '../src/support';
import { answer, found, inTurn, type ScriptedTenant } from '../support/servers';
import { type Fault, type FaultProxy } from '../support/tcp-proxy';
import { report } from './report';
import { codes, failed, freshMobile, type Outcome, Traffic } from './traffic';

const CONCURRENCY = 16;
/** From when on an idle connection that stays silent is doubted. */
const IDLE_MS = 5000;

const slowest = (outcomes: Outcome[]): number => Math.max(...outcomes.map(({ sentAt, endedAt }) => endedAt - sentAt));

interface Old {
  server: ScriptedTenant;
  network: FaultProxy;
  tenant: NodeTenant;
  /** From now on this happens to the connections that are open: at their next request. */
  spoil: (how: (client: Socket) => void) => void;
}

/** A tenant with as many kept connections as it may have, all used once. */
const withOldConnections = async (): Promise<Old> => {
  const server = await startServer();
  const spoilt = new Map<Socket, (client: Socket) => void>();
  const network = await startProxy(server);
  const fault: Fault = (client, dial) => {
    const upstream = dial();
    client.on('data', (chunk: Buffer) => {
      const how = spoilt.get(client);
      if (how) how(client);
      else upstream.write(chunk);
    });
    upstream.pipe(client);
  };
  network.faults = [fault];
  const tenant = openTenant(network, CLIENT);
  await tenant.lookup({ by: 'mobile', value: freshMobile() });
  const held = server.hold();
  const traffic = new Traffic(tenant);
  traffic.send(CONCURRENCY);
  await server.until(() => held.length === CONCURRENCY);
  server.onLookup = found;
  for (const give of held) give(found);
  await traffic.settled();
  expect(network.clients.size).to.equal(CONCURRENCY);
  return {
    server, network, tenant,
    spoil: (how) => {
      for (const client of network.clients) spoilt.set(client, how);
    },
  };
};

describe('kept connections that are not what they were', () => {
  afterEach(closeAll);

  const ends: [string, (client: Socket) => void][] = [['reset', (client) => client.resetAndDestroy()], ['closed', (client) => client.destroy()]];
  for (const [name, end] of ends) {
    for (const burst of [10, 16, 100]) {
      it(`${name} when they are used again, a burst of ${burst}: nobody fails`, async () => {
        const { tenant, spoil } = await withOldConnections();
        spoil(end);
        const traffic = new Traffic(tenant);
        traffic.send(burst);
        const outcomes = await traffic.settled();
        report(`kept connections ${name} when used again, burst of ${burst}`, name === 'reset' ? '0 found' : '', `${burst - failed(outcomes).length} found, the last after ${Math.round(slowest(outcomes))} ms`);
        expect(codes(outcomes)).to.deep.equal({ ok: burst });
        expect(tenant.stats()).to.deep.include({ circuit: 'closed', failures: {} });
      });
    }
  }

  it('silent after 5 s without use, a burst of 40: nobody fails', async () => {
    const { tenant, spoil } = await withOldConnections();
    await setTimeout(IDLE_MS + 200);
    spoil(() => undefined);
    const traffic = new Traffic(tenant);
    traffic.send(40);
    const outcomes = await traffic.settled();
    report('16 idle connections that swallow everything, burst of 40', '14 CIAM.TIMEOUT, circuit open', `${failed(outcomes).length} fail, the last outcome after ${(slowest(outcomes) / 1000).toFixed(1)} s`);
    expect(codes(outcomes)).to.deep.equal({ ok: 40 });
  });
});

describe('a new token that the lookups do not know yet', () => {
  afterEach(closeAll);

  for (const ms of [20, 100, 500]) {
    it(`for ${ms} ms: nobody is unauthorized`, async () => {
      const server = await startServer();
      let grantedAt = 0;
      const refused = answer(401, { error: 'invalid_token', error_description: 'not known here' });
      server.onToken = (seen, response) => {
        grantedAt = performance.now();
        answer(200, { access_token: `token granted at ${grantedAt}`.replace(/\W/g, '-'), expires_in: 1800 })(seen, response);
      };
      server.onLookup = (seen, response) => (performance.now() - grantedAt < ms ? refused : found)(seen, response);
      const tenant = openTenant(server, CLIENT);
      const traffic = new Traffic(tenant);
      traffic.send(40);
      const outcomes = await traffic.settled();
      report(`a new token that the lookups know ${ms} ms later, burst of 40`, 'every message unauthorized', `${failed(outcomes).length} fail, ${server.tokenCalls.length} token calls`);
      expect(codes(outcomes)).to.deep.equal({ ok: 40 });
    });
  }

  it('one token that expires in the middle of 200 messages: nobody is unauthorized', async () => {
    const server = await startServer();
    const tenant = openTenant(server, CLIENT);
    const traffic = new Traffic(tenant);
    server.onLookup = (seen, response) => (seen.headers.authorization === 'Bearer token-1' && server.lookups.length > 100 ? answer(400, { error: 'invalid_token' }) : found)(seen, response);
    traffic.send(200);
    expect(codes(await traffic.settled())).to.deep.equal({ ok: 200 });
    expect(server.tokenCalls).to.have.length(2);
  });

  it('a token call that is reset twice: nobody fails', async () => {
    const server = await startServer();
    server.onToken = inTurn((seen) => void seen.socket.resetAndDestroy(), (seen) => void seen.socket.resetAndDestroy(), server.onToken);
    const traffic = new Traffic(openTenant(server, CLIENT));
    traffic.send(40);
    expect(codes(await traffic.settled())).to.deep.equal({ ok: 40 });
  });
});
