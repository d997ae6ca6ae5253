/** What each failure says, and which are worth another try: the words and codes that flows and people depend on. */
import { once } from 'node:events';
import { expect } from 'chai';
import { PROXY_AUTHENTICATION, PROXY_NTLM } from '../../src/failures/advice';
import * as failures from '../../src/failures/failure';

const { httpFailure, networkFailure, tenantFailure, tlsFailure } = failures;

const facts = ({ code, message, category, status, retryable, system }: failures.LookupFailure): object => ({ code, message, category, status, retryable, system: system ?? null });

const OWN: [failures.LookupFailure, [string, string, string, number | null, boolean, string | null]][] = [
  [failures.inputFailure('by', { choices: 'a, b' }), ['CIAM.INPUT', 'by must be one of a, b.', 'invalid-input', null, false, null]],
  [failures.configFailure('timeout', 'number', { min: 1, max: 2 }), ['CIAM.CONFIG', 'timeout: must be a number from 1 to 2.', 'config', null, false, null]],
  [failures.timeoutFailure('timeout', 10), ['CIAM.TIMEOUT', 'No answer of the tenant within the timeout of 10 s.', 'timeout', null, true, null]],
  [failures.timeoutFailure('queueTimeout', 0.5), ['CIAM.TIMEOUT', 'Its turn did not come within the queueTimeout of 0.5 s.', 'timeout', null, true, null]],
  [networkFailure('ECONNREFUSED'), ['CIAM.NETWORK', 'No connection to the tenant (ECONNREFUSED).', 'unavailable', null, true, 'ECONNREFUSED']],
  [networkFailure('ENOTFOUND', 'network', 'a.example:1'), ['CIAM.NETWORK', 'No connection to a.example:1 (ENOTFOUND).', 'unavailable', null, true, 'ENOTFOUND']],
  [networkFailure('ECONNRESET', 'proxy-unreachable'), ['CIAM.NETWORK', 'The proxy could not be reached (ECONNRESET).', 'unavailable', null, true, 'ECONNRESET']],
  [failures.proxyPasswordFailure(), ['CIAM.NETWORK', `The proxy asks for a user name and password, or refused them (${PROXY_AUTHENTICATION}).`, 'unavailable', null, true, PROXY_AUTHENTICATION]],
  [failures.proxyPasswordFailure(PROXY_NTLM), ['CIAM.NETWORK', `The proxy takes only NTLM or Kerberos (${PROXY_NTLM}).`, 'unavailable', null, true, PROXY_NTLM]],
  [tlsFailure('CERT_HAS_EXPIRED'), ['CIAM.TLS', 'No trusted connection to the tenant (CERT_HAS_EXPIRED).', 'untrusted', null, false, 'CERT_HAS_EXPIRED']],
  [failures.responseFailure(302, 'redirect'), ['CIAM.RESPONSE', 'The answer cannot be used: HTTP 302, a redirect, which is never followed.', 'bad-response', 302, false, null]],
  [failures.queueFullFailure(7), ['CIAM.QUEUE.FULL', 'The queue is full: at most 7 lookups may wait (queueLimit).', 'overloaded', null, true, null]],
  [failures.circuitFailure(), ['CIAM.CIRCUIT', 'The tenant has been unreachable for as long as the timeout allows.', 'unavailable', null, true, null]],
  [failures.listFailure(2, 5), ['CIAM.LIST', '2 of 5 items of the list failed.', 'rejected', null, false, null]],
  [failures.closedFailure(), ['CIAM.CLOSED', 'The flow was redeployed or stopped before the answer came.', 'cancelled', null, true, null]],
];

const HTTP: [number, string, boolean][] = [
  [400, 'rejected', false], [401, 'unauthorized', false], [403, 'forbidden', false], [404, 'rejected', false], [408, 'unavailable', true],
  [418, 'rejected', false], [421, 'unavailable', true], [425, 'unavailable', true], [429, 'rate-limited', true],
  [499, 'rejected', false], [500, 'unavailable', true], [501, 'unavailable', true], [502, 'unavailable', true], [503, 'unavailable', true], [504, 'unavailable', true], [599, 'unavailable', true],
];

