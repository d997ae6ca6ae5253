import { expect } from 'chai';
import { AsyncLocalStorage } from 'node:async_hooks';
import diagnostics from 'node:diagnostics_channel';
import { answers, fakeTenant } from './fake-tenant';
import { answer, found, grants, inTurn, notFound, TOKEN_PATH } from '../support/servers';
import { FakeClock } from './clock';
import { byMobile, CLIENT, closeAll, failureOf, mobiles, openTenant, startServer } from './support';

/** Listens to these channels as long as `use` takes. */
const listening = async (channels: Record<string, (message: unknown) => void>, use: () => Promise<void>): Promise<void> => {
  for (const [name, listen] of Object.entries(channels)) diagnostics.subscribe(name, listen);
  try {
    await use();
  } finally {
    for (const [name, listen] of Object.entries(channels)) diagnostics.unsubscribe(name, listen);
  }
};

describe('asynchronous context', () => {
  afterEach(closeAll);

  it('each message goes on in the context in which it came, and its HTTP call is made in it', async () => {
    const server = await startServer();
    const storage = new AsyncLocalStorage<string>();
    const calls: (string | undefined)[] = [];
    const told: (string | undefined)[] = [];
    const listen = (): void => void calls.push(storage.getStore());
    const hear = (): void => void told.push(storage.getStore());
    await listening({ 'undici:request:create': listen, 'ciam-flows:lookup': hear }, async () => {
      const tenant = openTenant(server, { concurrency: 1 });
      const values = mobiles(5);
      const after = await Promise.all(values.map((value) => storage.run(value, () => new Promise<string | undefined>((resolve) => {
        tenant.ask({ by: 'mobile', value }, undefined, () => resolve(storage.getStore()));
      }))));
      expect(after).to.deep.equal(values);
      expect(calls).to.deep.equal(values);
      expect(told).to.deep.equal(values);
      const shared = await Promise.all(['one', 'two'].map((name) => storage.run(name, () => new Promise((resolve) => {
        tenant.ask({ by: 'mobile', value: '13900000000' }, undefined, () => resolve(storage.getStore()));
      }))));
      expect(shared).to.deep.equal(['one', 'two']);
      expect(calls.at(-1)).to.equal('one');
    });
  });

  it('the items of a list are asked, told and counted in that of its message, whoever makes room for them', async () => {
    const server = await startServer();
    const storage = new AsyncLocalStorage<string>();
    const calls: (string | undefined)[] = [];
    const told: (string | undefined)[] = [];
    const counted: [string, string | undefined][] = [];
    const listen = (): void => void calls.push(storage.getStore());
    const hear = (): void => void told.push(storage.getStore());
    const tenant = openTenant(server, { concurrency: 1 });
    const all = mobiles(16);
    const ask = (name: string, from: number): Promise<unknown> => storage.run(name, () => tenant.lookupList({
      by: 'mobile', values: [...all.slice(from, from + 4), all[from], null], progress: () => counted.push([name, storage.getStore()]),
    }));
    await listening({ 'undici:request:create': listen, 'ciam-flows:lookup': hear }, async () => {
      const asked = [ask('A', 0), ask('B', 4), ...all.slice(8, 12).map((value) => storage.run(value, () => byMobile(tenant, value)))];
      await Promise.all(asked);
      const made = server.lookups.map(({ value }) => {
        const index = all.indexOf(value);
        return index < 4 ? 'A' : index < 8 ? 'B' : all[index];
      });
      expect(calls).to.deep.equal(made);
      expect([...told].sort()).to.deep.equal([...made, 'A', 'B'].sort());
      const last = ask('C', 12);
      await tenant.close();
      await last;
      expect(told.slice(-5)).to.deep.equal(new Array(5).fill('C'));
      expect(counted).to.have.length(18);
      for (const [name, store] of counted) expect(store).to.equal(name);
    });
  });

  it('token calls and probes are made in none, not in that in which the tenant was created', async () => {
    const server = await startServer();
    const storage = new AsyncLocalStorage<string>();
    const calls: [string | undefined, boolean][] = [];
    const listen = (message: unknown): void => {
      const { path, body } = (message as { request: { path: string; body: string | null } }).request;
      calls.push([storage.getStore(), path === TOKEN_PATH || body?.includes('10000000000') === true]);
    };
    const tenant = storage.run('creator', () => openTenant(server, { auth: 'client-credentials', clientId: 'client', clientSecret: 'a-client-secret', retries: 1 }));
    await listening({ 'undici:request:create': listen }, async () => {
      storage.run('creator', () => tenant.warmUp());
      await storage.run('message', () => byMobile(tenant, '13800001111'));
      server.onLookup = (seen, response) => (seen.value === '10000000000' ? notFound : answer(502, ''))(seen, response);
      await failureOf(storage.run('message', () => byMobile(tenant, '13800002222')));
    });
    expect(calls.filter(([, isOurs]) => isOurs)).to.deep.equal([[undefined, true], [undefined, true]]);
    expect(calls.filter(([, isOurs]) => !isOurs)).to.deep.equal(new Array(3).fill(['message', false]));
  });

  it('a message that waits for the connection that is opened ahead is sent in its own', async () => {
    const server = await startServer();
    const storage = new AsyncLocalStorage<string>();
    const sent: (string | undefined)[] = [];
    const listen = (): void => void sent.push(storage.getStore());
    const tenant = openTenant(server);
    await listening({ 'undici:client:sendHeaders': listen }, async () => {
      tenant.warmUp();
      await storage.run('message', () => byMobile(tenant, '13800001111'));
    });
    expect(sent).to.deep.equal(['message']);
    expect(server.connections).to.equal(1);
  });

  it('a renewal has a connection beside those of the lookups, and is made in none', async () => {
    const server = await startServer();
    const storage = new AsyncLocalStorage<string>();
    const clock = new FakeClock();
    const tenant = openTenant(server, { ...CLIENT, concurrency: 1 }, { clock, random: () => 0 });
    await byMobile(tenant, '13800001111');
    clock.advance(0.8 * 1_800_000 - 10); // until the renewal is due
    const calls: [string, string | undefined][] = [];
    const listen = (message: unknown): void => void calls.push([(message as { request: { path: string } }).request.path === TOKEN_PATH ? 'token' : 'lookup', storage.getStore()]);
    await listening({ 'undici:request:create': listen }, async () => {
      const seen = new Promise<() => void>((resolve) => {
        server.onLookup = (request, response) => resolve(() => found(request, response));
      });
      const one = storage.run('one', () => byMobile(tenant, '13800002222'));
      const release = await seen;
      const asked = new Promise<() => void>((resolve) => {
        server.onToken = (request, response) => resolve(() => grants()(request, response));
      });
      clock.advance(20);
      const grant = await asked; // the lookup has the only connection of its own
      const other = storage.run('other', () => byMobile(tenant, '13800003333'));
      server.onLookup = found;
      release();
      await Promise.all([one, other]); // the token call has the other one
      grant();
    });
    expect(calls).to.deep.equal([['lookup', 'one'], ['token', undefined], ['lookup', 'other']]);
  });

  it('a token call that is sent again after its connection was reset is made in none', async () => {
    const server = await startServer();
    server.onToken = grants({ expires_in: 10 });
    const storage = new AsyncLocalStorage<string>();
    const clock = new FakeClock();
    const tenant = openTenant(server, CLIENT, { clock, random: () => 0 });
    await Promise.all(['one', 'two'].map((name, index) => storage.run(name, () => byMobile(tenant, mobiles(2)[index])))); // each with a connection of its own
    const calls: (string | undefined)[] = [];
    const again = new Promise<void>((resolve) => {
      server.onToken = inTurn((_seen, response) => void response.socket?.destroy(), (seen, response) => {
        grants()(seen, response);
        resolve();
      });
    });
    await listening({ 'undici:request:create': () => calls.push(storage.getStore()) }, async () => {
      clock.advance(8000);
      await again;
    });
    expect(calls).to.deep.equal([undefined, undefined]);
  });

  it('the connection of a warm-up with a fixed token is opened in none', async () => {
    const server = await startServer();
    const storage = new AsyncLocalStorage<string>();
    const opened: (string | undefined)[] = [];
    const tenant = openTenant(server);
    await listening({ 'net.client.socket': () => opened.push(storage.getStore()) }, async () => {
      storage.run('creator', () => tenant.warmUp());
      await byMobile(tenant, '13800001111');
    });
    expect(opened).to.deep.equal([undefined]);
  });

  it('a message whose outcome throws hurts no other one that shares its call', () => {
    const fake = fakeTenant();
    const [value] = mobiles(1);
    const warnings: string[] = [];
    const warn = process.emitWarning.bind(process);
    process.emitWarning = (warning: string | Error) => void warnings.push(String(warning));
    try {
      let others = 0;
      const ask = (settle: () => void): void => fake.tenant.ask({ by: 'mobile', value }, undefined, settle);
      ask(() => others++);
      ask(() => {
        throw new Error('one of the messages');
      });
      ask(() => others++);
      fake.clock.advance(1);
      expect(others).to.equal(2);
      expect(warnings).to.deep.equal(['Error: one of the messages']);
      expect(fake.tenant.stats()).to.include({ inFlight: 0, queued: 0 });
    } finally {
      process.emitWarning = warn;
    }
  });
});

