/** Without a proxy in the settings the usual environment variables decide. */
import { expect } from 'chai';
import { createTenant, LookupFailure, type TenantSettings } from '../../src/node-api';
import { type Authority, createAuthority } from '../support/certificates';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy';
import { ScriptedTenant } from '../support/servers';
import { byMobile, closeAll, closeLater, TOKEN } from './support';

const NAMES = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] as const;
type Variables = Partial<Record<(typeof NAMES)[number], string | undefined>>;

describe('HTTP proxy of the environment', () => {
  const own: Variables = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
  let authority: Authority;
  let server: ScriptedTenant;
  let proxy: ConnectProxy;

  const setEnvironment = (variables: Variables): void => {
    for (const name of NAMES) {
      const value = variables[name];
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  };
  before(async () => {
    authority = await createAuthority('Authority of the tests');
  });
  beforeEach(async () => {
    server = closeLater(await ScriptedTenant.start({ tls: await authority.server() }));
    proxy = closeLater(await startConnectProxy());
  });
  afterEach(async () => {
    setEnvironment(own);
    await closeAll();
  });

  /** Looks somebody up, and tells whether the way went through the proxy. */
  const way = async (variables: Variables, settings: TenantSettings = {}): Promise<'proxy' | 'direct'> => {
    setEnvironment(variables);
    const connects = proxy.connects.length;
    const domain = `https://localhost:${server.port}`;
    await byMobile(closeLater(createTenant({ domain, auth: 'token', token: TOKEN, tls: { ca: authority.cert }, retries: 0, ...settings })), '13800001111');
    return proxy.connects.length > connects ? 'proxy' : 'direct';
  };

  it('is the one of https_proxy, in either case', async () => {
    expect(await way({ https_proxy: proxy.url })).to.equal('proxy');
    expect(await way({ HTTPS_PROXY: proxy.url })).to.equal('proxy');
    expect(await way({ https_proxy: proxy.url, HTTPS_PROXY: 'http://127.0.0.1:1', http_proxy: 'http://127.0.0.1:1' })).to.equal('proxy');
  });

  it('is the one of http_proxy when there is no https_proxy, as with other nodes of Node-RED', async () => {
    expect(await way({ http_proxy: proxy.url })).to.equal('proxy');
    expect(await way({ HTTP_PROXY: proxy.url })).to.equal('proxy');
    expect(await way({ https_proxy: '', http_proxy: proxy.url })).to.equal('proxy');
  });

  it('is none for a tenant on this machine that is spoken to in clear: secrets would leave it', async () => {
    const plain = closeLater(await ScriptedTenant.start());
    expect(await way({ http_proxy: proxy.url, https_proxy: proxy.url }, { domain: plain.url })).to.equal('direct');
    expect(plain.lookups).to.have.length(1);
  });

  it('may lack its scheme', async () => {
    expect(await way({ https_proxy: `127.0.0.1:${proxy.port}` })).to.equal('proxy');
  });

  it('is left aside for the hosts of no_proxy, in either case', async () => {
    for (const no_proxy of ['localhost', 'example.com,localhost', 'example.com localhost', '.localhost', '*', `localhost:${server.port}`]) {
      expect(await way({ https_proxy: proxy.url, no_proxy }), no_proxy).to.equal('direct');
      expect(await way({ https_proxy: proxy.url, NO_PROXY: no_proxy }), no_proxy).to.equal('direct');
    }
    for (const no_proxy of ['', 'example.com', 'localhost:1', '127.0.0.1', ',']) {
      expect(await way({ https_proxy: proxy.url, no_proxy }), no_proxy).to.equal('proxy');
    }
  });

  it('is left aside when the settings name another, or none at all', async () => {
    const other = closeLater(await startConnectProxy());
    expect(await way({ https_proxy: proxy.url }, { proxy: { url: other.url } })).to.equal('direct');
    expect(other.connects).to.have.length(1);
    expect(await way({ https_proxy: proxy.url }, { proxy: false })).to.equal('direct');
  });

  it('does not lend its no_proxy to a proxy of the settings', async () => {
    expect(await way({ no_proxy: 'localhost' }, { proxy: { url: proxy.url } })).to.equal('proxy');
  });

  it('shows the password of its URL', async () => {
    for (const [written, meant] of [['p%40ss', 'p@ss'], ['100%', '100%']]) {
      const guarded = closeLater(await startConnectProxy(`user:${meant}`));
      await way({ https_proxy: `http://user:${written}@127.0.0.1:${guarded.port}` });
      expect(guarded.connects).to.have.length(1);
    }
  });

  it('is asked by nobody when there is none', async () => {
    expect(await way({})).to.equal('direct');
  });

  it('that makes no sense is named at once', () => {
    for (const https_proxy of ['socks5://127.0.0.1:1080', 'http://', 'http://a b']) {
      setEnvironment({ https_proxy });
      expect(() => createTenant({ domain: 'tenant.example.com', auth: 'token', token: TOKEN }))
        .to.throw(LookupFailure, /^proxy: .*https_proxy/).with.property('code', 'CIAM.CONFIG');
    }
  });

  it('is not for the demo tenant', async () => {
    setEnvironment({ http_proxy: proxy.url, https_proxy: proxy.url });
    const { user } = await byMobile(closeLater(createTenant({ demo: true })), '13800001111');
    expect(user.name).to.equal('张三');
    expect(proxy.connects).to.be.empty;
  });
});
