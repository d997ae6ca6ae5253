import { expect } from 'chai';
import type { User } from '../../src/api/user';
import { createCache } from '../../src/lookup/cache';
import { answer, found, inTurn, notFound, type ScriptedTenant } from '../support/servers';
import { FakeClock } from './clock';
import { byMobile, closeAll, codesOf, failureOf, mobiles, openTenant, startServer } from './support';

describe('cache', () => {
  let server: ScriptedTenant;
  let clock: FakeClock;
  beforeEach(async () => {
    server = await startServer();
    clock = new FakeClock();
  });
  afterEach(closeAll);

  it('remembers a found user for cacheTtl, as a fresh object each time', async () => {
    const tenant = openTenant(server, { cacheTtl: 60 }, { clock });
    const first = await byMobile(tenant, '13800001111');
    first.user.name = 'changed';
    Object.assign(first.user.extension ?? {}, { age: 'changed' });
    const second = await byMobile(tenant, ' 138-0000-1111');
    expect(second.lookup).to.deep.include({ source: 'cache', attempts: 0, value: '13800001111', by: 'mobile', durationMs: 0 });
    expect(second.user).to.deep.equal({ user_id: 'id of 13800001111', name: '张三', extension: { age: '28' } });
    second.user.name = 'changed again';
    clock.advance(59_999);
    expect((await byMobile(tenant, '13800001111')).user.name).to.equal('张三');
    clock.advance(2);
    expect((await byMobile(tenant, '13800001111')).lookup.source).to.equal('tenant');
    expect(server.lookups).to.have.length(2);
    expect(tenant.stats().lookups).to.include({ found: 4, cached: 2 });
  });

  it('reading does not make an answer live longer', async () => {
    const tenant = openTenant(server, { cacheTtl: 10 }, { clock });
    const sources: string[] = [];
    for (let second = 0; second < 24; second += 6) {
      sources.push((await byMobile(tenant, '13800001111')).lookup.source);
      clock.advance(6000);
    }
    expect(sources).to.deep.equal(['tenant', 'cache', 'tenant', 'cache']);
  });

  it('remembers a not-found for cacheMissTtl, and gives each message a failure of its own', async () => {
    server.onLookup = inTurn(notFound, found);
    const tenant = openTenant(server, { cacheMissTtl: 5 }, { clock });
    const first = await failureOf(byMobile(tenant, '13800001111'));
    const second = await failureOf(byMobile(tenant, '13800001111'));
    expect(second).to.include({ code: 'IDAAS.TENANT.USER.0001', category: 'not-found', status: 400 });
    expect(second).to.not.equal(first);
    expect([first.lookup?.source, second.lookup?.source]).to.deep.equal(['tenant', 'cache']);
    clock.advance(5001);
    expect((await byMobile(tenant, '13800001111')).lookup.source).to.equal('tenant');
    // A found user is not remembered: cacheTtl is 0.
    expect((await byMobile(tenant, '13800001111')).lookup.source).to.equal('tenant');
  });

  it('a not-found is not remembered without cacheMissTtl', async () => {
    server.onLookup = notFound;
    const tenant = openTenant(server, { cacheTtl: 60 }, { clock });
    await codesOf([byMobile(tenant, '13800001111')]);
    await codesOf([byMobile(tenant, '13800001111')]);
    expect(server.lookups).to.have.length(2);
  });

  it('other failures are never remembered', async () => {
    const failures = [answer(400, { error_code: 'USER.0038' }), answer(400, { error_code: 'X.1' }), answer(404, ''), answer(500, ''), answer(200, '<html>'), answer(400, { error: 'access_denied' }), answer(429, '')];
    const tenant = openTenant(server, { cacheTtl: 60, cacheMissTtl: 60, retries: 0 }, { clock });
    for (const script of failures) {
      server.onLookup = script;
      expect((await failureOf(byMobile(tenant, '13800001111'))).lookup?.source).to.equal('tenant');
    }
    clock.advance(10_000); // the limiter of after the 429
    server.onLookup = found;
    expect((await byMobile(tenant, '13800001111')).lookup.source).to.equal('tenant');
  });

  it('keys are cleaned, and user names folded', async () => {
    const tenant = openTenant(server, { cacheTtl: 60 }, { clock });
    await tenant.lookup({ by: 'username', value: 'ZhangSan' });
    const { lookup } = await tenant.lookup({ by: 'username', value: ' zhangsan\u200b' });
    expect(lookup).to.include({ source: 'cache', value: 'zhangsan' });
    expect((await tenant.lookup({ by: 'email', value: 'ZhangSan' })).lookup.source).to.equal('tenant');
  });

  it('holds cacheSize answers at most: the one used longest ago goes first', async () => {
    const tenant = openTenant(server, { cacheTtl: 60, cacheSize: 3 }, { clock });
    const [a, b, c, d] = mobiles(4);
    for (const value of [a, b, c, a, d]) await byMobile(tenant, value);
    const sources: string[] = [];
    for (const value of [a, c, d, b]) sources.push((await byMobile(tenant, value)).lookup.source);
    expect(sources).to.deep.equal(['cache', 'cache', 'cache', 'tenant']);
  });

  it('holds 64 MiB of answers at most, however few they are', () => {
    const cache = createCache({ cacheTtlMs: 60_000, cacheMissTtlMs: 0, cacheStaleMs: 0, cacheSize: 1000 }, clock);
    const user = (id: number): User => ({ user_id: String(id), texts: Array.from({ length: 100 }, () => 'x'.repeat(10_000)) });
    for (let id = 0; id < 40; id++) cache?.remember(String(id), { user: user(id), size: 1_000_000, isOther: false });
    expect(cache?.bytes).to.be.within(60 * 1024 * 1024, 64 * 1024 * 1024);
    expect(cache?.size).to.be.within(30, 33);
    expect(cache?.recall('0')).to.equal(undefined);
    expect(cache?.recall('39')).to.deep.equal(user(39));
  });

  it('an answer from memory costs no place, no rate and no queue', async () => {
    const tenant = openTenant(server, { cacheTtl: 60, concurrency: 1, queueLimit: 0, rateLimit: 0.001 }, { clock });
    await byMobile(tenant, '13800001111');
    expect(await codesOf(Array.from({ length: 100 }, () => byMobile(tenant, '13800001111')))).to.deep.equal(new Array(100).fill('ok'));
    expect(await codesOf([byMobile(tenant, '13800002222')])).to.deep.equal(['CIAM.QUEUE.FULL']);
  });
});