describe('lists and single messages', () => {
  const run = async (settings: Parameters<typeof fakeTenant>[0], lists: number, singles: number): Promise<string[]> => {
    const fake = fakeTenant({ concurrency: 1, ...settings });
    const all = mobiles(100);
    const done = Array.from({ length: lists }, (_, list) => fake.tenant.lookupList({ by: 'mobile', values: all.slice(list * 10, list * 10 + 6) }));
    for (let index = 0; index < singles; index++) fake.ask(String(13_900_000_000 + index));
    fake.clock.advance(100);
    await Promise.all(done);
    return fake.asked().map((value) => (value.startsWith('139') ? 's' : String(Math.floor((Number(value) - 13_800_000_000) / 10))));
  };

  it('take turns while both wait', async () => {
    expect((await run({}, 1, 4)).join('')).to.match(/^0?(0s){3}/);
  });

  it('lists take turns among themselves', async () => {
    expect((await run({}, 3, 0)).join('')).to.match(/0?(012){4}/);
  });

  it('items of all lists together take at most `concurrency` places, and a waiting list counts as one', () => {
    const fake = fakeTenant({ concurrency: 4 });
    fake.transport.onCall = () => null;
    for (let list = 0; list < 3; list++) void fake.tenant.lookupList({ by: 'mobile', values: mobiles(100).slice(list * 30, list * 30 + 30) });
    fake.clock.advance(5);
    expect(fake.tenant.stats()).to.include({ inFlight: 4, queued: 3 });
  });

  it('items between two tries count too: the place that is always free is for other messages', () => {
    const fake = fakeTenant({ concurrency: 4 });
    fake.transport.onCall = answers(425);
    for (let list = 0; list < 3; list++) void fake.tenant.lookupList({ by: 'mobile', values: mobiles(100).slice(list * 30, list * 30 + 30) });
    fake.clock.advance(100); // less than the first backoff
    expect(fake.asked()).to.have.length(4);
    fake.ask('13900000000');
    fake.clock.advance(1);
    expect(fake.asked().slice(4)).to.deep.equal(['13900000000']);
  });

  it('queueTimeout of a list: until its first item is asked', async () => {
    const fake = fakeTenant({ concurrency: 1, queueTimeout: 2, timeout: 60 });
    fake.transport.onCall = () => null;
    const running = fake.tenant.lookupList({ by: 'mobile', values: mobiles(2) });
    fake.ask('13900000000');
    const waiting = fake.tenant.lookupList({ by: 'mobile', values: mobiles(10).slice(5) });
    fake.clock.advance(2000);
    const { failed } = await waiting;
    expect(failed.map(({ error }) => error.code)).to.deep.equal(new Array(5).fill('CIAM.TIMEOUT'));
    expect(fake.tenant.stats()).to.include({ inFlight: 1, queued: 1 });
    await fake.tenant.close();
    expect((await running).failed).to.have.length(2);
  });
});

