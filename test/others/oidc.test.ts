/** A strict OAuth server of others takes our token call, both ways. */
import { expect } from 'chai';
import { createTenant, LookupFailure, type NodeTenant } from '../../src/node-api';
import { type Program, startOidcProvider } from './programs';

const SECRET = 'the-client-secret-0815';

describe('oidc-provider', () => {
  let provider: Program;
  let tenant: NodeTenant | null = null;
  before(async () => {
    provider = await startOidcProvider({ 'basic-client': 'client_secret_basic', 'body-client': 'client_secret_post' });
  });
  afterEach(async () => {
    await tenant?.close();
  });
  after(() => provider.close());

  const lookUp = async (settings: { clientId: string; clientSecret: string; clientAuth: 'basic' | 'body' }): Promise<LookupFailure> => {
    tenant = createTenant({ domain: provider.url, proxy: false, retries: 0, warmUp: false, auth: 'client-credentials', ...settings });
    return await tenant.lookup({ by: 'username', value: 'zhangsan' }).then(() => expect.fail('it has no users'), (error: unknown) => error as LookupFailure);
  };

  for (const clientAuth of ['basic', 'body'] as const) {
    it(`gives a token for ${clientAuth}`, async () => {
      // It knows no lookups: that it was asked for one shows that there was a token.
      const failure = await lookUp({ clientId: `${clientAuth}-client`, clientSecret: SECRET, clientAuth });
      expect(failure).to.include({ status: 404 });
      expect(tenant?.stats().token.expiresIn).to.be.within(1700, 1800);
    });

    it(`refuses a wrong secret by ${clientAuth}`, async () => {
      expect(await lookUp({ clientId: `${clientAuth}-client`, clientSecret: 'another-secret-0815', clientAuth })).to.include({ code: 'invalid_client', category: 'unauthorized', status: 401 });
      expect(tenant?.stats().token.expiresIn).to.equal(null);
    });
  }
});
