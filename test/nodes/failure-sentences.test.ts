/** Message and advice of a failure in the language of the runtime that asks, with their places filled. */
import { expect } from 'chai';
import { failureObject, misconfiguredLine } from '../../nodes/shared/failure';
import type { Red } from '../../nodes/shared/red';
import { circuitFailure, configFailure, httpFailure, inputFailure, type LookupFailure, networkFailure, tenantFailure } from '../../src/failures/failure';
import { type Language, translator } from '../support/catalogue';

/** A runtime that knows one language; it gives a key back that it does not know. */
const runtime = (language: Language | null): Red => ({ _: language ? translator(language) : (key: string) => key }) as unknown as Red;

const lookup = { by: 'mobile', value: '13800001111', tenant: 'a.example:8443', attempts: 1, durationMs: 1, source: 'tenant' } as const;

const FAILURES: LookupFailure[] = [
  inputFailure('by', { choices: 'mobile, id' }), configFailure('timeout', 'number', { min: 0.1, max: 3600 }), networkFailure('ECONNREFUSED').for(lookup),
  networkFailure('ENOTFOUND'), circuitFailure(httpFailure(503)).for(lookup), tenantFailure('USER.0001', 400, 'User lisi not found'),
];

describe('sentences of failures', () => {
  it('are Chinese in a Chinese runtime, and name what the English ones name', () => {
    const told = FAILURES.map((failure) => failureObject(runtime('zh-CN'), failure));
    for (const { message, advice } of told) {
      expect(message).to.match(/\p{Script=Han}/u).and.not.match(/__\w+__/);
      expect(advice).to.match(/\p{Script=Han}/u).and.not.match(/__\w+__/);
    }
    const [, config, refused, unknown, outage] = told;
    expect(config?.message).to.match(/^timeout: .*0\.1.*3600/);
    expect(refused?.message).to.include('a.example:8443').and.include('ECONNREFUSED');
    expect(refused?.advice).to.include('a.example:8443');
    expect(unknown?.message).to.include('租户');
    expect(outage?.advice, 'with what is behind it').to.match(/^请稍候.*自动再次访问租户。请稍候：网关/);
  });

  it('are those of the code in an English runtime, and in one without a catalogue', () => {
    for (const language of ['en-US', null] as const) {
      for (const failure of FAILURES) expect(failureObject(runtime(language), failure)).to.include({ advice: failure.advice, code: failure.code });
      expect(FAILURES.slice(0, 3).map((failure) => failureObject(runtime(language), failure).message)).to.deep.equal(FAILURES.slice(0, 3).map(({ message }) => message));
    }
  });

  it('keep the languages of two runtimes in one process apart', () => {
    const [english, chinese] = [runtime('en-US'), runtime('zh-CN')];
    const [failure] = FAILURES;
    if (!failure) throw new Error('no failure');
    const words = [english, chinese, english].map((red) => failureObject(red, failure).message);
    expect(words[0]).to.equal(words[2]).and.not.equal(words[1]);
  });

  it('are one line of the log for a setting that makes no sense: with what to do, unless the message says so', () => {
    const [colon, number] = [configFailure('clientId', 'colon'), configFailure('timeout', 'number', { min: 0.1, max: 3600 })];
    expect(misconfiguredLine(runtime('en-US'), colon)).to.equal('clientId: a client id with a colon cannot be sent in the Authorization header. (CIAM.CONFIG) Choose "body" for how the client id and secret are sent (clientAuth): in the Authorization header a colon ends the client id.');
    expect(misconfiguredLine(runtime('en-US'), number)).to.equal('timeout: must be a number from 0.1 to 3600. (CIAM.CONFIG)');
    expect(misconfiguredLine(runtime('zh-CN'), colon)).to.match(/^clientId: [^a-z]*ClientId.*（clientAuth）/);
  });

  it('never hold what the tenant wrote: that is the detail', () => {
    const told = failureObject(runtime('zh-CN'), tenantFailure('USER.0001', 400, 'User lisi not found'));
    expect(told.detail).to.equal('User lisi not found');
    expect(`${told.message} ${told.advice}`).to.not.include('lisi');
  });
});
