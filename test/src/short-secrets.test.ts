import { expect } from 'chai';
import { answer } from '../support/servers';
import { byMobile, closeAll, failureOf, openTenant, startServer } from './support';

/** Somebody who tries the simulator types "id" and "secret", and `IDAAS.TENANT.USER.0001` holds one of them. */
describe('a secret short enough to be part of a code', () => {
  afterEach(closeAll);
  const SHORT = { auth: 'client-credentials', clientId: 'id', clientSecret: 's' } as const;

  for (const code of ['IDAAS.TENANT.USER.0001', 'USER.0001']) {
    it(`does not hide the code ${code}`, async () => {
      const server = await startServer();
      server.onLookup = answer(400, { error_code: code, error_msg: 'User not found' });
      expect(await failureOf(byMobile(openTenant(server, SHORT), '13800001111'))).to.include({ code, category: 'not-found' });
    });
  }

  it('hides a code that nobody knows', async () => {
    const server = await startServer();
    server.onLookup = answer(400, { error_code: 'the-id-you-sent', error_msg: 'no' });
    expect(await failureOf(byMobile(openTenant(server, SHORT), '13800001111'))).to.include({ code: 'CIAM.HTTP.400' });
  });

  it('leaves the fields of a user alone, which hold such words by chance', async () => {
    const server = await startServer();
    server.onLookup = answer(200, { user_id: 'u-1', name: 'my id is seven77' });
    const { user } = await byMobile(openTenant(server, { ...SHORT, clientSecret: 'seven77' }), '13800001111');
    expect(user.name).to.equal('my id is seven77');
  });

  it('is cut out of them from eight characters on', async () => {
    const server = await startServer();
    server.onLookup = answer(200, { user_id: 'u-1', name: 'my id is eight888' });
    const { user } = await byMobile(openTenant(server, { ...SHORT, clientSecret: 'eight888' }), '13800001111');
    expect(user.name).to.equal('my id is ***');
  });
});
