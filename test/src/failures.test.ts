/** What each failure says, and which are worth another try: the words and codes that flows and people depend on. */
import { expect } from 'chai';
import { PROXY_AUTHENTICATION } from '../../src/failures/advice';
import * as failures from '../../src/failures/failure';

const { LookupFailure } = failures;

const facts = ({ code, message, category, status, retryable, cause }: failures.LookupFailure): object => ({ code, message, category, status, retryable, cause: cause?.code ?? null });

const OWN: [failures.LookupFailure, [string, string, string, number | null, boolean, string | null]][] = [
  [failures.inputFailure('by must be …'), ['CIAM.INPUT', 'by must be …', 'invalid-input', null, false, null]],
  [failures.configFailure('timeout', 'must be …'), ['CIAM.CONFIG', 'timeout: must be …', 'config', null, false, null]],
  [failures.timeoutFailure('timeout', 10), ['CIAM.TIMEOUT', 'No answer within the timeout of 10 s.', 'timeout', null, true, null]],
  [failures.timeoutFailure('queueTimeout', 0.5), ['CIAM.TIMEOUT', 'Its turn did not come within the queueTimeout of 0.5 s.', 'timeout', null, true, null]],
  [failures.networkFailure('ECONNREFUSED'), ['CIAM.NETWORK', 'The tenant could not be reached (ECONNREFUSED).', 'unavailable', null, true, 'ECONNREFUSED']],
  [failures.networkFailure('ENOTFOUND', 'The proxy is gone'), ['CIAM.NETWORK', 'The proxy is gone (ENOTFOUND).', 'unavailable', null, true, 'ENOTFOUND']],
  [failures.proxyPasswordFailure(), ['CIAM.NETWORK', `The proxy asks for a user name and password, or refused them (${PROXY_AUTHENTICATION}).`, 'unavailable', null, true, PROXY_AUTHENTICATION]],
  [failures.tlsFailure('CERT_HAS_EXPIRED'), ['CIAM.TLS', 'The TLS connection was refused (CERT_HAS_EXPIRED).', 'untrusted', null, false, 'CERT_HAS_EXPIRED']],
  [failures.responseFailure(302, 'a redirect'), ['CIAM.RESPONSE', 'The answer is not a user: a redirect.', 'bad-response', 302, false, null]],
  [failures.queueFullFailure(7), ['CIAM.QUEUE.FULL', '7 lookups are waiting already (queueLimit).', 'overloaded', null, true, null]],
  [failures.circuitFailure(), ['CIAM.CIRCUIT', 'Ten calls in a row failed: the tenant is spared until a probe succeeds.', 'unavailable', null, true, null]],
  [failures.listFailure(2, 5), ['CIAM.LIST', '2 of 5 items of the list failed.', 'rejected', null, false, null]],
  [failures.closedFailure(), ['CIAM.CLOSED', 'The flow was redeployed or stopped before the answer came.', 'cancelled', null, true, null]],
];

const HTTP: [number, string, boolean][] = [
  [400, 'rejected', false], [401, 'unauthorized', false], [403, 'forbidden', false], [404, 'rejected', false], [418, 'rejected', false], [429, 'rate-limited', true],
  [499, 'rejected', false], [500, 'unavailable', true], [501, 'unavailable', true], [502, 'unavailable', true], [503, 'unavailable', true], [504, 'unavailable', true], [599, 'unavailable', true],
];

const passing = (failure: failures.LookupFailure): boolean => failures.isPassing(failure);
const outage = (failure: failures.LookupFailure): boolean => failures.isOutage(failure);