/** The published codes of lookups and token calls, with the status that they come with. */
const TENANT: [string, number, string, boolean][] = [
  ['USER.0001', 400, 'not-found', false], ['USER.0002', 400, 'invalid-input', false], ['USER.0003', 400, 'invalid-input', false],
  ['USER.0004', 400, 'invalid-input', false], ['USER.0005', 400, 'invalid-input', false], ['USER.0020', 400, 'invalid-input', false],
  ['USER.0036', 400, 'invalid-input', false], ['USER.0037', 400, 'invalid-input', false], ['USER.0038', 400, 'invalid-input', false],
  ['MOBILE.0002', 400, 'invalid-input', false], ['COM.0002', 500, 'unavailable', true],
  ['APP.0001', 400, 'forbidden', false], ['APP.0002', 400, 'forbidden', false], ['APP.0003', 400, 'forbidden', false],
];
const OAUTH: [string, number, string][] = [
  ['invalid_token', 400, 'unauthorized'], ['invalid_client', 401, 'unauthorized'], ['unauthorized_user', 401, 'unauthorized'], ['unauthorized', 401, 'unauthorized'],
  ['unauthorized_client', 400, 'forbidden'], ['unauthorized_client', 401, 'forbidden'], ['invalid_scope', 400, 'forbidden'], ['unsupported_grant_type', 400, 'forbidden'],
  ['invalid_request', 400, 'rejected'], ['insufficient_scope', 400, 'forbidden'], ['access_denied', 400, 'forbidden'],
];

const transient = (failure: failures.LookupFailure): boolean => failures.isTransient(failure);
const failedCall = (failure: failures.LookupFailure): boolean => failures.isFailedCall(failure);

