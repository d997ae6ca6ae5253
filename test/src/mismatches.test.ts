import { expect } from 'chai';
import { type Answer, fakeTenant, finds, reply } from './fake-tenant';
import { answer } from '../support/servers';
import { byMobile, closeAll, mobiles, openTenant, startServer } from './support';

const VALUES = mobiles(10);
const user = (mobile: string): ReturnType<Answer> => reply(200, { user_id: `id of ${mobile}`, mobile });
const OTHER = '13999999999';

describe('an answer about somebody else', () => {
  it('of a broken gateway: asked once more on a fresh connection, and what that says counts', () => {
    const fake = fakeTenant({ concurrency: 1, retries: 0 });
    // One answer too many: from then on each gets that of the one before, until the connection is dropped.
    let before = OTHER;
    fake.transport.onCall = (call) => {
      const own = call.value;
      const told = call.fresh ? own : before;
      before = own;
      return user(told);
    };
    const all = VALUES.slice(0, 3).map((value) => fake.ask(value));
    fake.clock.advance(100);
    expect(all.map(({ outcome, lookup }) => [outcome, lookup?.attempts])).to.deep.equal(new Array(3).fill(['ok', 2]));
    expect(fake.transport.calls.map(({ fresh }) => fresh)).to.deep.equal([false, true, false, true, false, true]);
    expect(fake.tenant.stats().lookups.mismatched).to.equal(3);
  });

  for (const [name, refusal] of Object.entries({ 503: reply(503, ''), '429 with Retry-After': reply(429, '', { retryAfter: '1' }), 'invalid_token': reply(401, { error: 'invalid_token' }) })) {
    it(`is checked on fresh connections alone, also after ${name} came between`, () => {
      const fake = fakeTenant({ auth: 'client-credentials', clientId: 'client', clientSecret: 'a-client-secret' });
      let isRefused = false;
      fake.transport.onCall = (call) => {
        if (call.isToken) return finds(call);
        if (!call.fresh) return user(OTHER);
        isRefused = !isRefused;
        return isRefused ? refusal : user(call.value);
      };
      fake.ask(VALUES[0]);
      fake.clock.advance(10_000);
      expect(fake.transport.calls.filter(({ isToken }) => !isToken).map(({ fresh }) => fresh).slice(0, 3)).to.deep.equal([false, true, true]);
      expect(fake.tenant.stats().lookups).to.include({ found: 1, mismatched: 1 });
    });
  }

  it('costs its connection: nobody is asked on it again', async () => {
    const server = await startServer();
    server.onLookup = (seen, response) => answer(200, { user_id: 'u', mobile: server.lookups.length === 1 ? OTHER : seen.value })(seen, response);
    const tenant = openTenant(server, { concurrency: 4, warmUp: false });
    try {
      expect((await byMobile(tenant, '13800001111')).user.mobile).to.equal('13800001111');
      const [first, second] = server.lookups;
      expect(second?.socket).to.not.equal(first?.socket);
      await server.until(() => first?.socket.destroyed === true);
    } finally {
      await closeAll();
    }
  });

  it('that a gateway sends twice is no other lookup\'s, now or remembered', async () => {
    const server = await startServer();
    server.onLookup = (seen, response) => {
      const own = { user_id: `id of ${seen.value}`, mobile: seen.value };
      answer(200, own)(seen, response);
      const body = JSON.stringify(own);
      setTimeout(() => seen.socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`), 2);
    };
    const tenant = openTenant(server, { concurrency: 1, cacheTtl: 60, warmUp: false });
    const asked = mobiles(100);
    const users = async (): Promise<unknown[]> => Promise.all(asked.map(async (value) => (await byMobile(tenant, value)).user.mobile));
    try {
      expect(await users()).to.deep.equal(asked);
      expect(await users()).to.deep.equal(asked);
      expect(tenant.stats().lookups.cached).to.equal(100);
    } finally {
      await closeAll();
    }
  });

  it('three confirmed, none contradicted: that mode is not asked twice for ten minutes, only counted', () => {
    const fake = fakeTenant({ retries: 0 });
    fake.transport.onCall = () => user(OTHER);
    const attempts = (value: string | undefined): number | undefined => {
      const asked = fake.ask(value);
      fake.clock.advance(10);
      expect(asked.outcome).to.equal('ok');
      return asked.lookup?.attempts;
    };
    expect(VALUES.slice(0, 5).map(attempts)).to.deep.equal([2, 2, 2, 1, 1]);
    expect(fake.tenant.stats().lookups.mismatched).to.equal(8);
    fake.clock.advance(599_000);
    expect(attempts(VALUES[6])).to.equal(1);
    fake.clock.advance(2000);
    expect(attempts(VALUES[7])).to.equal(2);
  });

  it('the right user costs one call', () => {
    const fake = fakeTenant();
    fake.transport.onCall = (call) => user(`+86-${call.value}`);
    const asked = fake.ask(VALUES[0]);
    fake.clock.advance(10);
    expect(asked.lookup?.attempts).to.equal(1);
    expect(fake.tenant.stats().lookups.mismatched).to.equal(0);
  });
});

describe('reused connections', () => {
  it('one that ended before any answer: again at once on a fresh one, with retries 0, and no failure', () => {
    const fake = fakeTenant({ retries: 0 });
    fake.transport.onCall = (call) => (call.fresh ? finds(call) : 'stale');
    const all = VALUES.map((value) => fake.ask(value));
    fake.clock.advance(2);
    expect(all.map(({ outcome, lookup }) => [outcome, lookup?.attempts])).to.deep.equal(VALUES.map(() => ['ok', 2]));
    expect(fake.tenant.stats()).to.include({ circuit: 'closed', state: 'ready' });
  });

  it('one that had been idle and stays silent: a second call beside it, one such at a time; all others that idle are closed then', () => {
    const fake = fakeTenant({ retries: 0, timeout: 10 });
    fake.transport.idleMs = 5000;
    fake.transport.onCall = (call) => (call.fresh ? finds(call) : null);
    const [first, second] = [fake.ask(VALUES[0]), fake.ask(VALUES[1])];
    fake.clock.advance(2499);
    expect(fake.transport.calls).to.have.length(2);
    fake.clock.advance(1);
    expect(fake.transport.calls.map(({ fresh }) => fresh)).to.deep.equal([false, false, true]);
    fake.clock.advance(1);
    expect([first.outcome, first.lookup?.attempts, second.outcome]).to.deep.equal(['ok', 2, null]);
    expect(fake.transport.closedSilent).to.deep.equal([5000]);
    expect(fake.transport.calls[0]?.isOver).to.equal(true);
    fake.transport.calls[1]?.answer('stale'); // what closing does to the other one
    fake.clock.advance(1);
    expect(second.outcome).to.equal('ok');
    // The next one that stays silent has its second call too.
    const third = fake.ask(VALUES[2]);
    fake.clock.advance(2501);
    expect([third.outcome, third.lookup?.attempts]).to.deep.equal(['ok', 2]);
  });

  it('one that had been idle for less than 5 s gets no second call', () => {
    const fake = fakeTenant({ retries: 0 });
    fake.transport.idleMs = 4999;
    fake.transport.onCall = () => null;
    const asked = fake.ask(VALUES[0]);
    fake.clock.advance(10_000);
    expect([asked.outcome, fake.transport.calls.length]).to.deep.equal(['CIAM.TIMEOUT', 1]);
  });
});
