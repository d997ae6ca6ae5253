import { expect } from 'chai';
import fc from 'fast-check';
import { inspect } from 'node:util';
import { Redactor } from '../../src/api/redact';
import { type LookupFailure, type TenantSettings } from '../../src/node-api';
import { answer, found, grants, type Script, type ScriptedTenant } from '../support/servers';
import { FakeClock } from './clock';
import { byMobile, closeAll, failureOf, openTenant, startServer, TOKEN } from './support';

const CLIENT_ID = 'client+id/with=signs&"quotes" 4711';
const CLIENT_SECRET = 'secret/with+signs=&%"\\ß漢 0815';
const ISSUED = 'issued-token/with+signs==';
const client = { auth: 'client-credentials', clientId: CLIENT_ID, clientSecret: CLIENT_SECRET } as const;

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const urlEncoded = (text: string): string => encodeURIComponent(text);

/** Every way in which a secret is looked for in what leaves the client. */
const forms = (secret: string): string[] => [
  secret, urlEncoded(secret), urlEncoded(secret).toLowerCase(), new URLSearchParams({ x: secret }).toString().slice(2), base64(secret), Buffer.from(secret).toString('base64url'),
  base64(secret).replace(/=+$/, ''), JSON.stringify(secret).slice(1, -1),
];

/** Everything that a message, a log or a debug panel may show of a failure. */
const shown = (failure: LookupFailure): string => [
  failure.message, failure.detail, failure.code, failure.advice, failure.stack, String(failure), JSON.stringify(failure), inspect(failure), inspect(failure, { showHidden: true, depth: 20 }),
  String(failure.system), JSON.stringify(failure.lookup), JSON.stringify(Object.assign({}, failure)), ...Object.getOwnPropertyNames(failure).map((name) => inspect(Reflect.get(failure, name))),
].join('\n');

const expectClean = (text: string, secrets: string[]): void => {
  for (const secret of secrets) {
    for (const form of forms(secret)) expect(text, `shows ${form}`).to.not.contain(form);
  }
};

