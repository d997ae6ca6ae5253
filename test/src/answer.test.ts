/** What an answer is taken for, by its status and body alone. */
import { expect } from 'chai';
import { copyUser, failureOf, isRefusal, readUser } from '../../src/api/response';
import { httpFailure, LookupFailure, tenantFailure } from '../../src/failures/failure';
import { createRedactor } from '../../src/api/redact';

const secrets = createRedactor();
secrets.add('a-secret-that-nobody-may-see', 'client-secret');
secrets.add('s-one', 'client-id');

const plain = { status: 400, text: '', retryAfter: undefined };

const read = (status: number, body: unknown): ReturnType<typeof readUser> =>
  readUser({ status, text: typeof body === 'string' ? body : JSON.stringify(body), retryAfter: undefined }, secrets, { value: 'somebody' });

const failure = (status: number, body: unknown): LookupFailure => {
  const result = read(status, body);
  if (!(result instanceof LookupFailure)) throw new Error('a user was found');
  return result;
};
const told = (status: number, body: unknown): [string, string] => {
  const { code, message } = failure(status, body);
  return [code, message];
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
    for (const code of ['SOMEBODY2.0001', 'BUSY.471147', 'IDAAS.TENANT.USER.0001']) expect(told(400, { error_code: code })[0]).to.equal(code);
  });

  it('without a user_id that can be one are none', () => {
    for (const id of [undefined, null, '', true, {}, ['u1']]) expect(told(200, { user_id: id }), JSON.stringify(id)).to.deep.equal(['CIAM.RESPONSE', 'The answer is not a user: an object without user_id.']);
  });

  it('that are no object say so', () => {
    for (const body of ['', 'null', '[]', '"text"', '1', '<html>', '{']) expect(told(200, body), body).to.deep.equal(['CIAM.RESPONSE', 'The answer is not a user: not a JSON object.']);
  });

  it('from 300 on are redirects, from 400 on refusals, whatever user they hold', () => {
    expect(told(300, { user_id: 'u1' })).to.deep.equal(['CIAM.RESPONSE', 'The answer is not a user: HTTP 300, a redirect, which is never followed.']);
    expect(told(399, '')[0]).to.equal('CIAM.RESPONSE');
    expect(told(400, { user_id: 'u1' })[0]).to.equal('CIAM.HTTP.400');
    expect(failure(302, '').status).to.equal(302);
  });

  it('tell the code that the tenant gave, with any status: error_code before error, blanks cut off', () => {
    expect(told(400, { error_code: 'USER.0001', error_msg: 'nobody' })).to.deep.equal(['USER.0001', 'nobody']);
    expect(told(200, { error: 'invalid_token', error_description: 'expired' })).to.deep.equal(['invalid_token', 'expired']);
    expect(told(400, { error_code: ' USER.0001 ', error: 'invalid_token', error_msg: 'a', error_description: 'b' })).to.deep.equal(['USER.0001', 'a']);
    expect(told(400, { error_code: '', error: 'access_denied', error_msg: '' })).to.deep.equal(['access_denied', 'The tenant answered access_denied.']);
    expect(told(400, { error_code: 4711, error_msg: 12 })).to.deep.equal(['4711', '12']);
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
    expect(failure(400, { error_code: 'USER.0001', error_msg: 'somebody has a-secret-that-nobody-may-see' }).message).to.equal('*** has ***');
    const found = read(200, { user_id: 'u1', note: 'a-secret-that-nobody-may-see' });
    expect(found instanceof LookupFailure ? null : found.user).to.deep.equal({ user_id: 'u1', note: '***' });
  });

  it('say what was expected instead', () => {
    expect(failureOf({ status: 200, text: '{}', retryAfter: undefined }, {}, 'access_token', secrets, null).message).to.equal('The answer is not a user: an object without access_token.');
  });

  it('refuse the token when they say invalid_token, or 401 for any reason but the client', () => {
    expect([tenantFailure('invalid_token', 400, ''), tenantFailure('invalid_token', 200, ''), httpFailure(401), tenantFailure('unauthorized_user', 401, '')].map((met) => isRefusal(met, plain))).to.deep.equal([true, true, true, true]);
    expect([tenantFailure('invalid_client', 401, ''), httpFailure(400), httpFailure(403), tenantFailure('access_denied', 400, '')].map((met) => isRefusal(met, plain))).to.deep.equal([false, false, false, false]);
  });
});
