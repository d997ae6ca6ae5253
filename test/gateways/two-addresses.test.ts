/** A tenant whose name leads to two addresses, of which one is slow and the other is nobody's: IPv6 where there is none, say. */
import dns, { type LookupAddress } from 'node:dns';
import { expect } from 'chai';
import { BlackHole } from '../support/black-hole';
import { createAuthority } from '../support/certificates';
import { ScriptedTenant } from '../support/servers';
import { closeAll, openTenant } from '../src/support';

const HOST = 'two-addresses.example.com';

describe('a host with two addresses', () => {
  const { lookup } = dns;
  afterEach(async () => {
    dns.lookup = lookup;
    await closeAll();
  });

  it('is reached when the first takes 3 s to connect and the second refuses', async () => {
    const authority = await createAuthority('Authority of two addresses');
    const server = await ScriptedTenant.start({ tls: await authority.server({ names: [HOST] }) });
    const slow = await BlackHole.open({ afterMs: 3000, port: server.port });
    const addresses: LookupAddress[] = [{ address: '127.0.0.1', family: 4 }, { address: '::1', family: 6 }];
    // The resolver of this machine knows no such host.
    dns.lookup = ((name: string, _options: object, callback: (error: Error | null, found: LookupAddress[]) => void) => {
      expect(name).to.equal(HOST);
      callback(null, addresses);
    }) as typeof dns.lookup;
    const tenant = openTenant({ url: `https://${HOST}:${new URL(slow.url).port}` }, { tls: { ca: authority.cert } });
    const { user } = await tenant.lookup({ by: 'mobile', value: '13800001111' });
    expect(user.user_id).to.equal('id of 13800001111');
    await Promise.all([slow.close(), server.close()]);
  });
});
