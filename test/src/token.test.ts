import { expect } from 'chai';
import { answer, found, grants, inTurn, type Script, type ScriptedTenant } from '../support/servers';
import { FakeClock } from './clock';
import { type FakeTenant, fakeTenant, finds, reply } from './fake-tenant';
import { byMobile, CLIENT, closeAll, codesOf, eventually, failureOf, mobiles, openTenant, startServer, TOKEN } from './support';

const expired = answer(400, { error: 'invalid_token', error_description: 'Access token expired:abc' });
/** As a tenant does: tokens that it has not granted, or that are too old, are refused. */
const takes = (...good: string[]): Script => (seen, response) => (good.some((token) => seen.headers.authorization === `Bearer ${token}`) ? found : expired)(seen, response);

describe('token', () => {
  let server: ScriptedTenant;
  let clock: FakeClock;
  beforeEach(async () => {
    server = await startServer();
    clock = new FakeClock();
  });
  afterEach(closeAll);

  const used = (): (string | undefined)[] => server.lookups.map(({ headers }) => headers.authorization?.replace('Bearer ', ''));

  describe('life', () => {
    it('one call for any number of messages that wait', async () => {
      const tenant = openTenant(server, { ...CLIENT, concurrency: 100 });
      await Promise.all(mobiles(500).map((value) => byMobile(tenant, value)));
      expect(server.tokenCalls).to.have.length(1);
      expect(tenant.stats().token.renewals).to.equal(0);
    });

    it('is renewed in the background between 80 and 90 % of its life: nobody waits, one call, no message needed', async () => {
      const tenant = openTenant(server, CLIENT, { clock, random: () => 0.5 });
      await byMobile(tenant, '13800000001');
      clock.advance(1_529_999);
      await byMobile(tenant, '13800000002');
      expect(server.tokenCalls).to.have.length(1);
      const tokens: (() => void)[] = [];
      const grant = server.onToken;
      server.onToken = (seen, response) => void tokens.push(() => grant(seen, response));
      clock.advance(1);
      await server.until(() => tokens.length === 1);
      expect((await Promise.all(mobiles(20).map((value) => byMobile(tenant, value)))).length).to.equal(20);
      expect(new Set(used())).to.deep.equal(new Set(['token-1']));
      tokens[0]?.();
      await eventually(() => tenant.stats().token.renewals === 1);
      server.lookups.length = 0;
      await byMobile(tenant, '13800000004');
      expect(used()).to.deep.equal(['token-2']);
      expect(tenant.stats().token).to.deep.equal({ renewals: 1, expiresIn: 1800 });
      expect(server.tokenCalls).to.have.length(2);
    });

    it('a token that nobody used is not renewed until somebody comes', async () => {
      const tenant = openTenant(server, CLIENT, { clock });
      tenant.warmUp();
      await eventually(() => tenant.stats().token.expiresIn !== null);
      clock.advance(1_700_000);
      expect(clock.pending.filter((ms) => ms < 1_800_000)).to.deep.equal([]);
      expect(server.tokenCalls).to.have.length(1);
      await byMobile(tenant, '13800000001');
      await eventually(() => tenant.stats().token.renewals === 1);
      expect(used()).to.deep.equal(['token-1']);
    });

    describe('renewed only where the tenant was used in that life', () => {
      const LIFE_MS = 1_800_000;
      const tokenCalls = (fake: FakeTenant): number[] => fake.times().filter((_, index) => fake.transport.calls[index]?.isToken);
      const open = (): FakeTenant => fakeTenant(CLIENT, () => 0.5);

      it('a lookup that waited for its token is a use', () => {
        const fake = open();
        fake.ask('13800000001');
        fake.clock.advance(0.9 * LIFE_MS);
        expect(tokenCalls(fake)).to.deep.equal([0, 0.85 * LIFE_MS]);
      });

      it('one use keeps a token ready through the idle life after it, and no longer', () => {
        const fake = open();
        fake.ask('13800000001');
        fake.clock.advance(1.8 * LIFE_MS);
        fake.ask('13800000002');
        expect(fake.asked().at(-1)).to.equal('13800000002');
        expect(tokenCalls(fake)).to.have.length(3); // the last one in the background, for its moment had passed without a use
        fake.clock.advance(10 * LIFE_MS);
        expect(tokenCalls(fake)).to.have.length(4);
      });

      it('the warm-up is no use, a lookup that waits for it is', () => {
        const [alone, joined] = [open(), open()];
        for (const { tenant } of [alone, joined]) tenant.warmUp();
        joined.ask('13800000001');
        for (const { clock } of [alone, joined]) clock.advance(LIFE_MS);
        expect([alone, joined].map((fake) => tokenCalls(fake).length)).to.deep.equal([1, 2]);
      });

      it('a lookup during the renewal is a use of the new life', () => {
        const fake = open();
        fake.ask('13800000001');
        fake.clock.advance(2);
        fake.transport.onCall = (call) => (call.isToken ? null : finds(call));
        fake.clock.advance(0.85 * LIFE_MS - 2);
        fake.ask('13800000002');
        fake.clock.advance(1);
        fake.transport.calls.find(({ at }) => at === fake.startedAt + 0.85 * LIFE_MS)?.answer(reply(200, { access_token: 'the-next-one', expires_in: 1800 }));
        fake.transport.onCall = finds;
        fake.clock.advance(LIFE_MS);
        expect(tokenCalls(fake)).to.deep.equal([0, 0.85, 1.7].map((lives) => lives * LIFE_MS));
      });

      it('after a suspend the moment is that of a token so much older, also when a renewal has failed before', () => {
        const fake = open();
        const asleepMs = 0.1 * LIFE_MS;
        const { date } = fake.clock;
        fake.ask('13800000001');
        fake.clock.advance(2);
        fake.transport.onCall = (call) => (call.isToken ? reply(503, '', { retryAfter: '60' }) : finds(call));
        fake.clock.advance(0.85 * LIFE_MS);
        fake.clock.date = () => date() + asleepMs;
        fake.transport.onCall = finds;
        fake.ask('13800000002');
        fake.clock.advance(1);
        expect(tokenCalls(fake)).to.deep.equal([0, 0.85 * LIFE_MS, 0.85 * LIFE_MS + 2]);
      });
    });

    it('200 messages at the moment of expiry make one token call', async () => {
      const tenant = openTenant(server, { ...CLIENT, concurrency: 64 }, { clock });
      await byMobile(tenant, '13800000001');
      clock.advance(1_800_000);
      expect(await codesOf(mobiles(200).map((value) => byMobile(tenant, value)))).to.deep.equal(new Array(200).fill('ok'));
      expect(server.tokenCalls).to.have.length(2);
      expect(used().slice(1)).to.deep.equal(new Array(200).fill('token-2'));
    });

    it('200 messages whose token the tenant has just forgotten make one token call', async () => {
      server.onLookup = takes('token-1');
      const tenant = openTenant(server, { ...CLIENT, concurrency: 64 }, { clock });
      await byMobile(tenant, '13800000001');
      clock.advance(2000);
      server.onLookup = takes('token-2');
      const all = await Promise.all(mobiles(200).map((value) => byMobile(tenant, value)));
      expect(server.tokenCalls).to.have.length(2);
      expect(all.filter(({ lookup }) => lookup.attempts > 2)).to.deep.equal([]);
    });

    it('a failed renewal in the background costs nobody anything, and is not repeated with every message', async () => {
      const tenant = openTenant(server, CLIENT, { clock, random: () => 0.5 });
      await byMobile(tenant, '13800000001');
      server.onToken = answer(503, '');
      clock.advance(1_530_000);
      expect(await codesOf(mobiles(50).map((value) => byMobile(tenant, value)))).to.deep.equal(new Array(50).fill('ok'));
      await server.until(() => server.tokenCalls.length === 2);
      for (const value of mobiles(50)) await byMobile(tenant, value);
      expect(server.tokenCalls).to.have.length(2);
      server.onToken = answer(200, { access_token: 'another', expires_in: 1800 });
      clock.advance(1000);
      await eventually(() => tenant.stats().token.renewals === 1);
      await byMobile(tenant, '13800000001');
      expect(used().at(-1)).to.equal('another');
    });

    const lifetimes: [unknown, number][] = [
      [1719, 1719], ['1800', 1800], [' 60 ', 60], [undefined, 1800], [null, 1800], ['soon', 1800], ['', 1800], [{}, 1800], [0, 1], [-5, 1], ['0', 1], [0.001, 1], ['-1', 1],
    ];
    for (const [expiresIn, seconds] of lifetimes) {
      it(`expires_in ${JSON.stringify(expiresIn)}: kept for ${seconds} s, no loop`, async () => {
        server.onToken = grants(expiresIn === undefined ? {} : { expires_in: expiresIn });
        const tenant = openTenant(server, CLIENT, { clock });
        for (const value of mobiles(30)) await byMobile(tenant, value);
        expect(server.tokenCalls).to.have.length(1);
        expect(tenant.stats().token.expiresIn).to.equal(seconds);
        clock.advance(seconds * 1000);
        await byMobile(tenant, '13800000001');
        expect(server.tokenCalls).to.have.length(2);
      });
    }

    it('a token that is too old on its arrival still serves who waited for it, and makes no loop', async () => {
      const grant = grants({ expires_in: 1 });
      server.onToken = (seen, response) => {
        clock.advance(2000);
        grant(seen, response);
      };
      expect((await byMobile(openTenant(server, CLIENT, { clock }), '13800001111')).lookup.attempts).to.equal(1);
      expect(server.tokenCalls).to.have.length(1);
    });

    it('the fixed token is sent as it is, and needs no token call', async () => {
      const tenant = openTenant(server);
      await byMobile(tenant, '13800001111');
      expect(used()).to.deep.equal([TOKEN]);
      expect(server.tokenCalls).to.have.length(0);
      expect(tenant.stats().token).to.deep.equal({ renewals: 0, expiresIn: null });
    });
  });

  describe('not granted', () => {
    it('invalid_client: never retried, and many messages make one token call', async () => {
      server.onToken = answer(401, { error: 'invalid_client', error_description: 'Bad client credentials' });
      const tenant = openTenant(server, { ...CLIENT, retries: 5, concurrency: 4 }, { clock });
      const failure = await failureOf(byMobile(tenant, '13800001111'));
      expect(failure).to.include({ code: 'invalid_client', category: 'unauthorized', status: 401, retryable: false });
      expect(failure.lookup?.attempts).to.equal(1);
      expect(new Set(await codesOf(mobiles(500).map((value) => byMobile(tenant, value))))).to.deep.equal(new Set(['invalid_client']));
      expect(server.tokenCalls).to.have.length(1);
      for (const seconds of [1, 2, 4, 8, 16, 32, 60]) {
        clock.advance(seconds * 1000);
        await codesOf(mobiles(100).map((value) => byMobile(tenant, value)));
      }
      expect(server.tokenCalls).to.have.length(8);
      expect(server.lookups).to.have.length(0);
    });

    it('the secret is mended: the next token call finds out by itself', async () => {
      server.onToken = inTurn(answer(401, { error: 'invalid_client' }), grants());
      const tenant = openTenant(server, CLIENT, { clock });
      await failureOf(byMobile(tenant, '13800001111'));
      clock.advance(1000);
      expect((await byMobile(tenant, '13800001111')).lookup.source).to.equal('tenant');
    });

    const answers: Record<string, [Script, string, string]> = {
      'HTML with 200': [answer(200, '<html>'), 'CIAM.RESPONSE', 'bad-response'],
      'no access_token': [answer(200, { token_type: 'bearer' }), 'CIAM.RESPONSE', 'bad-response'],
      'a token that cannot be a header': [answer(200, { access_token: 'a\r\nb' }), 'CIAM.RESPONSE', 'bad-response'],
      'a token that is no text': [answer(200, { access_token: 5 }), 'CIAM.RESPONSE', 'bad-response'],
      'a token far too long': [answer(200, { access_token: 'x'.repeat(500_000) }), 'CIAM.RESPONSE', 'bad-response'],
      'an error body inside a 200': [answer(200, { error: 'invalid_client' }), 'invalid_client', 'unauthorized'],
      'insufficient_scope': [answer(400, { error: 'insufficient_scope' }), 'insufficient_scope', 'forbidden'],
      'APP.0003': [answer(400, { error_code: 'IDAAS.TENANT.APP.0003' }), 'IDAAS.TENANT.APP.0003', 'forbidden'],
      'a redirect': [answer(302, '', { location: 'https://elsewhere.example.com' }), 'CIAM.RESPONSE', 'bad-response'],
      '404': [answer(404, '<html>'), 'CIAM.HTTP.404', 'rejected'],
      '401 without a body': [answer(401, ''), 'CIAM.HTTP.401', 'unauthorized'],
    };
    for (const [name, [script, code, category]] of Object.entries(answers)) {
      it(`${name}: ${code}, ${category}, one token call`, async () => {
        server.onToken = script;
        const tenant = openTenant(server, CLIENT);
        expect(await failureOf(byMobile(tenant, '13800001111'))).to.include({ code, category });
        await codesOf(mobiles(50).map((value) => byMobile(tenant, value)));
        expect(server.tokenCalls).to.have.length(1);
        expect(server.lookups).to.have.length(0);
      });
    }
  });

  for (const id of [{ id_token: '\ud800' }, { id_token: 'x'.repeat(500_000) }, { id_token: 5 }]) {
    it(`an id_token that nobody needs does no harm: ${typeof id.id_token} ${String(id.id_token).length}`, async () => {
      server.onToken = grants({ expires_in: 1800, ...id });
      expect((await byMobile(openTenant(server, { ...CLIENT, timeout: 1 }), '13800001111')).lookup.attempts).to.equal(1);
    });
  }
});