describe('events', () => {
  it('a state that comes back within 30 s is told once a minute, with its count', () => {
    const fake = fakeTenant({ retries: 0 });
    const told: [string, number | undefined][] = [];
    fake.tenant.on('change', ({ event, count }) => told.push([event, count]));
    const [value] = mobiles(1);
    for (let round = 0; round < 6; round++) {
      fake.transport.onCall = (call) => ({ status: 429, text: '', retryAfter: '1', value: call.value });
      fake.ask(value);
      fake.clock.advance(8000);
    }
    // Whoever was told of the trouble is told of its end; the rounds after that wait for the minute.
    expect(told).to.deep.equal([['ready', undefined], ['paused', undefined], ['resumed', undefined]]);
    fake.clock.advance(60_000);
    expect(told).to.have.length(4);
    expect(told[3]?.[0]).to.equal('resumed');
    expect(told[3]?.[1]).to.be.above(1);
  });

  it('a listener that throws hurts nobody', () => {
    const fake = fakeTenant();
    const warn = process.emitWarning.bind(process);
    const warnings: string[] = [];
    process.emitWarning = (warning: string | Error) => void warnings.push(String(warning));
    try {
      let told = 0;
      fake.tenant.on('ready', () => {
        throw new Error('a listener');
      });
      fake.tenant.on('ready', () => told++);
      const asked = fake.ask(mobiles(1)[0]);
      fake.clock.advance(1);
      expect([told, asked.outcome, warnings]).to.deep.equal([1, 'ok', ['Error: a listener']]);
    } finally {
      process.emitWarning = warn;
    }
  });
});
