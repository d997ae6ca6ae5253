/** A gateway that is restarted, reloaded or killed in front of a healthy tenant, at the defaults: no lookup fails. */
import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import type { NodeTenant, TenantSettings } from '../../src/node-api';
import { CLIENT, closeAll, closeLater, openTenant, startServer } from '../src/support';
import { type Authority, createAuthority } from '../support/certificates';
import { skipReason } from '../support/program';
import { found, type Script, ScriptedTenant } from '../support/servers';
import { Gateway, GATEWAYS, type GatewayName } from './gateway';
import { report } from './report';
import { codes, failed, freshMobile, type Outcome, PER_SECOND, RECOVERY_MS, TIMEOUT_MS, Traffic } from './traffic';

const after = (ms: number): Script => (seen, response) => void globalThis.setTimeout(() => found(seen, response), ms);

let authority: Authority | undefined;

interface Setting { gateway: Gateway; server: ScriptedTenant; tenant: NodeTenant }

const open = async (name: GatewayName, latencyMs = 10, settings: TenantSettings = {}): Promise<Setting> => {
  authority ??= await createAuthority('Authority of the gateways');
  const server = name === 'squid' ? closeLater(await ScriptedTenant.start({ tls: await authority.server() })) : await startServer();
  server.onLookup = after(latencyMs);
  const gateway = closeLater(await Gateway.start(name, server));
  // squid is a proxy on the way to a tenant over TLS; the others stand in front of it.
  const way = name === 'squid' ? { tls: { ca: authority.cert }, proxy: { url: gateway.url } } : {};
  const tenant = openTenant({ url: name === 'squid' ? `localhost:${server.port}` : gateway.url }, { ...CLIENT, ...way, ...settings });
  await tenant.lookup({ by: 'mobile', value: freshMobile() });
  return { gateway, server, tenant };
};

const during = (outcomes: Outcome[], from: number, to: number): Outcome[] => outcomes.filter(({ sentAt }) => sentAt >= from && sentAt < to);

