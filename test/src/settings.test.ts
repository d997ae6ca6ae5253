import { inspect } from 'node:util';
import { expect } from 'chai';
import { NUMBERS } from '../../src/settings/schema';
import { checkedSettings } from '../../src/settings/settings';
import { createTenant, LookupFailure, type TenantSettings } from '../../src/node-api';

const good = { domain: 'tenant.example.com', auth: 'token', token: 'abc' } as const;

/** Settings as a flow gives them: anything under any name. */
const raw = (settings: object): TenantSettings => ({ ...good, ...settings });

const refusal = (settings: object): LookupFailure => {
  try {
    void createTenant(raw(settings)).close();
  } catch (failure) {
    expect(failure).to.be.instanceOf(LookupFailure);
    return failure as LookupFailure;
  }
  return expect.fail(`taken: ${JSON.stringify(settings)}`);
};

/** Refused with a message that begins with the property. */
const expectRefused = (property: string, settings: object): void => {
  const failure = refusal(settings);
  expect(failure).to.include({ code: 'CIAM.CONFIG', category: 'config', retryable: false, status: null });
  expect(failure.message).to.match(new RegExp(`^${property}: .+\\.$`));
};

describe('settings', () => {
  it('a number is no domain, though it could be an address; port 0 is none', () => {
    for (const domain of ['12345', '1.2.3', '0x7f.1', 'tenant.example.com:0']) expect(() => checkedSettings(raw({ domain })), domain).to.throw(/^domain: /);
    expect(checkedSettings(raw({ domain: '10.1.2.3:8443' })).origin).to.equal('https://10.1.2.3:8443');
  });

  it('what is no object where one belongs is named', () => {
    for (const name of ['tls', 'proxy']) expect(() => checkedSettings(raw({ [name]: null })), name).to.throw(new RegExp(`^${name}: `));
    expect(() => checkedSettings(raw({ proxy: { url: 'http://127.0.0.1:1', noProxy: 'localhost' } }))).to.throw(/^proxy: /);
  });

  describe('domain', () => {
    const origins: Record<string, string> = {
      'tenant.example.com': 'https://tenant.example.com', ' tenant.example.com ': 'https://tenant.example.com', 'tenant.example.com:8443': 'https://tenant.example.com:8443',
      'https://tenant.example.com': 'https://tenant.example.com', 'HTTPS://Tenant.Example.COM:443/': 'https://tenant.example.com', 'http://localhost:8899': 'http://localhost:8899',
      'http://127.0.0.1': 'http://127.0.0.1', 'http://127.1.2.3:80': 'http://127.1.2.3', 'http://[::1]:8080': 'http://[::1]:8080', '租户.example.com': 'https://xn--zoun04c.example.com',
      'tenant.example.com.': 'https://tenant.example.com', 'https://tenant.example.com.:8443/': 'https://tenant.example.com:8443', 'a_b.example.com': 'https://a_b.example.com',
      localhost: 'https://localhost', '[2001:db8::1]:8443': 'https://[2001:db8::1]:8443',
    };
    for (const [domain, origin] of Object.entries(origins)) {
      it(`${domain} → ${origin}`, () => {
        expect(checkedSettings(raw({ domain })).origin).to.equal(origin);
      });
    }
    const wrong: unknown[] = [
      undefined, null, '', '  ', 5, {}, 'http://tenant.example.com', 'http://localhost.example.com', 'http://127.0.0.1.example.com', 'http://10.0.0.1', 'http://0.0.0.0', 'ftp://tenant.example.com', 'file:///etc/passwd', 'javascript:alert(1)',
      'tenant.example.com/path', 'https://tenant.example.com/api', 'https://tenant.example.com?x=1', 'tenant.example.com#x', 'https://tenant.example.com?', 'user@tenant.example.com', 'https://user:password@tenant.example.com', 'https://@tenant.example.com',
      'tenant.example.com:99999', 'tenant.example.com:port', 'two words', 'a\tb', 'a\\b', 'https://', 'https:///tenant', '//tenant.example.com', ':8443', '%74enant.example.com', '${TENANT}', 'https://${TENANT}', 'http://${HOST}',
      '.', '..', '.example.com', 'tenant..example.com', 'tenant.example.com..', "tenant'.example.com", 'tenant!.example.com', 'a&b.example.com', 'a=b', '(a).example.com', 'tenant.example.com;x', `tenant\u00ad;`, 'x'.repeat(2000), '${'.repeat(60_000),
    ];
    for (const domain of wrong) {
      it(`${inspect(domain, { maxStringLength: 60 })} is refused`, () => {
        expectRefused('domain', { domain });
      });
    }
  });

  it('a domain is told by name what docker or a list left round it', () => {
    for (const domain of ['"tenant.example.com"', "'tenant.example.com'", ' "https://tenant.example.com" ']) expect(refusal({ domain })).to.include({ message: 'domain: stands in quotes: remove them.', adviceKey: 'quotes' });
    for (const domain of ['tenant.example.com,', 'tenant.example.com;', 'tenant.example.com；', '"tenant.example.com",']) expect(refusal({ domain }).message).to.equal('domain: ends with a comma or a semicolon: remove it.');
  });

  it('a domain of any length is judged in no time: twice the length takes twice the time at most', () => {
    const ms = (domain: string): number => Math.min(...[1, 2, 3].map(() => {
      const start = performance.now();
      expectRefused('domain', { domain });
      return performance.now() - start;
    }));
    for (const part of ['${', 'a.', '{', 'xn--']) {
      const [short, long] = [ms(part.repeat(30_000)), ms(part.repeat(120_000))];
      expect(long / Math.max(short, 0.5), part).to.be.below(8); // 16 if every part looked at all the others
    }
  });

  describe('numbers', () => {
    for (const [name, { default: fallback, min, max, whole, unit }] of Object.entries(NUMBERS)) {
      const key = (unit === 'seconds' ? `${name}Ms` : name) as keyof ReturnType<typeof checkedSettings>;
      const factor = key === name ? 1 : 1000;
      it(`${name}: ${min} to ${max}, ${fallback} by default, as numbers or as text`, () => {
        const given = (value: unknown): unknown => checkedSettings(raw({ [name]: value }))[key];
        expect(given(undefined)).to.equal(fallback * factor);
        for (const value of [min, max]) {
          expect(given(value)).to.equal(value * factor);
          expect(given(String(value))).to.equal(value * factor);
          expect(given(` ${value} `)).to.equal(value * factor);
        }
        const half = [min + 0.5, String(min + 0.5)];
        if (whole) half.forEach((value) => expectRefused(name, { [name]: value }));
        else expect(given(half[1])).to.equal((min + 0.5) * factor);
        const below = min > 0 ? min / 2 : -1;
        for (const value of [below, max + 1, String(max + 1), -1, '-1', NaN, Infinity, '', ' ', 'ten', '1e1', '0x10', '1,5', null, true, [], [5], {}, '${LIMIT}']) expectRefused(name, { [name]: value });
      });
    }
    it('are those that were published', () => {
      const { timeoutMs, queueTimeoutMs, retries, concurrency, queueLimit, rateLimit, cacheTtlMs, cacheMissTtlMs, cacheSize, timezone } = checkedSettings(good);
      expect([timeoutMs, queueTimeoutMs, retries, concurrency, queueLimit, rateLimit, cacheTtlMs, cacheMissTtlMs, cacheSize, timezone]).to.deep.equal([10_000, 0, 4, 16, 10_000, 0, 0, 0, 1000, '+08:00']);
      expect(Object.values(NUMBERS).map(({ min, max }) => [min, max])).to.deep.equal([[0.1, 3600], [0, 86_400], [0, 10], [1, 1024], [0, 1_000_000], [0, 100_000], [0, 2_592_000], [0, 2_592_000], [0, 2_592_000], [1, 1_000_000]]);
    });
  });

  describe('credentials', () => {
    it('client credentials by default, sent as basic', () => {
      expect(checkedSettings({ domain: good.domain, clientId: ' an id ', clientSecret: 'a secret' }).credentials).to.deep.equal({ kind: 'client', clientAuth: 'basic', clientId: 'an id', clientSecret: 'a secret' });
    });
    it('a token may be pasted with blanks around, or with its Bearer', () => {
      for (const token of ['abc', ' abc\n', 'Bearer abc', 'bearer  abc']) expect(checkedSettings(raw({ token })).credentials).to.deep.equal({ kind: 'token', token: 'abc' });
    });
    const missing: [string, object][] = [
      ['token', { token: undefined }], ['token', { token: '' }], ['token', { token: 5 }], ['token', { token: 'a b' }], ['token', { token: 'a\r\nHost: x' }], ['token', { token: 'é' }], ['token', { token: '${TOKEN}' }], ['token', { token: 'x'.repeat(16_385) }],
      ['clientId', { auth: 'client-credentials', clientSecret: 'x' }], ['clientId', { auth: undefined, clientSecret: 'x' }], ['clientId', { auth: 'client-credentials', clientId: 'a\nb', clientSecret: 'x' }],
      ['clientSecret', { auth: 'client-credentials', clientId: 'x' }], ['clientSecret', { auth: 'client-credentials', clientId: 'x', clientSecret: ' ' }], ['clientSecret', { auth: 'client-credentials', clientId: 'x', clientSecret: '${SECRET}' }],
      ['clientSecret', { auth: 'client-credentials', clientId: 'x', clientSecret: '\ud800' }], ['clientSecret', { auth: 'client-credentials', clientId: 'x', clientSecret: 'x'.repeat(16_385) }],
      ['token', { token: '"abc"' }], ['clientId', { auth: 'client-credentials', clientId: "'id'", clientSecret: 'x' }], ['clientSecret', { auth: 'client-credentials', clientId: 'x', clientSecret: '"secret"' }],
      ['clientId', { auth: 'client-credentials', clientId: 'an:id', clientSecret: 'x' }], ['pace', { pace: 5 }],
      ['auth', { auth: 'oauth' }], ['auth', { auth: '' }], ['auth', { auth: 5 }], ['clientAuth', { auth: 'client-credentials', clientAuth: 'query', clientId: 'x', clientSecret: 'x' }],
    ];
    for (const [property, settings] of missing) {
      it(`${JSON.stringify(settings).slice(0, 80)}: ${property}`, () => {
        expectRefused(property, settings);
      });
    }
  });

  it('a secret that stands in quotes is told so', () => {
    for (const [property, settings] of [
      ['token', { token: '"abc"' }], ['token', { token: "Bearer 'abc'" }], ['token', { token: "'Bearer abc'" }],
      ['clientId', { auth: 'client-credentials', clientId: '"id"', clientSecret: 'x' }], ['clientSecret', { auth: 'client-credentials', clientId: 'x', clientSecret: "'s'" }],
    ] as const) expect(refusal(settings)).to.include({ message: `${property}: stands in quotes: remove them.`, adviceKey: 'quotes' });
    for (const clientSecret of ['"', '"a', "a'", `"a'`, 'a"b"']) expect(checkedSettings(raw({ auth: 'client-credentials', clientId: 'x', clientSecret })).credentials).to.include({ clientSecret });
  });

  it('a client id with a colon fits into the body only', () => {
    const settings = { auth: 'client-credentials', clientId: 'a:b', clientSecret: 'x:y' };
    expectRefused('clientId', settings);
    expect(refusal(settings).adviceKey).to.equal('client-id-colon');
    expect(checkedSettings(raw({ ...settings, clientAuth: 'body' })).credentials).to.include({ clientId: 'a:b' });
    expect(checkedSettings(raw({ ...settings, clientId: 'ab' })).credentials).to.include({ clientSecret: 'x:y' });
  });

  it('switches: on, off, by text too, and nothing else', () => {
    expect([undefined, true, 'true', false, 'false'].map((warmUp) => checkedSettings(raw({ warmUp })).warmUp)).to.deep.equal([true, true, true, false, false]);
    for (const warmUp of [null, 0, 1, '', 'yes', {}]) expectRefused('warmUp', { warmUp });
  });

  it('timezone', () => {
    for (const timezone of ['+08:00', '-11:30', '+00:00', '+14:00']) expect(checkedSettings(raw({ timezone })).timezone).to.equal(timezone);
    for (const timezone of ['', 'Z', '+8', '8:00', '+08:60', '+25:00', '+15:00', 'Asia/Shanghai', 8]) expectRefused('timezone', { timezone });
  });

  it('proxy', () => {
    for (const url of ['http://proxy.example.com:3128', 'https://user:p%40ss@proxy.example.com']) expect(checkedSettings(raw({ proxy: { url } })).proxy).to.include({ url: new URL(url).href });
    expect(checkedSettings(raw({ proxy: false })).proxy).to.equal(false);
    for (const proxy of [{ url: '' }, { url: 'proxy.example.com:3128' }, { url: 'socks5://proxy.example.com' }, { url: 5 }, {}]) expectRefused('proxy', { proxy });
  });

  it('the label is host and port, or what the settings say', () => {
    expect([checkedSettings(raw({ domain: 'https://Tenant.example.com:8443' })).label, checkedSettings(raw({ label: 'mine' })).label]).to.deep.equal(['tenant.example.com:8443', 'mine']);
  });

  it('the demo takes the same limits, and refuses the same nonsense, but needs neither domain nor credentials', async () => {
    await createTenant({ demo: true }).close();
    expectRefused('timeout', { demo: true, timeout: 0 });
    expectRefused('timezone', { demo: true, timezone: 'x' });
  });
});
