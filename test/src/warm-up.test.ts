/** The connection that is opened ahead of the first lookup, on real servers. */
import { expect } from 'chai';
import { type Authority, createAuthority } from '../support/certificates';
import { ScriptedTenant } from '../support/servers';
import { byMobile, CLIENT, closeAll, closeLater, openTenant } from './support';

describe('warm-up on the wire', () => {
  let authority: Authority;
  before(async () => {
    authority = await createAuthority('Authority of the tests');
  });
  afterEach(closeAll);

  for (const way of ['plain', 'over TLS'] as const) {
    for (const credentials of ['a fixed token', 'client credentials'] as const) {
      it(`with ${credentials}, ${way}: the first lookup takes the connection that is there`, async () => {
        const server = closeLater(await ScriptedTenant.start(way === 'plain' ? {} : { tls: await authority.server() }));
        const tenant = openTenant(server, { ...(credentials === 'client credentials' && CLIENT), tls: { ca: authority.cert }, timeout: 5 });
        tenant.warmUp();
        await server.until(() => (credentials === 'a fixed token' ? server.connections === 1 : server.tokenCalls.length === 1));
        // The server knows of a TLS connection before the client does.
        await new Promise((resolve) => setImmediate(resolve));
        for (const value of ['13800000001', '13800000002']) expect((await byMobile(tenant, value)).lookup.attempts).to.equal(1);
        expect(server.lookups).to.have.length(2);
        expect(server.connections).to.be.at.most(way === 'plain' ? 1 : 2);
      });
    }
  }
});
