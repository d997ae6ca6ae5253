import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answer, type Seen, type ScriptedTenant } from '../support/servers';
import { byMobile, CLIENT, closeAll, failureOf, openTenant, startServer, TOKEN } from './support';
import { USER_AGENT, VERSION } from '../../src/version';
import { version } from '../../package.json';

const fixture = (name: string): unknown => JSON.parse(readFileSync(join(__dirname, 'simulator/fixtures', `${name}.json`), 'utf8'));

/** Names in the order sent; `host` and `content-length` are the transport's. */
const headersOf = ({ rawHeaders }: Seen): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) headers[rawHeaders[index] ?? ''] = rawHeaders[index + 1] ?? '';
  return headers;
};

const onlyLookup = ({ lookups }: ScriptedTenant): Seen => {
  expect(lookups).to.have.length(1);
  return lookups[0] as Seen;
};

describe('on the wire', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(closeAll);

  const published: [string, string, string, string, string][] = [
    ['mobile', '13800001111', 'user-by-mobile', '{"mobile":"13800001111"}', 'ciam-zhangsan'],
    ['username', 'zhangsan', 'user-by-username', '{"user_name":"zhangsan"}', 'oneaccess-zhangsan'],
  ];
  for (const [by, value, path, body, record] of published) {
    it(`the vendor's published example of a lookup by ${by}: request to the byte, answer field by field`, async () => {
      server.onLookup = answer(200, fixture(record));
      const { user, lookup } = await openTenant(server).lookup({ by, value });
      // The vendor's user has another mobile number than the one asked for: the tenant is asked once more.
      const attempts = by === 'mobile' ? 2 : 1;
      expect(server.lookups).to.have.length(attempts);
      const seen = server.lookups[0] as Seen;
      expect([seen.method, seen.path, seen.body.toString()]).to.deep.equal(['POST', `/api/v2/tenant/users/${path}`, body]);
      expect(headersOf(seen)).to.deep.include({
        Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json; charset=utf-8', Accept: 'application/json', 'User-Agent': USER_AGENT,
      });
      expect(Object.keys(headersOf(seen)).map((name) => name.toLowerCase()).sort()).to.deep.equal(['accept', 'authorization', 'connection', 'content-length', 'content-type', 'host', 'user-agent']);
      expect(seen.headers['content-length']).to.equal(String(body.length));
      expect(user).to.deep.equal(fixture(record));
      expect(lookup).to.deep.include({ by, value, tenant: `127.0.0.1:${server.port}`, attempts, source: 'tenant' });
      expect(lookup.durationMs).to.be.within(0, 10_000);
    });
  }

  it('by email: POST; by id: GET with the id in the path and no body', async () => {
    const tenant = openTenant(server);
    await tenant.lookup({ by: 'email', value: ' zhangsan@example.com ' });
    await tenant.lookup({ by: 'id', value: '2022..a b?c#d%e' });
    expect(server.lookups.map(({ method, path, body }) => [method, path, body.toString()])).to.deep.equal([
      ['POST', '/api/v2/tenant/users/user-by-email', '{"email":"zhangsan@example.com"}'],
      ['GET', '/api/v2/tenant/users/2022..a%20b%3Fc%23d%25e', ''],
    ]);
  });

  it('a number is sent as a JSON string, and so is what a Buffer holds', async () => {
    const tenant = openTenant(server);
    await byMobile(tenant, 13800001111);
    await byMobile(tenant, Buffer.from('13800002222'));
    await tenant.lookup({ by: 'username', value: 0 });
    await tenant.lookup({ by: 'username', value: Buffer.from('张三') });
    expect(server.lookups.map(({ body }) => body.toString())).to.deep.equal(['{"mobile":"13800001111"}', '{"mobile":"13800002222"}', '{"user_name":"0"}', '{"user_name":"张三"}']);
  });

  it('quotes, backslashes and other alphabets are one JSON string', async () => {
    for (const value of ['a"b\\c', '张三 🙂', '</script>', "Robert'); --"]) {
      server.lookups.length = 0;
      const { user } = await openTenant(server).lookup({ by: 'username', value });
      expect(JSON.parse(onlyLookup(server).body.toString())).to.deep.equal({ user_name: value });
      expect(user.user_id).to.equal(`id of ${value}`);
    }
  });

  const ways = {
    basic: { body: 'grant_type=client_credentials', authorization: `Basic ${Buffer.from('id:with/odd+signs& 漢').toString('base64')}` },
    body: { body: 'grant_type=client_credentials&client_id=id&client_secret=with%2Fodd%2Bsigns%26+%E6%BC%A2', authorization: undefined },
  } as const;
  for (const clientAuth of ['basic', 'body'] as const) {
    it(`the token call, ${clientAuth}: to the byte`, async () => {
      await byMobile(openTenant(server, { auth: 'client-credentials', clientAuth, clientId: 'id', clientSecret: 'with/odd+signs& 漢' }), '13800001111');
      const [call] = server.tokenCalls;
      expect([call?.method, call?.path, call?.body.toString()]).to.deep.equal(['POST', '/api/v2/tenant/token', ways[clientAuth].body]);
      expect(call?.headers).to.include({ 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json', 'user-agent': USER_AGENT });
      expect(call?.headers.authorization).to.equal(ways[clientAuth].authorization);
      expect(onlyLookup(server).headers.authorization).to.equal('Bearer token-1');
    });
  }

  it('the token is always sent as Bearer, whatever its type is called', async () => {
    server.onToken = answer(200, { access_token: '-begins_with.a~dash', token_type: 'BEARER', expires_in: 1719, scope: 'all', id_token: 'x' });
    await byMobile(openTenant(server, CLIENT), '13800001111');
    expect(onlyLookup(server).headers.authorization).to.equal('Bearer -begins_with.a~dash');
  });

  it('nothing but the host of the settings is asked', async () => {
    await openTenant(server).lookup({ by: 'id', value: '\\\\elsewhere.example.com@x?y' });
    expect(onlyLookup(server).headers.host).to.equal(`127.0.0.1:${server.port}`);
    expect(onlyLookup(server).path).to.equal('/api/v2/tenant/users/%5C%5Celsewhere.example.com%40x%3Fy');
  });

  it('connections are reused', async () => {
    const tenant = openTenant(server, { concurrency: 1 });
    for (let count = 0; count < 5; count++) await byMobile(tenant, '13800001111');
    expect(server.connections).to.equal(1);
  });

  it('the user agent names the package and its version', () => {
    expect(VERSION).to.equal(version);
    expect(USER_AGENT).to.equal(`ciam-flows-node-red-ciam/${version}`);
  });

  describe('codes of the tenant', () => {
    const codes: Record<string, [number, string, boolean]> = {
      'USER.0001': [400, 'not-found', false], 'USER.0002': [400, 'invalid-input', false], 'USER.0003': [400, 'invalid-input', false], 'USER.0004': [400, 'invalid-input', false],
      'USER.0020': [400, 'invalid-input', false], 'USER.0036': [400, 'invalid-input', false], 'USER.0037': [400, 'invalid-input', false], 'USER.0038': [400, 'invalid-input', false],
      'MOBILE.0002': [400, 'invalid-input', false], 'COM.0002': [500, 'unavailable', true], 'APP.0001': [400, 'forbidden', false], 'APP.0002': [400, 'forbidden', false], 'APP.0003': [400, 'forbidden', false],
      'NEW.0001': [400, 'rejected', false], 'NEW.0002': [500, 'unavailable', true], 'NEW.0003': [200, 'rejected', false], 'NEW.0004': [429, 'rate-limited', true],
    };
    for (const [code, [status, category, retryable]] of Object.entries(codes)) {
      it(`${code}, with and without prefix: ${category}`, async () => {
        const tenant = openTenant(server, { retries: 0 });
        for (const sent of [code, `IDAAS.TENANT.${code}`]) {
          server.onLookup = answer(status, { error_code: sent, error_msg: 'what the tenant says' });
          const failure = await failureOf(byMobile(tenant, '13800001111'));
          expect(failure).to.include({ code: sent, category, retryable, status, detail: 'what the tenant says' });
          expect(failure.message).to.contain(sent).and.not.contain('what the tenant says');
          expect(failure.advice).to.match(/^[A-Z].{20,}\.$/);
        }
      });
    }
    const oauth: Record<string, [number, string]> = { invalid_token: [400, 'unauthorized'], unauthorized: [401, 'unauthorized'], unauthorized_client: [400, 'forbidden'], invalid_scope: [400, 'forbidden'], unsupported_grant_type: [401, 'forbidden'], invalid_request: [400, 'rejected'], invalid_client: [401, 'unauthorized'], unauthorized_user: [401, 'unauthorized'], insufficient_scope: [400, 'forbidden'], access_denied: [400, 'forbidden'], something_else: [400, 'rejected'] };
    for (const [error, [status, category]] of Object.entries(oauth)) {
      it(`${error}: ${category}`, async () => {
        server.onLookup = answer(status, { error, error_description: 'described' });
        expect(await failureOf(byMobile(openTenant(server), '13800001111'))).to.include({ code: error, category, status, detail: 'described', retryable: false });
      });
    }
    const statuses: [number, string, boolean][] = [[400, 'rejected', false], [401, 'unauthorized', false], [403, 'forbidden', false], [404, 'rejected', false], [429, 'rate-limited', true], [500, 'unavailable', true], [502, 'unavailable', true], [503, 'unavailable', true], [599, 'unavailable', true]];
    for (const [status, category, retryable] of statuses) {
      it(`HTTP ${status} with a page: CIAM.HTTP.${status}, ${category}`, async () => {
        server.onLookup = answer(status, '<html>', { 'content-type': 'text/html' });
        expect(await failureOf(byMobile(openTenant(server, { retries: 0 }), '13800001111'))).to.include({ code: `CIAM.HTTP.${status}`, category, retryable, status });
      });
    }
    it('the message in another language changes nothing', async () => {
      server.onLookup = answer(400, { error_code: 'IDAAS.TENANT.USER.0001', error_msg: '用户未找到' });
      expect(await failureOf(byMobile(openTenant(server), '13800001111'))).to.include({ category: 'not-found', detail: '用户未找到', message: 'The tenant does not know this user (IDAAS.TENANT.USER.0001).' });
    });
    const unknown: [string, number, unknown, string, string][] = [
      ['an OAuth server', 401, { error: 'unauthorized', error_description: 'Full authentication is required to access this resource' }, 'unauthorized', 'unauthorized'],
      ['an OAuth server', 403, { error: 'unauthorized_app' }, 'unauthorized_app', 'forbidden'],
      ['Spring', 403, { status: 403, error: 'Forbidden' }, 'Forbidden', 'forbidden'],
      ['Spring', 401, { status: 401, error: 'Unauthorized' }, 'Unauthorized', 'unauthorized'],
      ['Spring', 500, { status: 500, error: 'Internal Server Error' }, 'CIAM.HTTP.500', 'unavailable'],
      ['a gateway', 401, { error_code: 'APIGW.0301', error_msg: 'Incorrect IAM authentication information' }, 'APIGW.0301', 'unauthorized'],
      ['a gateway', 429, { error_code: 'APIGW.0308' }, 'APIGW.0308', 'rate-limited'],
      ['somebody', 400, { error: 'constructor' }, 'constructor', 'rejected'],
      ['somebody', 400, { error: 'toString' }, 'toString', 'rejected'],
      ['somebody', 400, { error: '__proto__' }, 'CIAM.HTTP.400', 'rejected'],
      ['somebody', 400, { error_code: 'CIAM.NETWORK' }, 'CIAM.HTTP.400', 'rejected'],
      ['somebody', 403, { error_code: 'CIAM.TIMEOUT' }, 'CIAM.HTTP.403', 'forbidden'],
      ['somebody', 400, { error_code: 'CIAM.NETWORK', error: 'invalid_request' }, 'invalid_request', 'rejected'],
    ];
    for (const [whose, status, body, code, category] of unknown) {
      it(`HTTP ${status} with ${JSON.stringify(body)} of ${whose}: ${code}, ${category}, with advice, one call`, async () => {
        server.onLookup = answer(status, body);
        const failure = await failureOf(byMobile(openTenant(server, { retries: 0 }), '13800001111'));
        expect(failure).to.include({ code, category, status });
        expect(failure.advice).to.match(/^[A-Z].{20,}\.$/);
        expect(server.lookups).to.have.length(1);
      });
    }

    it('codes that are numbers, blank, or far too long', async () => {
      for (const [error_code, code] of [[4711, 'CIAM.HTTP.400'], ['  USER.0001 ', 'USER.0001'], ['', 'CIAM.HTTP.400'], ['x'.repeat(65), 'CIAM.HTTP.400'], [{}, 'CIAM.HTTP.400'], ['two words', 'CIAM.HTTP.400']] as const) {
        server.onLookup = answer(400, { error_code });
        expect((await failureOf(byMobile(openTenant(server), '13800001111'))).code).to.equal(code);
      }
    });
  });
});