describe('failures', () => {
  for (const [failure, [code, message, category, status, retryable, system]] of OWN) {
    it(message, () => {
      expect(facts(failure)).to.deep.equal({ code, message, category, status, retryable, system });
    });
  }

  for (const [status, category, retryable] of HTTP) {
    it(`HTTP ${status} without a body that says more: ${category}`, () => {
      const code = `CIAM.HTTP.${status}`;
      expect(facts(httpFailure(status))).to.deep.equal({ code, message: `The tenant answered HTTP ${status} without an error code.`, category, status, retryable, system: null });
    });
  }

  it('the published codes have their category, with and without prefix', () => {
    for (const [code, status, category, retryable] of TENANT) {
      for (const whole of [code, `IDAAS.TENANT.${code}`]) {
        expect(tenantFailure(whole, status), whole).to.include({ code: whole, category, status, retryable });
      }
    }
    for (const [code, status, category] of OAUTH) expect(tenantFailure(code, status), code).to.include({ code, category, status });
  });

  it("a tenant's failure has a sentence of ours, and what the tenant wrote beside it", () => {
    const failure = tenantFailure('USER.0001', 400, 'User lisi not found');
    expect(failure).to.include({ message: 'The tenant does not know this user (USER.0001).', detail: 'User lisi not found' });
    expect(failure.toJSON()).to.include({ detail: 'User lisi not found' });
    expect(httpFailure(503, 'Service Unavailable').detail).to.equal('Service Unavailable');
    for (const silent of [tenantFailure('USER.0001', 400), tenantFailure('USER.0001', 400, ''), httpFailure(503)]) {
      expect(silent).to.not.have.property('detail');
      expect(silent.toJSON()).to.not.have.property('detail');
    }
  });

  it('a code that nobody knows is judged by the status', () => {
    const statuses = [200, 400, 401, 403, 404, 429, 499, 500, 503];
    const categories = ['rejected', 'rejected', 'unauthorized', 'forbidden', 'rejected', 'rate-limited', 'rejected', 'unavailable', 'unavailable'];
    expect(statuses.map((status) => tenantFailure('NEW.0001', status).category)).to.deep.equal(categories);
    expect(tenantFailure('NEW.0001', 408).retryable).to.equal(true);
  });

  for (const code of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'IDAAS.TENANT.constructor']) {
    it(`${code} is a code like any other that nobody knows`, () => {
      const failure = tenantFailure(code, 400);
      expect(failure).to.include({ code, category: 'rejected', advice: failures.ADVICE.rejected });
      expect([transient(failure), failedCall(failure), failures.isPublished(code)]).to.deep.equal([false, false, false]);
    });
  }

  it('a code that begins like ours is no code: the status says what it is', () => {
    expect(tenantFailure('CIAM.NETWORK', 400, 'words')).to.include({ code: 'CIAM.HTTP.400', category: 'rejected', detail: 'words' });
    expect(tenantFailure('CIAM.NETWORK', 200).code).to.equal('CIAM.RESPONSE');
    const prefixed = tenantFailure('IDAAS.TENANT.CIAM.NETWORK', 400);
    expect([prefixed.category, transient(prefixed), failures.isPublished('CIAM.NETWORK')]).to.deep.equal(['rejected', false, false]);
  });

  it('knows the published codes, and no others', () => {
    expect(['USER.0001', 'IDAAS.TENANT.COM.0002', 'invalid_token'].map(failures.isPublished)).to.deep.equal([true, true, true]);
    expect(['NEW.0001', 'IDAAS.TENANT.', 'toString', ''].map(failures.isPublished)).to.deep.equal([false, false, false, false]);
  });

  it('temporary are: the network, 408, 421, 425, 429, 502, 503, 504 and system busy', () => {
    expect([408, 421, 425, 429, 502, 503, 504].filter((status) => !transient(httpFailure(status)))).to.deep.equal([]);
    expect([400, 401, 403, 404, 409, 428, 430, 500, 501, 505].filter((status) => transient(httpFailure(status)))).to.deep.equal([]);
    expect(transient(tenantFailure('COM.0002', 500))).to.equal(true);
    expect(transient(tenantFailure('IDAAS.TENANT.COM.0002', 400))).to.equal(true);
    expect(transient(tenantFailure('USER.0001', 400))).to.equal(false);
    expect(OWN.filter(([failure]) => transient(failure)).map(([{ system }]) => system)).to.deep.equal(['ECONNREFUSED', 'ENOTFOUND', 'ECONNRESET']);
  });

  it('failed calls are: no response, none in time, 502, 503, 504 and system busy; all the rest is an answer', () => {
    expect([502, 503, 504].filter((status) => !failedCall(httpFailure(status)))).to.deep.equal([]);
    expect([400, 401, 408, 421, 425, 429, 499, 500, 501, 505, 599].filter((status) => failedCall(httpFailure(status)))).to.deep.equal([]);
    expect(failedCall(tenantFailure('COM.0002', 500))).to.equal(true);
    expect(failedCall(tenantFailure('USER.0001', 400))).to.equal(false);
    expect(new Set(OWN.filter(([failure]) => failedCall(failure)).map(([{ code }]) => code))).to.deep.equal(new Set(['CIAM.TIMEOUT', 'CIAM.NETWORK']));
  });

  it('an outage names its last trouble', () => {
    const wait = 'Wait: the tenant is asked again by itself every few seconds.';
    expect(failures.circuitFailure(networkFailure('ECONNREFUSED', 'network', 'a.example'))).to.include({
      code: 'CIAM.CIRCUIT', category: 'unavailable', retryable: true, system: 'ECONNREFUSED', message: 'a.example has been unreachable for as long as the timeout allows; last trouble: ECONNREFUSED.',
      advice: `${wait} Check host and port: nobody listens at a.example.`,
    });
    expect(failures.circuitFailure(networkFailure('ECONNREFUSED', 'proxy-unreachable')).advice).to.equal(`${wait} ${failures.ADVICE.proxy}`);
    expect(failures.circuitFailure(httpFailure(503))).to.include({ system: 'CIAM.HTTP.503', advice: `${wait} ${failures.ADVICE.gateway}` });
    expect(failures.circuitFailure().advice).to.equal(`${wait} Check the domain and the network if it stays so.`);
  });

  it('of one message is an object of its own, whose value is not printed', () => {
    const shared = tenantFailure('USER.0001', 400, 'who is lisi?');
    const lookup = { by: 'mobile', value: '13800001111', tenant: 't', attempts: 3, durationMs: 1, source: 'tenant' } as const;
    const own = shared.for(lookup);
    expect(own).to.not.equal(shared);
    expect(facts(own)).to.deep.equal(facts(shared));
    expect(own.detail).to.equal('who is lisi?');
    expect(own.lookup).to.equal(lookup);
    expect(shared.lookup).to.equal(undefined);
    expect(Object.keys(own)).to.not.include.members(['lookup']).and.not.include.members(['detail']);
    expect(JSON.stringify(own)).to.not.include('13800001111');
  });

  it('of one message names the tenant that was asked, unless it names a host already', () => {
    const lookup = { by: 'mobile', value: '1', tenant: 'a.example:1', attempts: 1, durationMs: 1, source: 'tenant' } as const;
    const refused = networkFailure('ECONNREFUSED').for(lookup);
    expect(refused).to.include({ message: 'No connection to a.example:1 (ECONNREFUSED).', advice: 'Check host and port: nobody listens at a.example:1.', system: 'ECONNREFUSED' });
    expect(networkFailure('ECONNREFUSED', 'network', 'b.example').for(lookup).message).to.include('b.example');
  });

  it('may get advice that fits better', () => {
    const advised = httpFailure(401, 'words').advised('credentials');
    expect(advised).to.include({ code: 'CIAM.HTTP.401', message: httpFailure(401).message, detail: 'words', adviceKey: 'credentials', advice: failures.ADVICE.credentials });
  });

  it('tells by which keys it is translated, which setting it is about, and the last trouble of its outage', () => {
    const last = httpFailure(503);
    const all = [failures.configFailure('timeout', 'number'), failures.circuitFailure(last), failures.circuitFailure()];
    expect(all.map(({ messageKey, property, behind }) => [messageKey, property, behind])).to.deep.equal([['config-number', 'timeout', undefined], ['circuit', undefined, last], ['circuit-unknown', undefined, undefined]]);
  });

  it('of a callback of the caller is a warning of the process, with the stack of what was thrown', async () => {
    const warned = async (thrown: unknown): Promise<Error> => {
      const next = once(process, 'warning') as Promise<[Error]>;
      failures.warnOfThrown(thrown);
      return (await next)[0];
    };
    const error = new TypeError('of a callback');
    expect(await warned(error)).to.equal(error);
    expect(await warned({ toString: () => 'no error' })).to.be.instanceOf(Error).and.include({ message: 'no error' });
  });

  it('as JSON has what a message carries', () => {
    expect(JSON.parse(JSON.stringify(tlsFailure('CERT_HAS_EXPIRED', 'a.example')))).to.deep.equal({
      code: 'CIAM.TLS', message: 'No trusted connection to a.example (CERT_HAS_EXPIRED).', category: 'untrusted', status: null, retryable: false,
      advice: 'Have the certificate of a.example renewed by whoever runs it; if it is still valid, set the clock of this machine.', system: 'CERT_HAS_EXPIRED',
    });
    expect(failures.closedFailure().toJSON()).to.not.have.property('system');
    expect(failures.closedFailure()).to.not.have.own.property('system');
  });

  it('is an Error by name, without a stack of our inside, and leaves that of others alone', () => {
    const before = Error.stackTraceLimit;
    try {
      Error.stackTraceLimit = 7;
      const failure = failures.closedFailure();
      expect(failure).to.be.instanceOf(Error).and.include({ name: 'LookupFailure' });
      expect(failure.stack).to.not.include('at ');
      expect(Error.stackTraceLimit).to.equal(7);
    } finally {
      Error.stackTraceLimit = before;
    }
  });
});