describe('failures', () => {
  for (const [failure, [code, message, category, status, retryable, cause]] of OWN) {
    it(message, () => {
      expect(facts(failure)).to.deep.equal({ code, message, category, status, retryable, cause });
    });
  }

  for (const [status, category, retryable] of HTTP) {
    it(`HTTP ${status} without a body that says more: ${category}`, () => {
      const code = `CIAM.HTTP.${status}`;
      expect(facts(failures.httpFailure(status))).to.deep.equal({ code, message: `The tenant answered HTTP ${status} without an error code.`, category, status, retryable, cause: null });
    });
  }

  it("a tenant's code keeps its own words, with and without prefix; without words it gets some", () => {
    expect(facts(failures.tenantFailure('USER.0001', 400, 'User not found'))).to.deep.equal({ code: 'USER.0001', message: 'User not found', category: 'not-found', status: 400, retryable: false, cause: null });
    expect(failures.tenantFailure('IDAAS.TENANT.USER.0001', 200, '')).to.include({ code: 'IDAAS.TENANT.USER.0001', message: 'The tenant answered IDAAS.TENANT.USER.0001.', category: 'not-found', status: 200 });
  });

  it('a code that nobody knows is judged by the status', () => {
    const categories = [400, 401, 403, 499, 500, 503].map((status) => failures.tenantFailure('NEW.0001', status, '').category);
    expect(categories).to.deep.equal(['rejected', 'rejected', 'rejected', 'rejected', 'unavailable', 'unavailable']);
    expect(failures.tenantFailure('constructor', 400, '').category).to.equal('rejected');
  });

  it('knows the published codes, and no others', () => {
    expect(['USER.0001', 'IDAAS.TENANT.COM.0002', 'invalid_token'].map(failures.isPublished)).to.deep.equal([true, true, true]);
    expect(['NEW.0001', 'IDAAS.TENANT.', 'toString', ''].map(failures.isPublished)).to.deep.equal([false, false, false, false]);
  });

  it('passing are: the network, 429, 502, 503, 504 and system busy', () => {
    const { httpFailure, tenantFailure } = failures;
    expect([429, 502, 503, 504].map((status) => passing(httpFailure(status)))).to.deep.equal([true, true, true, true]);
    expect([400, 401, 403, 404, 428, 430, 500, 501, 505].filter((status) => passing(httpFailure(status)))).to.deep.equal([]);
    expect(passing(tenantFailure('COM.0002', 500, ''))).to.equal(true);
    expect(passing(tenantFailure('IDAAS.TENANT.COM.0002', 400, ''))).to.equal(true);
    expect(passing(tenantFailure('USER.0001', 400, ''))).to.equal(false);
    expect(OWN.filter(([failure]) => passing(failure)).map(([{ cause }]) => cause?.code)).to.deep.equal(['ECONNREFUSED', 'ENOTFOUND']);
  });

  it('outages of the tenant are: the network, timeouts and 5xx', () => {
    const { httpFailure, tenantFailure } = failures;
    expect([500, 501, 503, 599].map((status) => outage(httpFailure(status)))).to.deep.equal([true, true, true, true]);
    expect([400, 401, 429, 499].filter((status) => outage(httpFailure(status)))).to.deep.equal([]);
    expect(outage(tenantFailure('COM.0002', 500, ''))).to.equal(true);
    expect(outage(tenantFailure('USER.0001', 400, ''))).to.equal(false);
    expect(new Set(OWN.filter(([failure]) => outage(failure)).map(([{ code }]) => code))).to.deep.equal(new Set(['CIAM.TIMEOUT', 'CIAM.NETWORK']));
  });

  it('of one message is an object of its own, whose value is not printed', () => {
    const shared = failures.networkFailure('ECONNRESET');
    const lookup = { by: 'mobile', value: '13800001111', tenant: 't', attempts: 3, durationMs: 1, source: 'tenant' } as const;
    const own = shared.for(lookup);
    expect(own).to.not.equal(shared);
    expect(facts(own)).to.deep.equal(facts(shared));
    expect(own.lookup).to.equal(lookup);
    expect(shared.lookup).to.equal(undefined);
    expect(Object.keys(own)).to.not.include('lookup');
    expect(JSON.stringify(own)).to.not.include('13800001111');
  });

  it('can be told otherwise whether another try makes sense', () => {
    expect(new LookupFailure('X', '', { category: 'rejected', retryable: true }).retryable).to.equal(true);
    expect(new LookupFailure('X', '', { category: 'timeout', retryable: false }).retryable).to.equal(false);
  });

  it('as JSON has what a message carries; a cause only where there is one', () => {
    expect(JSON.parse(JSON.stringify(failures.tlsFailure('CERT_HAS_EXPIRED')))).to.deep.equal({
      code: 'CIAM.TLS', message: 'The TLS connection was refused (CERT_HAS_EXPIRED).', category: 'untrusted', status: null, retryable: false,
      advice: 'Check the domain; for a certificate of your own authority, choose a TLS node that knows it.', cause: { code: 'CERT_HAS_EXPIRED' },
    });
    expect(failures.closedFailure().toJSON()).to.not.have.property('cause');
    expect(failures.closedFailure()).to.not.have.own.property('cause');
  });

  it('is an Error by name, without a stack of our inside, and leaves that of others alone', () => {
    const before = Error.stackTraceLimit;
    const failure = failures.closedFailure();
    expect(failure).to.be.instanceOf(Error).and.include({ name: 'LookupFailure' });
    expect(failure.stack).to.not.match(/\n\s+at /);
    expect(Error.stackTraceLimit).to.equal(before);
    expect(new Error('other').stack).to.match(/\n\s+at /);
  });
});