describe('secrets', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
    server.onToken = grants({ access_token: ISSUED, expires_in: 1800 });
  });
  afterEach(closeAll);

  const all = [CLIENT_ID, CLIENT_SECRET, ISSUED, base64(`${CLIENT_ID}:${CLIENT_SECRET}`)];
  const echo = `You sent ${all.flatMap(forms).join(' | ')} and ${base64(`x${CLIENT_SECRET}y`)}`;
  const failing = async (script: Script, settings: TenantSettings = client): Promise<LookupFailure> => {
    server.onLookup = script;
    return await failureOf(byMobile(openTenant(server, { retries: 0, ...settings }), '13800001111'));
  };

  const echoes: Record<string, Script> = {
    'error_description': answer(400, { error: 'invalid_request', error_description: echo }),
    'error_msg': answer(400, { error_code: 'X.1', error_msg: echo }),
    'error_msg that is very long': answer(400, { error_code: 'X.1', error_msg: `${echo} `.repeat(200) }),
    'error_code': answer(400, { error_code: ISSUED }),
    'part of error_code': answer(400, { error_code: `BAD:${ISSUED}` }),
    'error': answer(401, { error: CLIENT_SECRET }),
    'HTML': answer(502, `<html>${echo}</html>`),
    'content-encoding': answer(200, 'x', { 'content-encoding': ISSUED }),
    'location': answer(302, '', { location: `https://x.example.com/?token=${ISSUED}` }),
    'the reason phrase': (_seen, response) => void response.writeHead(418, `no ${ISSUED}`).end(),
    'something that is not HTTP': (seen) => void seen.socket.end(`HTTP/1.1 ${ISSUED}\r\n${ISSUED}\r\n\r\n`),
  };
  for (const [name, script] of Object.entries(echoes)) {
    it(`echoed in ${name} do not leave`, async () => {
      const failure = await failing(script);
      expectClean(shown(failure), all);
      expect(failure.message).to.not.contain('undefined');
    });

    it(`echoed in ${name} of the token call do not leave`, async () => {
      server.onToken = script;
      const failure = await failing(found);
      expectClean(shown(failure), [CLIENT_ID, CLIENT_SECRET, base64(`${CLIENT_ID}:${CLIENT_SECRET}`)]);
    });
  }

  it('a fixed token neither', async () => {
    for (const description of [`Invalid access token: ${TOKEN}`, `Access token expired:${TOKEN}`, base64(`a${TOKEN}`), base64(`ab${TOKEN}`), base64(`Bearer ${TOKEN}`)]) {
      const failure = await failing(answer(400, { error: 'invalid_token', error_description: description }), {});
      expect(failure.code).to.equal('invalid_token');
      expectClean(shown(failure), [TOKEN]);
      expect(failure.detail).to.be.a('string').and.not.contain(description.slice(-20, -6));
    }
  });

  it('a token that has been forgotten is no secret any more', () => {
    const redactor = new Redactor();
    for (const token of ['an-old-token-number-0', 'another-token-number-1']) redactor.add(token);
    redactor.forget('an-old-token-number-0');
    redactor.forget('a-token-that-nobody-knew');
    expect(redactor.sentence('an-old-token-number-0 another-token-number-1')).to.equal('an-old-token-number-0 ***');
  });

  it('nor from the fields of a user, whatever escapes they are written with', async () => {
    const plain = { user_id: '1', name: '张三', last_token: ISSUED, nested: [{ text: `secret=${urlEncoded(CLIENT_SECRET)}` }], basic: base64(`${CLIENT_ID}:${CLIENT_SECRET}`) };
    const json = JSON.stringify(plain);
    const written = { plain: json, 'escaped slashes': json.replaceAll('/', '\\/'), 'escaped as Gson does': json.replaceAll('=', '\\u003d').replaceAll('&', '\\u0026'), 'escaped throughout': json.replace(/[a-z]/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`) };
    for (const [name, body] of Object.entries(written)) {
      server.onLookup = answer(200, body);
      const tenant = openTenant(server, { ...client, cacheTtl: 60 });
      for (const source of ['tenant', 'cache']) {
        const { user, lookup } = await byMobile(tenant, '13800001111');
        expect(lookup.source, name).to.equal(source);
        expect(user.name).to.equal('张三');
        expectClean(JSON.stringify(user), [CLIENT_SECRET, ISSUED, base64(`${CLIENT_ID}:${CLIENT_SECRET}`)]);
      }
    }
  });

  it('a user without secrets comes through byte for byte', async () => {
    const body = '{"user_id":"1","name":"a\\/b\\u003d","grade":1.0,"percent":"100%25 &amp; \\\\u0041"}';
    server.onLookup = answer(200, body);
    expect((await byMobile(openTenant(server, client), '13800001111')).user).to.deep.equal(JSON.parse(body));
  });

  it('settings that make no sense do not show them either', () => {
    for (const settings of [{ clientSecret: `${CLIENT_SECRET}\n${CLIENT_SECRET}` }, { clientAuth: CLIENT_SECRET as 'basic' }, { timeout: CLIENT_SECRET as never }, { domain: `https://${ISSUED}@x.example.com` }, { proxy: { url: `ftp://user:${ISSUED}@proxy` } }]) {
      try {
        openTenant(server, { ...client, ...settings });
        expect.fail('should have been refused');
      } catch (failure) {
        expect((failure as LookupFailure).code).to.equal('CIAM.CONFIG');
        expectClean(shown(failure as LookupFailure), [CLIENT_SECRET, ISSUED]);
      }
    }
  });

  describe('personal data', () => {
    const values: [string, string, string][] = [
      ['mobile', '+86-13800001111', 'No user +86-13800001111, 13800001111, %2B86-13800001111 here'],
      ['mobile', '13800001111', 'mobile:13800001111 and +86 13800001111'],
      ['username', 'zhang san', 'User ZHANG SAN or zhang%20san not found'],
      ['username', 'a"b\\c', 'User a"b\\c or a\\"b\\\\c not found'],
      ['email', 'someone@example.com', 'someone@example.com is unknown, other@example.com too'],
      ['id', 'U-4711', 'U-4711'],
    ];
    for (const [by, value, text] of values) {
      it(`what was looked up by ${by} does not stand in the message`, async () => {
        server.onLookup = answer(400, { error_code: 'X.1', error_msg: text });
        const failure = await failureOf(openTenant(server).lookup({ by, value }));
        const said = [failure.message, failure.detail, failure.stack, inspect(failure), JSON.stringify(failure)].join('\n').toLowerCase();
        for (const form of [value, value.replace('+86-', ''), urlEncoded(value)]) expect(said).to.not.contain(form.toLowerCase());
        expect(failure.lookup?.value).to.equal(value);
        expect(Object.keys(failure)).to.not.contain('lookup');
      });
    }

    it('numbers and addresses of others neither', async () => {
      server.onLookup = answer(400, { error_code: 'X.1', error_msg: 'duplicate of +86-13911112222, 15200000000 and other.person@example.com\r\nsecond line' });
      expect((await failureOf(byMobile(openTenant(server), '13800001111'))).detail).to.equal('duplicate of ***, *** and *** second line');
    });
  });

  it('a stack shows nothing of the inside, and there is no cause', async () => {
    const gone = await startServer();
    await gone.close();
    const failure = await failureOf(byMobile(openTenant(gone, { retries: 0 }), '13800001111'));
    expect(failure.stack).to.equal(`LookupFailure: No connection to ${new URL(gone.url).host} (ECONNREFUSED).`);
    expect(failure.cause).to.equal(undefined);
  });

  it('whatever the secret and wherever it stands', () => {
    const secret = fc.string({ minLength: 8, maxLength: 40, unit: 'grapheme' }).filter((text) => text.trim().length >= 8 && text.isWellFormed());
    fc.assert(fc.property(secret, fc.string({ maxLength: 30 }), fc.string({ maxLength: 30 }), (text, before, after) => {
      const secrets = new Redactor();
      secrets.add('another-secret-of-ours');
      secrets.add(text, 'client-secret');
      for (const form of [text, urlEncoded(text), base64(text), JSON.stringify(text).slice(1, -1)]) {
        fc.pre(!'***'.includes(form));
        expect(secrets.sentence(`${before}${form}${after}`)).to.not.contain(form);
        expect(secrets.isShownBy(`${before}${form}${after}`, null)).to.equal(true);
      }
    }), { numRuns: 300 });
  });

  it('secrets that begin alike, or within each other, are told apart', () => {
    const secrets = new Redactor();
    for (const text of ['abcd', 'abcdefghijklmnopqrst', 'abcdefghijklmnopqrst-longer', 'ijkl']) secrets.add(text);
    const of = (text: string): string => secrets.sentence(text);
    expect([of('abcdefghijklmnopqrst-longer!'), of('abcdefghijklmnopqrst!'), of('abcdefghijklmnop!'), of('xijklx'), of('nothing')]).to.deep.equal(['***!', '***!', '***!', 'x***x', 'nothing']);
  });

  it('the token in use stays known, however many others come with it', async () => {
    let calls = 0;
    server.onToken = (seen, response) => grants({ access_token: ISSUED, id_token: `id-token-number-${++calls}-of-many`, expires_in: 1 })(seen, response);
    server.onLookup = answer(400, { error_code: 'X.1', error_msg: `Invalid access token: ${ISSUED}` });
    const clock = new FakeClock();
    const tenant = openTenant(server, client, { clock });
    for (let call = 0; call < 40; call++) {
      const failure = await failureOf(byMobile(tenant, `138000000${call}`));
      expect(failure.detail, `token call ${calls}`).to.equal('Invalid access token: ***');
      clock.advance(1001);
    }
    expect(calls).to.equal(40);
  });

  it('are known as a form carries them', () => {
    for (const secret of ['ab~cd-efgh1234', 'ab cd!efgh1234', "it's (not) *so* easy~"]) {
      const secrets = new Redactor();
      secrets.add(secret, 'client-secret');
      expect(secrets.sentence(`You sent ${new URLSearchParams({ client_secret: secret }).toString()}&x`)).to.equal('You sent client_secret=***&x');
    }
  });
});