/** The system's code behind a failure, and the advice that it is to bring. */
const BY_SYSTEM: [failures.LookupFailure, failures.AdviceKey][] = [
  [networkFailure('ENOTFOUND'), 'no-host'], [networkFailure('EAI_AGAIN'), 'no-host'], [networkFailure('ECONNREFUSED'), 'nobody-listens'],
  [networkFailure('EHOSTUNREACH'), 'no-way'], [networkFailure('UND_ERR_CONNECT_TIMEOUT'), 'no-way'],
  [networkFailure('ECONNRESET'), 'connection-lost'], [networkFailure('UND_ERR_SOCKET'), 'connection-lost'], [networkFailure('UNKNOWN'), 'unavailable'],
  [networkFailure('ENOTFOUND', 'proxy-unreachable'), 'proxy'], [networkFailure('PROXY_HTTP_503', 'proxy-refused'), 'proxy-refused'],
  [failures.proxyPasswordFailure(), 'proxy-password'], [failures.proxyPasswordFailure(PROXY_NTLM), 'proxy-ntlm'],
  [tlsFailure('EPROTO'), 'no-https'], [tlsFailure('ERR_SSL_WRONG_VERSION_NUMBER'), 'no-https'], [tlsFailure('CERT_HAS_EXPIRED'), 'certificate-expired'],
  [tlsFailure('CERT_NOT_YET_VALID'), 'certificate-early'], [tlsFailure('ERR_TLS_CERT_ALTNAME_INVALID'), 'certificate-host'],
  [tlsFailure('DEPTH_ZERO_SELF_SIGNED_CERT'), 'certificate-authority'], [tlsFailure('SELF_SIGNED_CERT_IN_CHAIN'), 'certificate-authority'],
  [tlsFailure('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'certificate-authority'], [tlsFailure('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'), 'certificate-authority'],
  [tlsFailure('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 'client-certificate'], [tlsFailure('ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE'), 'client-certificate'],
  [tlsFailure('CERT_REVOKED'), 'untrusted'],
  [tenantFailure('invalid_client', 401), 'client-credentials'], [tenantFailure('invalid_request', 400), 'token-request'],
  [tenantFailure('unauthorized_client', 400), 'client-grant'], [tenantFailure('access_denied', 400), 'forbidden'],
  [httpFailure(403), 'whitelist'], [httpFailure(404), 'not-served'], [httpFailure(401), 'unauthorized'], [tenantFailure('IDAAS.TENANT.USER.0020', 400), 'mobile-rule'],
  [httpFailure(502), 'gateway'], [httpFailure(503), 'gateway'], [httpFailure(504), 'gateway'], [httpFailure(500), 'server-error'], [httpFailure(429), 'rate-limited'],
  [httpFailure(408), 'not-now'], [tenantFailure('COM.0002', 500), 'busy'], [tenantFailure('SOME.0001', 500), 'server-error'], [tenantFailure('SOME.0001', 503), 'gateway'],
  [failures.timeoutFailure('queueTimeout', 1), 'queue-timeout'], [failures.timeoutFailure('timeout', 1), 'timeout'],
  [failures.responseFailure(302, 'redirect'), 'redirect'], [failures.responseFailure(200, 'not-json'), 'bad-response'],
  [failures.configFailure('tls', 'tls-passphrase'), 'tls-passphrase'], [failures.configFailure('tls', 'tls-pair'), 'tls-pair'], [failures.configFailure('tls', 'tls-pem'), 'tls-pem'], [failures.configFailure('tls', 'tls-unreadable'), 'tls-pem'],
  [failures.configFailure('token', 'missing-token'), 'credentials'], [failures.configFailure('clientSecret', 'missing-clientSecret'), 'credentials'], [failures.configFailure('domain', 'quoted'), 'quotes'], [failures.configFailure('clientId', 'colon'), 'client-id-colon'],
  [failures.configFailure('clientId', 'missing-clientId'), 'credentials'], [failures.configFailure('domain', 'missing-domain'), 'config'],
];

describe('a token call that failed', () => {
  const GRANTED: [failures.LookupFailure, boolean][] = [
    [httpFailure(500), true], [httpFailure(501), true], [httpFailure(429), true], [networkFailure('ECONNREFUSED'), true],
    [httpFailure(403), false], [tenantFailure('invalid_client', 500), false], [tlsFailure('CERT_HAS_EXPIRED'), false], [failures.circuitFailure(), false],
  ];
  for (const [failure, isGranted] of GRANTED) {
    it(`${failure.code}, HTTP ${failure.status ?? 'none'}: ${isGranted ? 'may be granted next time' : 'is refused'}`, () => {
      expect(failures.mayBeGranted(failure)).to.equal(isGranted);
    });
  }
});

describe('a copy of a failure', () => {
  it('tells of the same lookup, if there is one', () => {
    const lookup: failures.LookupInfo = { by: 'mobile', value: '1', tenant: 'a.example', attempts: 1, durationMs: 2, source: 'tenant' };
    const failure = httpFailure(500).for(lookup);
    const copy = failure.copy();
    expect(copy).to.not.equal(failure);
    expect(facts(copy)).to.deep.equal(facts(failure));
    expect(copy.lookup).to.equal(lookup);
    expect(httpFailure(500).copy()).to.not.have.property('lookup');
  });
});

describe('advice', () => {
  for (const [failure, key] of BY_SYSTEM) {
    it(`${failure.code} ${failure.system} ${failure.messageKey}: ${key}`, () => {
      expect(failure.adviceKey).to.equal(key);
      expect(failure.advice).to.equal(failures.filled(failures.ADVICE[key], { host: 'the tenant' }));
    });
  }

  it('fills the places that it has values for, and those only', () => {
    expect(failures.filled('__host__ __other__ __host__', { host: '__other__' })).to.equal('__other__ __other__ __other__');
    expect(failures.filled('__constructor__', {})).to.equal('__constructor__');
  });
});
