/** TLS and proxies in a real Node-RED, each major with the HTTP library that npm picked for its Node.js. */
import { expect } from 'chai';
import { type Authority, createAuthority } from '../support/certificates';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy';
import { type FlowNode, MAJORS, type NodeRed, startNodeRed } from '../support/runtime';
import { ScriptedTenant } from '../support/servers';

const PLACE = { z: 'tab', x: 100, y: 100 };
const TLS_NODE = { type: 'tls-config', name: '', cert: '', key: '', ca: '', certname: '', keyname: '', caname: '', servername: '', verifyservercert: true, alpnprotocol: '' };

interface Way {
  tenant: object;
  tls?: Record<string, string>;
}

for (const major of MAJORS) {
  describe(`TLS and proxies in Node-RED ${major}`, () => {
    let authority: Authority;
    let server: ScriptedTenant;
    let mutual: ScriptedTenant;
    let expired: ScriptedTenant;
    let proxy: ConnectProxy;
    let environmentProxy: ConnectProxy;
    let red: NodeRed;
    const ways: Record<string, Way> = {};

    before(async () => {
      authority = await createAuthority('Authority of the tests');
      const good = await authority.server();
      server = await ScriptedTenant.start({ tls: { ...good, ALPNProtocols: ['h2', 'http/1.1'] } });
      mutual = await ScriptedTenant.start({ tls: { ...good, ca: authority.cert, requestCert: true, rejectUnauthorized: true } });
      expired = await ScriptedTenant.start({ tls: await authority.server({ expired: true }) });
      proxy = await startConnectProxy('user:sesame');
      environmentProxy = await startConnectProxy();
      const ca = { cadata: authority.cert };
      const client = await authority.client('flow');
      Object.assign(ways, {
        direct: { tenant: { domain: `127.0.0.1:${server.port}` }, tls: ca },
        untrusted: { tenant: { domain: `127.0.0.1:${server.port}` }, tls: {} },
        expired: { tenant: { domain: `127.0.0.1:${expired.port}` }, tls: ca },
        mutual: { tenant: { domain: `127.0.0.1:${mutual.port}` }, tls: { ...ca, certdata: client.cert, keydata: client.key } },
        nobody: { tenant: { domain: `127.0.0.1:${mutual.port}` }, tls: ca },
        proxied: { tenant: { domain: `127.0.0.1:${server.port}`, proxy: 'proxy', concurrency: 2, retries: 0 }, tls: ca },
        locked: { tenant: { domain: `127.0.0.1:${server.port}`, proxy: 'locked' }, tls: ca },
        environment: { tenant: { domain: `localhost:${server.port}` }, tls: ca },
      } satisfies Record<string, Way>);
      red = await startNodeRed({ major, flows: flowsOf(), env: { https_proxy: environmentProxy.url, no_proxy: '127.0.0.1' } });
    });
    after(async () => {
      await red.stop();
      await Promise.all([server, mutual, expired, proxy, environmentProxy].map((part) => part.close()));
    });

    /** One chain of nodes for each way to a tenant. */
    const flowsOf = (): FlowNode[] => [
      { id: 'tab', type: 'tab', label: 'Ways' },
      { id: 'proxy', type: 'http proxy', name: '', url: proxy.url, noproxy: [], credentials: { username: 'user', password: 'sesame' } },
      { id: 'locked', type: 'http proxy', name: '', url: proxy.url, noproxy: [], credentials: { username: 'user', password: 'barley' } },
      ...Object.entries(ways).flatMap(([way, { tenant, tls = {} }]): FlowNode[] => [
        { ...TLS_NODE, id: `tls ${way}`, credentials: tls },
        { id: `tenant ${way}`, type: 'ciam-tenant', auth: 'token', retries: 1, warmUp: false, tls: `tls ${way}`, credentials: { token: 'a-token' }, ...tenant },
        { id: `go ${way}`, type: 'inject', ...PLACE, props: [{ p: 'payload' }], payload: '13800001111', payloadType: 'str', repeat: '', once: false, wires: [[`user ${way}`]] },
        { id: `user ${way}`, type: 'ciam-user', ...PLACE, tenant: `tenant ${way}`, wires: [[`debug ${way}`], [`debug ${way}`]] },
        { id: `debug ${way}`, type: 'debug', ...PLACE, active: true, tosidebar: true, complete: 'true', targetType: 'full', wires: [] },
      ]),
    ];

    const outcome = async (way: string): Promise<{ payload: unknown; error?: { code: string; cause?: { code: string } } }> => {
      red.debug.length = 0;
      await red.inject(`go ${way}`);
      const line = await red.until(() => red.debug.find(({ id }) => id === `debug ${way}`), way);
      return line.msg as { payload: unknown };
    };
    const expectFound = async (way: string): Promise<void> => {
      expect((await outcome(way)).payload).to.include({ user_id: 'id of 13800001111' });
    };
    const expectFailure = async (way: string, code: string, system: string): Promise<void> => {
      expect((await outcome(way)).error).to.include({ code, system });
    };

    it('trusts the authority that it was given, and no other', async () => {
      await expectFound('direct');
      await expectFailure('untrusted', 'CIAM.TLS', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
      await expectFailure('expired', 'CIAM.TLS', 'CERT_HAS_EXPIRED');
    });

    it('shows a client certificate, and is told when there is none', async () => {
      await expectFound('mutual');
      await expectFailure('nobody', 'CIAM.TLS', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
    });

    it('speaks HTTP/1.1 only, whatever its library would rather', () => {
      for (const { socket } of server.lookups) expect(socket).to.have.property('alpnProtocol', 'http/1.1');
    });

    it('goes through a proxy with a password, and reuses its tunnels', async () => {
      for (let lookup = 0; lookup < 5; lookup++) await expectFound('proxied');
      expect(proxy.connects.length).to.be.within(1, 2);
      expect(proxy.connects[0]?.target).to.equal(`127.0.0.1:${server.port}`);
    });

    it('names a wrong password of the proxy', async () => {
      await expectFailure('locked', 'CIAM.NETWORK', 'PROXY_AUTHENTICATION_REQUIRED');
    });

    it('survives a proxy that hangs up', async () => {
      const before = proxy.connects.length;
      proxy.endTunnels();
      await server.until(() => server.sockets.size <= 2);
      proxy.reaction = 'hang-up';
      await expectFailure('proxied', 'CIAM.NETWORK', 'ECONNRESET');
      expect(proxy.connects.length - before).to.be.at.most(2);
      proxy.reaction = 'tunnel';
      await expectFound('proxied');
    });

    it('takes the proxy of the environment, except where no_proxy says', async () => {
      await expectFound('environment');
      expect(environmentProxy.connects.map(({ target }) => target)).to.deep.equal([`localhost:${server.port}`]);
    });
  });
}