for (const name of GATEWAYS) {
  const reason = skipReason(name);
  (reason ? describe.skip : describe)(`${name} in front of a healthy tenant${reason}`, () => {
    afterEach(closeAll);

    // With the 5 s that may pass until the next probe it is back before anybody's 10 s are over.
    for (const seconds of [1.1, 2, 4]) {
      it(`away for ${seconds} s at ${PER_SECOND} messages a second: nobody fails`, async () => {
        const { gateway, tenant } = await open(name);
        const traffic = new Traffic(tenant);
        traffic.start(PER_SECOND);
        await traffic.until(PER_SECOND / 2);
        const from = performance.now();
        await gateway.away(seconds * 1000);
        const back = performance.now();
        await traffic.until(traffic.sent + PER_SECOND);
        const outcomes = await traffic.settled();
        const late = Math.max(...outcomes.map(({ endedAt }) => endedAt)) - back;
        report(`${name} away for ${seconds} s, ${PER_SECOND}/s`, seconds === 1.1 ? '31 failures' : '', `${failed(outcomes).length} failures of ${outcomes.length}, ${during(outcomes, from, back).length} of them sent meanwhile; all done ${Math.round(late)} ms after its return`);
        expect(codes(outcomes)).to.deep.equal({ ok: outcomes.length });
      });
    }

    it('reloaded ten times at 25 messages a second, and with 1,500 waiting: nobody fails', async () => {
      const { gateway, tenant } = await open(name, 20);
      const traffic = new Traffic(tenant);
      traffic.start(PER_SECOND);
      traffic.send(1500);
      for (let reloads = 0; reloads < 10; reloads++) {
        await setTimeout(200);
        gateway.reload();
      }
      await traffic.until(1500);
      const outcomes = await traffic.settled();
      report(`${name} reloaded ten times`, '', `${failed(outcomes).length} failures of ${outcomes.length}`);
      expect(codes(outcomes)).to.deep.equal({ ok: outcomes.length });
    });

    it('away for 1.1 s with 1,500 waiting: nobody fails', async () => {
      const { gateway, tenant } = await open(name, 30);
      const traffic = new Traffic(tenant);
      traffic.send(1500);
      await traffic.until(200);
      await gateway.away(1100);
      const outcomes = await traffic.settled();
      report(`${name} away for 1.1 s, 1,500 waiting`, name === 'nginx' ? '1,101 fail' : '', `${failed(outcomes).length} fail`);
      expect(codes(outcomes)).to.deep.equal({ ok: 1500 });
    });

    it('away for 1.1 s in the middle of a list of 1,500: no item fails', async () => {
      const { gateway, tenant } = await open(name, 30);
      let begun: () => void = () => undefined;
      const some = new Promise<void>((resolve) => (begun = resolve));
      const list = tenant.lookupList({ by: 'mobile', values: Array.from({ length: 1500 }, freshMobile), progress: (settled) => settled === 200 && begun() });
      await some;
      await gateway.away(1100);
      const { lookup, failed: lost } = await list;
      report(`${name} away for 1.1 s, a list of 1,500`, name === 'nginx' ? '1,071 fail' : '', `${lost.length} fail`);
      expect(lookup).to.include({ total: 1500, found: 1500, failed: 0 });
    });

    it('away for 16 s: nobody fails before timeout, and nobody once it has been back for the interval of a probe', async () => {
      const { gateway, tenant } = await open(name);
      const traffic = new Traffic(tenant);
      traffic.start(PER_SECOND);
      await traffic.until(PER_SECOND / 2);
      const from = performance.now();
      await gateway.away(16_000);
      const back = performance.now();
      await setTimeout(RECOVERY_MS + 1500);
      const outcomes = await traffic.settled();
      const lost = failed(outcomes);
      const [first, last] = [Math.min(...lost.map(({ endedAt }) => endedAt)) - from, Math.max(...lost.map(({ endedAt }) => endedAt)) - back];
      report(`${name} away for 16 s, ${PER_SECOND}/s`, name === 'nginx' ? '779 failures, 379 of them in the 15.2 s after it was back' : '', `${lost.length} failures, the first ${(first / 1000).toFixed(1)} s after it left, the last ${(last / 1000).toFixed(1)} s after it was back`);
      expect(first).to.be.at.least(TIMEOUT_MS - 100);
      expect(last).to.be.at.most(RECOVERY_MS);
      expect(during(outcomes, from + TIMEOUT_MS, back).length, 'lookups of the last six seconds').to.be.at.least(PER_SECOND);
      expect(Object.keys(codes(lost)).filter((code) => !['CIAM.NETWORK', 'CIAM.CIRCUIT', 'CIAM.TIMEOUT'].includes(code))).to.deep.equal([]);
    });

    it('a single message while connections are refused for 2 s is found', async () => {
      const { gateway, tenant } = await open(name);
      await gateway.stop();
      const traffic = new Traffic(tenant);
      traffic.send();
      await setTimeout(2000);
      await gateway.start();
      const outcomes = await traffic.settled();
      expect(codes(outcomes)).to.deep.equal({ ok: 1 });
      report(`a single message, ${name} away for 2 s`, '', `found after ${Math.round(Math.max(...outcomes.map(({ sentAt, endedAt }) => endedAt - sentAt)))} ms`);
    });
  });
}

const noNginx = skipReason('nginx');
(noNginx ? describe.skip : describe)(`a killed worker process of nginx${noNginx}`, () => {
  afterEach(closeAll);

  it('with 1,500 waiting: nobody fails', async () => {
    const { gateway, tenant } = await open('nginx', 30);
    const traffic = new Traffic(tenant);
    traffic.send(1500);
    await traffic.until(200);
    gateway.killWorker();
    const outcomes = await traffic.settled();
    report('nginx worker process killed, 1,500 waiting', '1,128 fail', `${failed(outcomes).length} fail`);
    expect(codes(outcomes)).to.deep.equal({ ok: 1500 });
  });
});
