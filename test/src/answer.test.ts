/** What an answer is taken for, by its status and body alone. */
import { expect } from 'chai';
import { copyUser, failureOf, isRefusal, readUser } from '../../src/api/response';
import { httpFailure, LookupFailure, tenantFailure } from '../../src/failures/failure';
import { Redactor } from '../../src/api/redact';

const secrets = new Redactor();
secrets.add('a-secret-that-nobody-may-see', 'client-secret');
secrets.add('s-one', 'client-id');

const plain = { status: 400, text: '', retryAfter: undefined };

const read = (status: number, body: unknown): ReturnType<typeof readUser> =>
  readUser({ status, text: typeof body === 'string' ? body : JSON.stringify(body), retryAfter: undefined }, secrets, { by: 'username', value: 'somebody' });

const failure = (status: number, body: unknown): LookupFailure => {
  const result = read(status, body);
  if (!(result instanceof LookupFailure)) throw new Error('a user was found');
  return result;
};
const told = (status: number, body: unknown): [string, string | undefined] => {
  const { code, message, detail } = failure(status, body);
  return [code, code === 'CIAM.RESPONSE' ? message : detail];
};

describe('answers', () => {
  it('with a user_id below 300 are users', () => {
    for (const id of ['u1', 4711, 0]) {
      const found = read(200, { user_id: id, name: 'x' });
      expect(found).to.not.be.instanceOf(LookupFailure);
      if (!(found instanceof LookupFailure)) expect(found.user).to.deep.equal({ user_id: id, name: 'x' });
    }
    expect(read(299, { user_id: 'u1' })).to.not.be.instanceOf(LookupFailure);
  });

  it('that are shared give a fresh object each', () => {
    const found = read(200, { user_id: 'u1', extension: { age: 1 } });
    if (found instanceof LookupFailure) throw found;
    expect(copyUser(found)).to.deep.equal(found.user);
    expect(copyUser(found)).to.not.equal(found.user);
    expect(copyUser(found).extension).to.not.equal(found.user.extension);
  });

  it('whose code nobody knows and that shows who was looked up are known by their status', () => {
    for (const code of ['NOT_FOUND:somebody', 'SOMEBODY', 'no.Somebody/here', 'NOBODY:13800001111', 'X4711471']) expect(told(400, { error_code: code })[0], code).to.equal('CIAM.HTTP.400');
    for (const code of ['SOMEBODY2.0001', 'BUSY.471147', 'NO-SUCH', 'NO:x', 'A..B', '.A', 'A.', 'A.1.B', '1.A', 'ÜBER', 'x1']) expect(told(400, { error_code: code })[0], code).to.equal('CIAM.HTTP.400');
    for (const code of ['SOME.0001', 'BUSY.47114', 'A.B_C.d.1', 'IDAAS.TENANT.USER.0001']) expect(told(400, { error_code: code })[0]).to.equal(code);
  });

  it('without a user_id that can be one are none', () => {
    expect(told(200, '{"user_id":1e400}')[0]).to.equal('CIAM.RESPONSE');
    for (const id of [undefined, null, '', true, {}, ['u1']]) expect(told(200, { user_id: id }), JSON.stringify(id)).to.deep.equal(['CIAM.RESPONSE', 'The answer cannot be used: an object without user_id.']);
  });

  it('that are no object say so', () => {
    for (const body of ['', 'null', '[]', '"text"', '1', '<html>', '{']) expect(told(200, body), body).to.deep.equal(['CIAM.RESPONSE', 'The answer cannot be used: not a JSON object.']);
  });

  it('from 300 on are redirects, from 400 on refusals, whatever user they hold', () => {
    expect(told(300, { user_id: 'u1' })).to.deep.equal(['CIAM.RESPONSE', 'The answer cannot be used: HTTP 300, a redirect, which is never followed.']);
    expect(told(399, '')[0]).to.equal('CIAM.RESPONSE');
    expect(told(400, { user_id: 'u1' })[0]).to.equal('CIAM.HTTP.400');
    expect(failure(302, '').status).to.equal(302);
  });

  it('tell the code that the tenant gave, with any status: error_code before error, blanks cut off', () => {
    expect(told(400, { error_code: 'USER.0001', error_msg: 'nobody' })).to.deep.equal(['USER.0001', 'nobody']);
    expect(told(200, { error: 'invalid_token', error_description: 'expired' })).to.deep.equal(['invalid_token', 'expired']);
    expect(told(400, { error_code: ' USER.0001 ', error: 'invalid_token', error_msg: 'a', error_description: 'b' })).to.deep.equal(['USER.0001', 'a']);
    expect(told(400, { error_code: '', error: 'access_denied', error_msg: '' })).to.deep.equal(['access_denied', undefined]);
    expect(told(400, { error_code: 4711, error_msg: 12 })).to.deep.equal(['CIAM.HTTP.400', '12']);
  });

  it('with a code that cannot be shown are known by their status', () => {
    const codes: unknown[] = ['', ' ', 'x'.repeat(65), 'two words', 'ta\tb', 'ünïcode', {}, true, null, 'has-s-one', 's-one'];
    for (const code of codes) {
      expect(told(400, { error: code })[0], JSON.stringify(code)).to.equal('CIAM.HTTP.400');
      expect(told(400, { error_code: code })[0], JSON.stringify(code)).to.equal('CIAM.HTTP.400');
    }
    for (const code of ['x', 'x'.repeat(64)]) expect(told(400, { error: code })[0]).to.equal(code);
    expect(told(400, { error: 4711 })[0]).to.equal('CIAM.HTTP.400');
  });

  it('never repeat a secret or who was looked up', () => {
    expect(failure(400, { error_code: 'USER.0001', error_msg: 'somebody has a-secret-that-nobody-may-see' }).detail).to.equal('*** has ***');
    const found = read(200, { user_id: 'u1', note: 'a-secret-that-nobody-may-see' });
    expect(found instanceof LookupFailure ? null : found.user).to.deep.equal({ user_id: 'u1', note: '***' });
  });

  it('whose code holds who was looked up, somehow, do not show it', () => {
    const code = (lookedUp: string, error: string): string => {
      const result = readUser({ status: 400, text: JSON.stringify({ error }), retryAfter: undefined }, secrets, { by: 'username', value: lookedUp });
      return result instanceof LookupFailure ? result.code : 'found';
    };
    for (const [value, error] of [['lisi', 'NO.LISI'], ['lisi', 'nolisi'], ['li si', 'NO_LI_SI'], ['li.si', 'li.si'], ['12345', 'ERR.12345'], ['ab', 'NO.AB'], ['li@b.c', 'LI.B.C']] as const) expect(code(value, error), error).to.equal('CIAM.HTTP.400');
    for (const [value, error] of [['ab', 'NO.ABLE'], ['lisi', 'NO.USER'], ['user', 'USER.0001']] as const) expect(code(value, error), error).to.equal(error);
  });

  const pages: [string, string | undefined][] = [
    ['<!doctype html><html><head><meta charset="utf-8"><title>502 Bad Gateway</title></head></html>', '502 Bad Gateway'],
    ['<html><TITLE lang="en">\n  Sign in\n  here </TITLE>', 'Sign in here'],
    ['<html><title>somebody has 13900001234 and a-secret-that-nobody-may-see</title>', '*** has *** and ***'],
    ['<html><body>somebody</body>', undefined],
    ['<title >Down</title>', 'Down'],
    ['\n <html><body>somebody</body>', undefined],
    ['policy[4711] has blocked it', 'policy[4711] has blocked it'],
    ['<title', undefined],
    ['Request blocked by policy 4711\nsee somebody', 'Request blocked by policy 4711 see ***'],
    ['', undefined],
    ['\ufffd\ufffd\u0000', undefined],
    ['{"error_code":', undefined],
  ];
  for (const [page, detail] of pages) {
    it(`of HTTP 502 with ${JSON.stringify(page)}: ${detail ?? 'no detail'}`, () => {
      for (const [status, code] of [[502, 'CIAM.HTTP.502'], [200, 'CIAM.RESPONSE']] as const) {
        const found = failure(status, page);
        expect([found.code, found.detail, Object.hasOwn(found, 'detail')]).to.deep.equal([code, detail, detail !== undefined]);
        expect(found.message).to.not.contain(detail ?? 'somebody');
      }
    });
  }

  it('have their title near the beginning, or none', () => {
    expect(failure(502, `<html>${' '.repeat(65_000)}<title>Down</title>`).detail).to.equal('Down');
    expect(failure(502, `<html>${' '.repeat(65_536)}<title>Down</title>`).detail).to.equal(undefined);
  });

  it('without a code that may be shown still have a detail', () => {
    expect(failure(400, { error_code: 'NO:somebody', error_msg: 'User somebody is locked' })).to.include({ code: 'CIAM.HTTP.400', detail: 'User *** is locked' });
    expect(failure(500, { status: 500, error: 'Internal Server Error', message: 'No message available' })).to.include({ code: 'CIAM.HTTP.500', detail: 'No message available' });
  });

  it('say what was expected instead', () => {
    expect(failureOf({ status: 200, text: '{}', retryAfter: undefined }, {}, 'access_token', secrets, null).message).to.equal('The answer cannot be used: an object without access_token.');
  });

  it('refuse the token when they say invalid_token, or 401 for any reason but the client', () => {
    expect([tenantFailure('invalid_token', 400, ''), tenantFailure('invalid_token', 200, ''), httpFailure(401), tenantFailure('unauthorized_user', 401, '')].map((met) => isRefusal(met, plain))).to.deep.equal([true, true, true, true]);
    expect([tenantFailure('invalid_client', 401, ''), httpFailure(400), httpFailure(403), tenantFailure('access_denied', 400, '')].map((met) => isRefusal(met, plain))).to.deep.equal([false, false, false, false]);
    const challenges = ['Bearer error="invalid_token"', 'Bearer error="insufficient_scope"', undefined];
    expect(challenges.map((wwwAuthenticate) => isRefusal(httpFailure(403), { ...plain, wwwAuthenticate }))).to.deep.equal([true, false, false]);
  });
});
