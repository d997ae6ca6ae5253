/** TLS and proxies as a flow sets them: with Node-RED's own tls-config and http proxy nodes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ServerOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import type { Red } from '../../nodes/shared/red';
import { type Authority, createAuthority, type KeyPair, selfSigned } from '../support/certificates';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy';
import type { ScriptedTenant } from '../support/servers';
import { post } from './admin';
import { deploy, type Flow, type Message, type Parts, startServer, tearDown } from './support';

const coreNode = (file: string): ((red: Red) => void) => {
  const fromNodeRed = createRequire(require.resolve('node-red'));
  return fromNodeRed(join(dirname(fromNodeRed.resolve('@node-red/nodes/package.json')), 'core/network', file)) as (red: Red) => void;
};
const types = [coreNode('05-tls.js'), coreNode('06-httpproxy.js')];

interface TlsNode {
  properties?: object;
  credentials?: Record<string, string>;
}

describe('TLS and proxies in a flow', () => {
  let authority: Authority;
  let good: KeyPair;
  before(async () => {
    authority = await createAuthority('Authority of the tests');
    good = await authority.server();
  });
  afterEach(tearDown);

  const serve = (tls: ServerOptions = good): Promise<ScriptedTenant> => startServer({ tls });
  const deployTls = (server: ScriptedTenant, { properties = {}, credentials = {} }: TlsNode, parts: Parts = {}): Promise<Flow> => deploy({
    types,
    tenant: { domain: `localhost:${server.port}`, tls: 'tls', retries: 0, ...parts.tenant },
    more: [
      { id: 'tls', type: 'tls-config', name: '', cert: '', key: '', ca: '', certname: '', keyname: '', caname: '', servername: '', verifyservercert: true, alpnprotocol: '', ...properties },
      ...parts.more ?? [],
    ],
    moreCredentials: { tls: credentials, ...parts.moreCredentials },
  });
  const lookUp = async (flow: Flow): Promise<Message> => (await flow.send({ payload: '13800001111' })).message;
  const expectFound = async (flow: Flow): Promise<void> => {
    const { payload, error } = await lookUp(flow);
    expect(payload, JSON.stringify(error)).to.include({ user_id: 'id of 13800001111' });
  };
  const expectRefused = async (flow: Flow, code: string): Promise<void> => {
    const { error } = await lookUp(flow);
    expect(error).to.deep.include({ code: 'CIAM.TLS', category: 'untrusted', retryable: false, system: code });
  };

  describe('tls-config', () => {
    it('makes the tenant trust an authority of one\'s own', async () => {
      const server = await serve();
      await expectFound(await deployTls(server, { credentials: { cadata: authority.cert } }));
    });

    it('reads certificates from files, too', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'ciam-tls-'));
      try {
        writeFileSync(join(folder, 'ca.pem'), authority.cert);
        const server = await serve();
        await expectFound(await deployTls(server, { properties: { ca: join(folder, 'ca.pem') } }));
        await tearDown();
        const flow = await deployTls(await serve(), { properties: { ca: join(folder, 'missing.pem') } });
        expect((await lookUp(flow)).error).to.include({ code: 'CIAM.CONFIG' }).and.to.have.property('message').that.matches(/^tls: /);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it('shows a client certificate to a server that wants one, which is refused without', async () => {
      const wanted = { ...good, ca: authority.cert, requestCert: true, rejectUnauthorized: true };
      const { key, cert } = await authority.client('flow', { passphrase: 'sesame' });
      await expectFound(await deployTls(await serve(wanted), { credentials: { cadata: authority.cert, certdata: cert, keydata: key, passphrase: 'sesame' } }));
      await tearDown();
      await expectRefused(await deployTls(await serve(wanted), { credentials: { cadata: authority.cert } }), 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
    });

    it('refuses another host, an expired and a self-signed certificate', async () => {
      const credentials = { cadata: authority.cert };
      await expectRefused(await deployTls(await serve(await authority.server({ names: ['other.example.com'] })), { credentials }), 'ERR_TLS_CERT_ALTNAME_INVALID');
      await tearDown();
      await expectRefused(await deployTls(await serve(await authority.server({ expired: true })), { credentials }), 'CERT_HAS_EXPIRED');
      await tearDown();
      await expectRefused(await deployTls(await serve(await selfSigned()), { credentials }), 'DEPTH_ZERO_SELF_SIGNED_CERT');
    });

    it('that names another server takes its certificate', async () => {
      const server = await serve(await authority.server({ names: ['other.example.com'] }));
      await expectFound(await deployTls(server, { properties: { servername: 'other.example.com' }, credentials: { cadata: authority.cert } }));
    });

    it('that checks nothing takes anything', async () => {
      await expectFound(await deployTls(await serve(await selfSigned()), { properties: { verifyservercert: false } }));
    });

    it('is not needed: without one the usual authorities count', async () => {
      await expectRefused(await deployTls(await serve(), {}, { tenant: { tls: '' } }), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    });

    it('with a certificate and no key is named', async () => {
      const flow = await deployTls(await serve(), { credentials: { certdata: good.cert } });
      expect((await lookUp(flow)).error).to.include({ code: 'CIAM.CONFIG' }).and.to.have.property('message').that.matches(/^tls: /);
    });
  });

  describe('http proxy', () => {
    let proxy: ConnectProxy;
    beforeEach(async () => {
      proxy = await startConnectProxy('user:pa ss@:');
    });
    afterEach(() => proxy.close());

    const deployProxy = async (properties: object, credentials: Record<string, string> = { username: 'user', password: 'pa ss@:' }, tenant: object = {}): Promise<Flow> =>
      deployTls(await serve(), { credentials: { cadata: authority.cert } }, {
        tenant: { proxy: 'proxy', ...tenant },
        more: [{ id: 'proxy', type: 'http proxy', name: '', url: proxy.url, noproxy: [], ...properties }],
        moreCredentials: { proxy: credentials },
      });

    it('is the way to the tenant, with its password', async () => {
      const flow = await deployProxy({});
      await expectFound(flow);
      expect(proxy.connects).to.have.length(1);
    });

    it('may be written without its scheme', async () => {
      await expectFound(await deployProxy({ url: `127.0.0.1:${proxy.port}` }));
      expect(proxy.connects).to.have.length(1);
    });

    it('is asked through its tunnels again', async () => {
      const flow = await deployProxy({}, undefined, { concurrency: 3 });
      await Promise.all(Array.from({ length: 60 }, (_, index) => flow.send({ payload: String(index) })));
      expect(proxy.connects).to.have.length(3);
    });

    it('whose password is wrong is named, with advice', async () => {
      const flow = await deployProxy({}, { username: 'user', password: 'a-wrong-password' });
      const message = await lookUp(flow);
      expect(message.error).to.deep.include({
        code: 'CIAM.NETWORK', category: 'unavailable', system: 'PROXY_AUTHENTICATION_REQUIRED', advice: 'Check the user name and password in the proxy node.',
      });
      expect(JSON.stringify(message)).to.not.include('a-wrong-password');
    });

    it('that is dead is told', async () => {
      const flow = await deployProxy({});
      await proxy.close();
      const { error } = await lookUp(flow);
      expect(error).to.deep.include({ code: 'CIAM.NETWORK', retryable: true, system: 'ECONNREFUSED' });
      expect(error).to.have.property('message').that.includes('proxy');
      // Code and system are those of a tenant where nobody listens; the dialogs tell it apart all the same.
      for (const [path, body] of [['/ciam-tenant/tenant/test', {}], ['/ciam-user/try', { tenant: { id: 'tenant', timeout: 1 }, user: { by: 'mobile' }, value: '13800001111' }]] as const) {
        expect((await post(path, body)).body, path).to.have.nested.property('error.advice').that.includes('the proxy itself could not be reached');
      }
    });

    for (const noproxy of [['localhost'], ['example.com', '.localhost'], 'example.com, localhost']) {
      it(`is left aside for ${JSON.stringify(noproxy)}`, async () => {
        await expectFound(await deployProxy({ noproxy }));
        expect(proxy.connects).to.be.empty;
      });
    }

    it('may lack its list of exceptions', async () => {
      for (const noproxy of [undefined, null, '', []]) await deployProxy({ noproxy }).then(expectFound).finally(tearDown);
      expect(proxy.connects).to.have.length(4);
    });

    it('is not for the demo tenant', async () => {
      const flow = await deployProxy({}, undefined, { demo: true });
      expect((await lookUp(flow)).payload).to.include({ name: '张三' });
      expect(proxy.connects).to.be.empty;
    });

    it('without an address that makes sense is named', async () => {
      for (const url of ['', 'socks5://127.0.0.1:1', 'http://', 'two words']) {
        const { error } = await lookUp(await deployProxy({ url }));
        expect(error).to.include({ code: 'CIAM.CONFIG' }).and.to.have.property('message').that.matches(/^proxy: /);
        await tearDown();
      }
    });
  });
});
