/** Lookups through an HTTP proxy: TLS all the way to the tenant, and every way in which a proxy fails. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { expect } from 'chai';
import type { ProxySettings, Tenant, TenantSettings } from '../../src/node-api';
import { type Authority, createAuthority } from '../support/certificates';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy';
import { ScriptedTenant } from '../support/servers';
import { byMobile, closeAll, closeLater, codesOf, failureOf, mobiles, openTenant } from './support';

describe('HTTP proxy', () => {
  let authority: Authority;
  let server: ScriptedTenant;
  before(async () => {
    authority = await createAuthority('Authority of the tests');
  });
  beforeEach(async () => {
    server = closeLater(await ScriptedTenant.start({ tls: await authority.server() }));
  });
  afterEach(closeAll);

  const startProxy = async (password?: string): Promise<ConnectProxy> => closeLater(await startConnectProxy(password));
  const through = ({ url, noProxy }: ProxySettings, settings: TenantSettings = {}): Tenant =>
    openTenant({ url: `localhost:${server.port}` }, { tls: { ca: authority.cert }, retries: 0, ...settings, proxy: { url, ...(noProxy && { noProxy }) } });
  const withPassword = ({ port }: ConnectProxy, user: string, password: string): ProxySettings =>
    ({ url: `http://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}` });

  it('asks for a tunnel to the tenant, and speaks TLS with the tenant in it', async () => {
    const proxy = await startProxy();
    expect((await byMobile(through(proxy), '13800001111')).user.user_id).to.equal('id of 13800001111');
    expect(proxy.connects).to.deep.equal([{ target: `localhost:${server.port}`, authorization: undefined }]);
    expect(server.lookups[0]?.headers).to.not.have.any.keys('proxy-authorization', 'via', 'proxy-connection');
  });

  it('checks the certificate of the tenant in the tunnel', async () => {
    const proxy = await startProxy();
    const failure = await failureOf(byMobile(through(proxy, { tls: { servername: 'other.example.com', ca: authority.cert } }), '13800001111'));
    expect(failure).to.include({ code: 'CIAM.TLS' });
    expect(failure.system).to.equal('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('reuses its tunnels: never more of them than lookups in flight', async () => {
    const proxy = await startProxy();
    const tenant = through(proxy, { concurrency: 4 });
    const codes = await codesOf(mobiles(200).map((value) => byMobile(tenant, value)));
    expect(codes).to.deep.equal(Array.from({ length: 200 }, () => 'ok'));
    expect(proxy.connects).to.have.length(4);
    expect(server.connections).to.equal(4);
  });

  it('one after the other goes through one tunnel', async () => {
    const proxy = await startProxy();
    const tenant = through(proxy, { concurrency: 1 });
    for (const value of mobiles(20)) await byMobile(tenant, value);
    expect(proxy.connects).to.have.length(1);
  });

  it('opens a new tunnel after the proxy has closed an idle one', async () => {
    const proxy = await startProxy();
    const tenant = through(proxy, { concurrency: 1, retries: 1 });
    await byMobile(tenant, '13800001111');
    proxy.endTunnels();
    await server.until(() => server.sockets.size === 0);
    await byMobile(tenant, '13800001112');
    expect(proxy.connects).to.have.length(2);
  });

  it('is never told the secrets of a tenant that speaks plain HTTP on this machine', async () => {
    const [proxy, plain] = [await startProxy(), closeLater(await ScriptedTenant.start())];
    await byMobile(openTenant(plain, { proxy }), '13800001111');
    expect(proxy.connects).to.deep.equal([]);
    expect(plain.lookups).to.have.length(1);
  });

  it('goes around the proxy to hosts that are excepted', async () => {
    for (const exception of ['localhost', 'LOCALHOST', '.localhost', '*', `localhost:${server.port}`, 'example.com, localhost']) {
      const noProxy = exception.split(',');
      await byMobile(through({ url: 'http://127.0.0.1:1', noProxy }), '13800001111');
    }
    expect(server.lookups).to.have.length(6);
  });

  it('does not go around it for hosts that only look alike', async () => {
    const proxy = await startProxy();
    for (const exception of ['host', 'localhost:1', 'localhost.example.com', 'xlocalhost', '']) {
      await byMobile(through({ ...proxy, noProxy: [exception] }), '13800001111');
    }
    expect(proxy.connects).to.have.length(5);
  });

  describe('with a password', () => {
    it('shows it to the proxy, and to nobody else', async () => {
      const proxy = await startProxy('the user:pass@wörd/:#');
      await byMobile(through(withPassword(proxy, 'the user', 'pass@wörd/:#')), '13800001111');
      expect(server.lookups[0]?.rawHeaders.join()).to.not.match(/proxy-auth/i);
    });

    it('may be a user name alone', async () => {
      const proxy = await startProxy('user:');
      await byMobile(through({ url: `http://user@127.0.0.1:${proxy.port}` }), '13800001111');
      expect(proxy.connects).to.have.length(1);
    });

    for (const given of ['wrong', 'none'] as const) {
      it(`names it when it is ${given}, and asks once`, async () => {
        const proxy = await startProxy('user:right');
        const settings = given === 'wrong' ? withPassword(proxy, 'user', 'wrong-password') : { url: proxy.url };
        const failure = await failureOf(byMobile(through(settings, { retries: 3 }), '13800001111'));
        expect(failure).to.include({ code: 'CIAM.NETWORK', category: 'unavailable', adviceKey: 'proxy-password' });
        expect(failure.system).to.equal('PROXY_AUTHENTICATION_REQUIRED');
        expect(failure.message).to.match(/proxy/).and.match(/password/);
        expect(proxy.connects).to.have.length(1);
        const printed = JSON.stringify(failure) + inspect(failure, { showHidden: true, depth: 9 }) + String(failure.stack);
        expect(printed).to.not.include('wrong-password').and.not.include(Buffer.from('user:wrong-password').toString('base64'));
      });
    }
  });

  it('that takes NTLM or Kerberos only is named so', async () => {
    const proxy = createServer();
    proxy.on('connect', (_request, socket) => socket.end('HTTP/1.1 407 No\r\nproxy-authenticate: Negotiate\r\nproxy-authenticate: NTLM\r\ncontent-length: 0\r\n\r\n'));
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    closeLater({ close: () => new Promise<void>((resolve) => void proxy.close(() => resolve())) });
    const failure = await failureOf(byMobile(through({ url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` }), '13800001111'));
    expect(failure).to.include({ code: 'CIAM.NETWORK', system: 'PROXY_NTLM_REQUIRED', adviceKey: 'proxy-ntlm' });
  });

  describe('that fails', () => {
    const expectNetwork = async (outcome: Promise<unknown>, code: string): Promise<void> => {
      const failure = await failureOf(outcome);
      expect(failure).to.include({ code: 'CIAM.NETWORK', category: 'unavailable', retryable: true, status: null });
      expect(failure.system).to.equal(code);
      expect(failure.message).to.include('proxy').and.include(code);
    };

    for (const status of [403, 502, 503]) {
      it(`with HTTP ${status}`, async () => {
        const proxy = await startProxy();
        proxy.reaction = status;
        await expectNetwork(byMobile(through(proxy, { retries: 0 }), '13800001111'), `PROXY_HTTP_${status}`);
        expect(proxy.connects).to.have.length(1);
      });
    }

    it('because nobody listens', async () => {
      const proxy = await startProxy();
      await proxy.close();
      await expectNetwork(byMobile(through(proxy), '13800001111'), 'ECONNREFUSED');
    });

    it('because it cannot reach the tenant', async () => {
      const proxy = await startProxy();
      const tenant = through(proxy);
      await server.close();
      await expectNetwork(byMobile(tenant, '13800001111'), 'PROXY_HTTP_502');
    });

    it('because it hangs up: it is asked once a try', async () => {
      const proxy = await startProxy();
      proxy.reaction = 'hang-up';
      await expectNetwork(byMobile(through(proxy, { retries: 0 }), '13800001111'), 'ECONNRESET');
      expect(proxy.connects).to.have.length(1);
    });

    it('because it says nothing: on time, and the next lookup finds it well again', async () => {
      const proxy = await startProxy();
      proxy.reaction = 'silence';
      const tenant = through(proxy, { timeout: 1, concurrency: 1, retries: 2 });
      expect((await failureOf(byMobile(tenant, '13800001111'))).code).to.equal('CIAM.TIMEOUT');
      proxy.reaction = 'tunnel';
      await byMobile(tenant, '13800001111');
    });

    it('and is well again at the next try', async () => {
      const proxy = await startProxy();
      proxy.reaction = 503;
      const lookup = byMobile(through(proxy, { retries: 1 }), '13800001111');
      await proxy.until(() => proxy.connects.length === 1);
      proxy.reaction = 'tunnel';
      expect((await lookup).lookup.attempts).to.equal(2);
    });
  });

  describe('and closing', () => {
    it('ends a tunnel that is being asked for', async () => {
      const proxy = await startProxy();
      proxy.reaction = 'silence';
      const tenant = through(proxy);
      const failure = failureOf(byMobile(tenant, '13800001111'));
      await proxy.until(() => proxy.connects.length === 1);
      await tenant.close();
      expect((await failure).code).to.equal('CIAM.CLOSED');
      await proxy.until(() => proxy.open === 0);
    });

    it('ends a tunnel that was asked for at the same moment', async () => {
      const proxy = await startProxy();
      const tenant = through(proxy);
      const failure = failureOf(byMobile(tenant, '13800001111'));
      await tenant.close();
      expect((await failure).code).to.equal('CIAM.CLOSED');
      await byMobile(through(proxy), '13800001111');
      expect(proxy.connects, 'that of the second tenant alone').to.have.length(1);
    });

    it('ends tunnels that are in use', async () => {
      const proxy = await startProxy();
      server.onLookup = () => undefined;
      const tenant = through(proxy);
      const failure = failureOf(byMobile(tenant, '13800001111'));
      await server.until(() => server.lookups.length === 1);
      await tenant.close();
      expect((await failure).code).to.equal('CIAM.CLOSED');
      await proxy.until(() => proxy.open === 0);
      await server.until(() => server.sockets.size === 0);
    });
  });
});
