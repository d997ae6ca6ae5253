/** Which connection a request takes, and how long one lives. Clients and sockets are stand-ins: no request is sent. */
import { Socket } from 'node:net';
import { expect } from 'chai';
import type { Dispatcher } from 'undici';
import { type Connection, ConnectionPool } from '../../src/http/connection-pool';
import { systemClock } from '../../src/clock';
import { createTransport, type Exchange } from '../../src/http/transport';
import { found } from '../support/servers';
import { FakeClock } from './clock';
import { closeAll, closeLater, startServer } from './support';

interface Opened { pool: ConnectionPool; clock: FakeClock; closed: () => Promise<number>; drop: (connection: Connection) => void; use: (fresh?: boolean) => Connection }

const open = (limit: number): Opened => {
  const clock = new FakeClock();
  let destroyed = 0;
  const ends = new Map<object, () => void>();
  const pool = new ConnectionPool(limit, clock, ({ opened, ended }) => {
    const client = {
      destroy: () => {
        destroyed++;
        return Promise.resolve();
      },
    } as unknown as Dispatcher;
    ends.set(client, ended);
    pending.push(() => opened(new Socket(), null));
    return client;
  });
  const pending: (() => void)[] = [];
  return {
    pool, clock,
    closed: async () => {
      await Promise.resolve();
      return destroyed;
    },
    drop: ({ client }) => ends.get(client)?.(),
    use: (fresh = false) => {
      const connection = pool.take(fresh, clock.now());
      for (const connect of pending.splice(0)) connect();
      return connection ?? expect.fail('no connection is free');
    },
  };
};

describe('an exchange', () => {
  afterEach(closeAll);

  it('that is cancelled after it has failed, and before that was told, is told nothing', async () => {
    const server = await startServer();
    const transport = closeLater(createTransport({ origin: server.url, tls: { rejectUnauthorized: true }, proxy: false, concurrency: 1, timeoutMs: 5000 }, systemClock));
    const told: unknown[] = [];
    const send = (): Promise<Exchange> => new Promise((resolve) => {
      const exchange: Exchange = transport.send({ method: 'POST', path: '/api/v2/tenant/users/user-by-mobile', headers: [], body: '{"mobile":"13800001111"}' }, {
        received: (result) => {
          told.push(result);
          resolve(exchange);
        },
      });
      server.onLookup = (seen, response) => (told.length === 0 ? found(seen, response) : resolve(exchange));
    });
    await send();
    const silent = await send(); // on the connection of the first one
    transport.closeSilent(0);
    silent.cancel();
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).to.have.length(1);
  });
});

describe('connections', () => {
  it('the one used last is used first', () => {
    const { pool, use } = open(4);
    const [first, second] = [use(), use()];
    pool.release(first);
    pool.release(second);
    expect(use()).to.equal(second);
    expect(use()).to.equal(first);
  });

  it('as many as the limit, and one more that has to be fresh', () => {
    const { pool, clock, use } = open(2);
    use();
    use();
    expect(pool.take(false, clock.now())).to.equal(null);
    use(true);
    expect(pool.take(true, clock.now())).to.equal(null);
  });

  it('a fresh one takes the place of one that is idle', async () => {
    const { pool, use, closed } = open(1);
    const first = use();
    pool.release(first);
    expect(use(true)).to.not.equal(first);
    expect(await closed()).to.equal(1);
  });

  it('live five minutes at most, however much they are used', async () => {
    const { pool, clock, use, closed } = open(1);
    const first = use();
    for (let minute = 0; minute < 15; minute++) {
      clock.advance(20_000);
      pool.release(first);
      if (minute < 14) expect(use()).to.equal(first);
    }
    expect(await closed()).to.equal(1);
    expect(use()).to.not.equal(first);
  });

  it('are idle for thirty seconds at most', async () => {
    const { pool, clock, use, closed } = open(1);
    const first = use();
    pool.release(first);
    clock.advance(29_999);
    expect(use()).to.equal(first);
    pool.release(first);
    clock.advance(30_000);
    expect(use()).to.not.equal(first);
    expect(await closed()).to.equal(1);
  });

  it('that end while nobody uses them are gone', async () => {
    const { pool, use, drop, closed } = open(1);
    const first = use();
    pool.release(first);
    drop(first);
    expect(await closed()).to.equal(1);
    expect(use()).to.not.equal(first);
  });

  it('that are, or were before their request, idle for long are given up; others are not', async () => {
    const { pool, clock, use, closed } = open(3);
    const [idle, busy] = [use(), use()];
    pool.release(idle);
    const asked: number[] = [];
    busy.load = { abandonSilent: (ms) => asked.push(ms) };
    clock.advance(4999);
    pool.closeSilent(5000);
    expect(await closed()).to.equal(0);
    clock.advance(1);
    pool.closeSilent(5000);
    expect([await closed(), asked]).to.deep.equal([1, [5000, 5000]]);
  });
});
