/** Through the proxies that people really run. */
import { expect } from 'chai';
import type { Tenant } from '../../src/node-api';
import { type Authority, createAuthority } from '../support/certificates';
import { isInstalled, PASSWORD, PROGRAMS, type RunningProxy, startProgram, USER } from '../support/proxy-programs';
import { ScriptedTenant } from '../support/servers';
import { byMobile, closeAll, closeLater, codesOf, failureOf, mobiles, openTenant } from './support';

for (const program of PROGRAMS) {
  describe(`through ${program}`, function () {
    let authority: Authority;
    let server: ScriptedTenant;
    let proxy: RunningProxy;
    let port: number;
    const through = (user = ''): Tenant =>
      openTenant({ url: `localhost:${port}` }, { tls: { ca: authority.cert }, proxy: { url: `http://${user}127.0.0.1:${proxy.port}` }, concurrency: 4, retries: 0 });

    before(async function () {
      // On a machine without it there is nothing to try; the project's own runs have it.
      if (!isInstalled(program) && process.env['CI'] === undefined) this.skip();
      authority = await createAuthority('Authority of the tests');
    });
    beforeEach(async () => {
      server = closeLater(await ScriptedTenant.start({ tls: await authority.server() }));
      ({ port } = server);
    });
    afterEach(closeAll);

    it('looks up, reuses its tunnels, and names a tenant that cannot be reached', async () => {
      proxy = await startProgram(program, false);
      try {
        const tenant = through();
        const codes = await codesOf(mobiles(200).map((value) => byMobile(tenant, value)));
        expect(codes).to.deep.equal(Array.from({ length: 200 }, () => 'ok'));
        expect(server.connections).to.equal(4);
        await server.close();
        const failure = await failureOf(byMobile(through(), '13800001111'));
        expect(failure).to.include({ code: 'CIAM.NETWORK', retryable: true });
        expect(failure.system).to.match(/^PROXY_HTTP_50\d$/);
      } finally {
        expect(await proxy.stop(), 'CONNECTs in its log').to.equal(4 + 1);
      }
    });

    it('shows its password, and names a wrong or a missing one', async () => {
      proxy = await startProgram(program, true);
      try {
        await byMobile(through(`${USER}:${PASSWORD}@`), '13800001111');
        for (const user of [`${USER}:wrong@`, '']) {
          const failure = await failureOf(byMobile(through(user), '13800001111'));
          expect(failure).to.include({ code: 'CIAM.NETWORK', adviceKey: 'proxy-password' });
          expect(failure.system).to.equal('PROXY_AUTHENTICATION_REQUIRED');
        }
        expect(server.lookups).to.have.length(1);
      } finally {
        await proxy.stop();
      }
    });
  });
}
