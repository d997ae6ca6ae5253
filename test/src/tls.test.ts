/** TLS on real certificates and real handshakes: whom the client trusts, and how a refusal is told. */
import type { ServerOptions } from 'node:https';
import { expect } from 'chai';
import { createTenant, LookupFailure, type TenantSettings, type TlsSettings } from '../../src/node-api';
import { type Authority, createAuthority, type KeyPair, selfSigned } from '../support/certificates';
import { ScriptedTenant } from '../support/servers';
import { byMobile, closeAll, closeLater, failureOf, openTenant } from './support';

describe('TLS', () => {
  let authority: Authority;
  let good: KeyPair;
  before(async () => {
    authority = await createAuthority('Authority of the tests');
    good = await authority.server();
  });
  afterEach(closeAll);

  const serve = async (options: ServerOptions): Promise<ScriptedTenant> => closeLater(await ScriptedTenant.start({ tls: options }));
  /** Asked by host name: an address takes no part in SNI. */
  const ask = (server: ScriptedTenant, tls: TlsSettings | undefined, settings: TenantSettings = {}) =>
    byMobile(openTenant({ url: `localhost:${server.port}` }, { ...(tls && { tls }), ...settings }), '13800001111');

  const expectRefused = async (outcome: Promise<unknown>, code: string | RegExp): Promise<void> => {
    const failure = await failureOf(outcome);
    expect(failure).to.include({ code: 'CIAM.TLS', category: 'untrusted', status: null, retryable: false });
    expect(failure.system).to.match(typeof code === 'string' ? new RegExp(`^${code}$`) : code);
    expect(failure.message).to.include(failure.system);
  };

  it('speaks to a server of an authority that it was told of, once per connection', async () => {
    const server = await serve(good);
    const tenant = openTenant({ url: `https://localhost:${server.port}` }, { tls: { ca: authority.cert }, concurrency: 1 });
    for (const value of ['13800001111', '13800001112', '13800001113']) {
      expect((await byMobile(tenant, value)).user.user_id).to.equal(`id of ${value}`);
    }
    expect(server.connections).to.equal(1);
  });

  it('refuses an authority that it does not know, and sends nothing', async () => {
    const server = await serve(good);
    await expectRefused(ask(server, undefined), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(server.lookups).to.be.empty;
  });

  it('refuses it whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    const server = await serve(good);
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      await expectRefused(ask(server, undefined), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
    expect(server.lookups).to.be.empty;
  });

  it('refuses another authority than the given one', async () => {
    const other = await createAuthority('Another authority');
    await expectRefused(ask(await serve(good), { ca: other.cert }), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  it('refuses a self-signed certificate', async () => {
    const server = await serve(await selfSigned());
    await expectRefused(ask(server, undefined), 'DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(server.lookups).to.be.empty;
  });

  it('takes a self-signed certificate when told to check none, and when told that very certificate', async () => {
    const pair = await selfSigned();
    const server = await serve(pair);
    expect((await ask(server, { rejectUnauthorized: false })).user.name).to.equal('张三');
    expect((await ask(server, { ca: pair.cert })).user.name).to.equal('张三');
  });

  it('refuses a certificate of another host', async () => {
    const server = await serve(await authority.server({ names: ['other.example.com'] }));
    await expectRefused(ask(server, { ca: authority.cert }), 'ERR_TLS_CERT_ALTNAME_INVALID');
    expect(server.lookups).to.be.empty;
    expect((await ask(server, { ca: authority.cert, servername: 'other.example.com' })).user.name).to.equal('张三');
  });

  it('refuses an expired certificate', async () => {
    await expectRefused(ask(await serve(await authority.server({ expired: true })), { ca: authority.cert }), 'CERT_HAS_EXPIRED');
  });

  it('tells a server that speaks no TLS', async () => {
    await expectRefused(byMobile(openTenant({ url: `localhost:${(await plainServer()).port}` }), '13800001111'), 'ERR_SSL_WRONG_VERSION_NUMBER');
  });
  const plainServer = async (): Promise<ScriptedTenant> => closeLater(await ScriptedTenant.start());

  it('does not try again: a certificate does not become good by asking twice', async () => {
    const server = await serve(await selfSigned());
    await failureOf(ask(server, undefined, { retries: 5 }));
    expect(server.connections).to.equal(1);
  });

  it('says the same when the token call is what fails', async () => {
    const server = await serve(await selfSigned());
    const clientCredentials = { auth: 'client-credentials', clientId: 'an-id', clientSecret: 'a-secret' } as const;
    await expectRefused(ask(server, undefined, clientCredentials), 'DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(server.tokenCalls).to.be.empty;
  });

  describe('client certificates', () => {
    let wanted: ServerOptions;
    before(() => {
      wanted = { ...good, ca: authority.cert, requestCert: true, rejectUnauthorized: true };
    });

    it('are shown to a server that asks for one', async () => {
      const { key, cert } = await authority.client('flow', { passphrase: 'open sesame' });
      const server = await serve(wanted);
      expect((await ask(server, { ca: authority.cert, key, cert, passphrase: 'open sesame' })).user.name).to.equal('张三');
    });

    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      it(`that are missing are told (${version})`, async () => {
        const server = await serve({ ...wanted, minVersion: version, maxVersion: version });
        const code = version === 'TLSv1.3' ? 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' : /_ALERT_HANDSHAKE_FAILURE$/;
        await expectRefused(ask(server, { ca: authority.cert }, { retries: 2 }), code);
        expect(server.lookups).to.be.empty;
        expect(server.connections).to.equal(1);
      });
    }

    const flaws: Record<string, [() => Promise<TlsSettings>, string]> = {
      'a wrong passphrase': [async () => ({ ...await authority.client('flow', { passphrase: 'open sesame' }), passphrase: 'open barley' }), 'passphrase'],
      'a key of another certificate': [async () => ({ ...await authority.client('flow'), key: (await authority.client('other')).key }), 'another certificate'],
      'a key that is none': [async () => ({ ...await authority.client('flow'), key: 'no key at all' }), 'cannot be decrypted|no PEM|cannot be read'],
      'a certificate that is none': [async () => ({ ...await authority.client('flow'), cert: 'no certificate' }), 'no PEM'],
      'an authority that is none': [() => Promise.resolve({ ca: 'no authority' }), 'no PEM'],
    };
    for (const [name, [material, expected]] of Object.entries(flaws)) {
      it(`with ${name} are refused before any call, by the name of the property`, async () => {
        const tls = await material();
        expect(() => createTenant({ domain: 'tenant.example.com', auth: 'token', token: 'x', tls })).to.throw(LookupFailure, new RegExp(`^tls: .*(${expected})`))
          .that.satisfies((failure: LookupFailure) => failure.code === 'CIAM.CONFIG' && !JSON.stringify(failure).includes('barley'));
      });
    }
  });
});
