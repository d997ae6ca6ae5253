/** The description of the API in docs/openapi.yaml, served by Prism: what we send is what it allows, and what it answers comes out. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type By, createTenant, LookupFailure, type Lookup, type NodeTenant } from '../../src/node-api';
import { root } from '../support/versions';
import { type Program, startForwarder, startPrism } from './programs';

interface Content { examples: Record<string, { value: Record<string, unknown> }> }
interface Description {
  paths: Record<string, Record<string, { responses: Record<string, { content?: { 'application/json': Content } } | undefined> }>>;
  components: { responses: Record<string, { content?: { 'application/json': Content } }> };
}
const description = parse(readFileSync(join(root, 'docs/openapi.yaml'), 'utf8')) as Description;
const examplesOf = (response: string): [string, Record<string, unknown>][] =>
  Object.entries(description.components.responses[response]?.content?.['application/json'].examples ?? {}).map(([name, { value }]) => [name, value]);

const VALUES: Record<By, string> = { mobile: '15200000000', username: 'zhangsan', email: '15200000000@qq.com', id: '20220126153857263-A04D-60E0D446C' };
const MODES = Object.keys(VALUES) as By[];

describe('the description of the API, by Prism', () => {
  let prism: Program;
  let forwarder: Program;
  let prefer = '';
  let lookups: NodeTenant;
  const open: NodeTenant[] = [];
  const openTenant = (settings: object): NodeTenant => {
    const tenant = createTenant({ domain: forwarder.url, proxy: false, retries: 0, warmUp: false, ...settings });
    open.push(tenant);
    return tenant;
  };

  before(async () => {
    prism = await startPrism();
    forwarder = await startForwarder(prism.url, () => (prefer ? { prefer } : {}));
  });
  beforeEach(() => {
    prefer = '';
    lookups = openTenant({ auth: 'token', token: 'a-token-of-this-test' });
  });
  afterEach(async () => {
    for (const tenant of open.splice(0)) await tenant.close();
  });
  after(async () => {
    await forwarder.close();
    await prism.close();
  });

  const outcomeOf = (tenant: NodeTenant, by: By, value = VALUES[by]): Promise<Lookup | LookupFailure> =>
    tenant.lookup({ by, value }).catch((error: unknown) => error as LookupFailure);

  it('refuses what it does not allow: so a request that is answered was right', async () => {
    const send = async (path: string, body: string, headers: Record<string, string> = { authorization: 'Bearer x', 'content-type': 'application/json' }): Promise<boolean> =>
      (await fetch(`${prism.url}/api/v2/tenant/${path}`, { method: 'POST', headers: { ...headers, prefer: 'code=200' }, body })).ok;
    expect(await send('users/user-by-mobile', '{"mobile":"1"}')).to.equal(true);
    expect(await send('users/user-by-mobile', '{"mobile":1}')).to.equal(false);
    expect(await send('users/user-by-mobile', '{"mobile":""}')).to.equal(false);
    expect(await send('users/user-by-mobile', '{"user_name":"x"}')).to.equal(false);
    expect(await send('users/user-by-mobile', '{"mobile":"1","more":1}')).to.equal(false);
    expect(await send('users/user-by-mobile', '{"mobile":"1"}', { 'content-type': 'application/json' })).to.equal(false);
    expect(await send('token', 'grant_type=password', { 'content-type': 'application/x-www-form-urlencoded' })).to.equal(false);
    expect(await send('token', 'grant_type=client_credentials', { 'content-type': 'application/x-www-form-urlencoded' })).to.equal(true);
  });

  for (const by of MODES) {
    for (const [name, user] of examplesOf('User')) {
      it(`by ${by}: the request is valid, and the user of example ${name} comes out as documented`, async () => {
        prefer = `code=200, example=${name}`;
        const outcome = await outcomeOf(lookups, by);
        expect(outcome).to.have.property('user').that.deep.equals(user);
      });
    }
  }

  for (const [response, status] of [['Refused', 400], ['Unauthorized', 401], ['Busy', 500]] as const) {
    for (const [name, body] of examplesOf(response)) {
      it(`HTTP ${status}, ${name}: the code as documented`, async () => {
        prefer = `code=${status}, example=${name}`;
        const outcome = await outcomeOf(lookups, 'username');
        expect(outcome).to.be.instanceOf(LookupFailure).and.include({ code: body.error_code ?? body.error, status, detail: body.error_msg ?? body.error_description });
        expect((outcome as LookupFailure).category).to.not.equal('rejected');
      });
    }
  }
  for (const [status, category] of [[403, 'forbidden'], [429, 'rate-limited'], [503, 'unavailable']] as const) {
    it(`HTTP ${status} without a body: ${category}`, async () => {
      prefer = `code=${status}`;
      expect(await outcomeOf(lookups, 'username')).to.include({ code: `CIAM.HTTP.${status}`, category, status });
    });
  }

  for (const clientAuth of ['basic', 'body'] as const) {
    it(`the token call, ${clientAuth}, is valid, and its token is used`, async () => {
      const tenant = openTenant({ auth: 'client-credentials', clientAuth, clientId: 'an id', clientSecret: 'a+secret&more=%' });
      expect(await outcomeOf(tenant, 'username')).to.have.property('user');
      expect(tenant.stats().token.expiresIn).to.be.within(1700, 1799);
    });
  }

  it('300 random answers have 300 outcomes', async () => {
    const codes = [200, 200, 200, 400, 401, 403, 500, 503];
    const outcomes: (Lookup | LookupFailure)[] = [];
    for (let count = 0; count < 300; count++) {
      prefer = `code=${codes[count % codes.length] ?? 200}, dynamic=true`;
      // Of its own each time: what one random answer says of credentials must not refuse the next lookup.
      const tenant = openTenant({ auth: 'token', token: 'a-token-of-this-test' });
      outcomes.push(await outcomeOf(tenant, MODES[count % MODES.length] ?? 'mobile'));
      await tenant.close();
      open.length = 0;
    }
    expect(outcomes).to.have.length(300);
    for (const outcome of outcomes) {
      if (outcome instanceof LookupFailure) expect(outcome.status).to.be.a('number');
      else expect(outcome.user.user_id).to.be.a('string').that.is.not.equal('');
    }
    expect(outcomes.filter((outcome) => !(outcome instanceof LookupFailure)).length).to.be.greaterThan(50);
  });
});
