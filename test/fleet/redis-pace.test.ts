/** One rate in Redis, with Debian's redis-server and the clients that people use. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { type PaceHook, type RedisClient, redisPace } from '../../src/redis-pace';
import { Pace } from '../../src/resilience/pace';
import { systemClock } from '../../src/clock';
import { type RedisServer, startRedis } from './redis-server';

interface Connection { client: RedisClient; run: (script: string) => Promise<unknown>; close: () => void }

const CLIENTS: Record<string, (port: number) => Promise<Connection>> = {
  ioredis: async (port) => {
    const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 50, enableReadyCheck: true });
    client.on('error', () => undefined); // a server that was killed is part of the tests
    await once(client, 'ready');
    return { client, run: (script) => client.eval(script, 0), close: () => client.disconnect() };
  },
  redis: async (port) => {
    const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: 50 } });
    client.on('error', () => undefined);
    await client.connect();
    return { client, run: (script) => client.eval(script), close: () => client.destroy() };
  },
};

const settle = async (hook: PaceHook, calls: number): Promise<number | string> => hook('tenant', calls).catch((error: unknown) => String(error));

/** Resolves with the time of each call of somebody who never stops. */
const callAllTheTime = (hook: PaceHook, calls: number, ownRate: number, started: (calls: number) => void = () => undefined): Promise<number[]> => new Promise((resolve) => {
  const starts: number[] = [];
  let timer: NodeJS.Timeout | undefined;
  const go = (): void => {
    clearTimeout(timer);
    for (;;) {
      const now = performance.now();
      const wait = pace.waitMs(now);
      if (wait > 0) {
        timer = setTimeout(go, Math.ceil(wait));
        return;
      }
      pace.started(now);
      starts.push(performance.now());
      started(starts.length);
      if (starts.length < calls) continue;
      pace.close();
      resolve(starts);
      return;
    }
  };
  const pace = new Pace(hook, 'tenant', ownRate, systemClock, go);
  go();
});

/** The most calls within any second. */
const mostInASecond = (starts: number[]): number => {
  const times = [...starts].sort((a, b) => a - b);
  return Math.max(...times.map((from, index) => times.slice(index).filter((time) => time < from + 1000).length));
};

for (const [name, connect] of Object.entries(CLIENTS)) {
  describe(`redisPace with a client of ${name}`, function () {
    this.timeout(30_000);
    let redis: RedisServer;
    let connections: Connection[];
    const connection = async (): Promise<RedisClient> => {
      const made = await connect(redis.port);
      connections.push(made);
      return made.client;
    };
    beforeEach(async () => {
      connections = [];
      redis = await startRedis();
    });
    afterEach(async () => {
      for (const { close } of connections) close();
      await redis.kill();
    });

    it('gives places one after the other', async () => {
      const hook = redisPace(await connection(), { rate: 10 });
      const waits = await Promise.all(Array.from({ length: 5 }, () => hook('tenant', 2)));
      // The server's time goes on between two of them.
      waits.forEach((wait, index) => expect(wait).to.be.within(Math.max(0, index * 200 - 100), index * 200));
      expect(waits[0]).to.equal(0);
    });

    it('reserves nothing further ahead than a second', async () => {
      const hook = redisPace(await connection(), { rate: 10 });
      const answers = await Promise.all(Array.from({ length: 30 }, () => hook('tenant', 1)));
      const given = answers.filter((wait) => wait <= 1000);
      expect(given).to.have.length.within(11, 12);
      expect(Math.max(...answers)).to.be.within(1000, 1101);
    });

    it('keeps the places of each tenant, and of each key, apart', async () => {
      const client = await connection();
      const hook = redisPace(client, { rate: 2 });
      expect([await hook('one', 1), await hook('two', 1), await redisPace(client, { rate: 2, key: 'other' })('one', 1)]).to.deep.equal([0, 0, 0]);
      expect(await hook('one', 1)).to.be.above(0).and.at.most(500);
    });

    it('begins anew where Redis holds nonsense, or a time that a clock set back has left far ahead', async () => {
      const hook = redisPace(await connection(), { rate: 10 });
      for (const value of ["'nonsense'", "''", "'nan'", "string.format('%.0f', (redis.call('TIME')[1] + 3600) * 1000000)"]) {
        await connections[0]?.run(`redis.call('SET', 'ciam-pace:tenant', ${value})`);
        expect(await hook('tenant', 1), value).to.equal(0);
        expect(await hook('tenant', 1), value).to.be.above(0).and.at.most(100);
      }
    });

    it('counts the places of a large batch at a low rate', async () => {
      const hook = redisPace(await connection(), { rate: 1 });
      expect(await hook('tenant', 128)).to.equal(0);
      expect(await hook('tenant', 1)).to.be.within(126_000, 128_000);
    });

    it('gives several processes their rate together, and never more', async () => {
      const RATE = 200;
      const hooks = await Promise.all([1, 2, 3].map(async () => redisPace(await connection(), { rate: RATE })));
      const began = performance.now();
      const starts = (await Promise.all(hooks.map((hook) => callAllTheTime(hook, RATE, 1)))).flat();
      // A call that starts late by a coarse timer makes a second fuller by that much.
      expect(mostInASecond(starts)).to.be.at.most(RATE * 1.1);
      expect(performance.now() - began).to.be.at.least(2900);
    });

    it('rejects at once while the server is away, and goes on when it is back', async () => {
      const client = await connection();
      const hook = redisPace(client, { rate: 100 });
      expect(await settle(hook, 1)).to.equal(0);
      await redis.kill();
      let answer = await settle(hook, 1);
      while (typeof answer === 'number') answer = await settle(hook, 1);
      await redis.start();
      while (typeof answer === 'string') {
        await delay(20);
        answer = await settle(hook, 1);
      }
      expect(answer).to.be.a('number');
    });

    it('lets calls go on at the own rate when the server is killed in the middle', async () => {
      const hook = redisPace(await connection(), { rate: 400 });
      let killedAt = Infinity;
      const starts = await callAllTheTime(hook, 300, 50, (calls) => {
        if (calls !== 100) return;
        killedAt = performance.now();
        void redis.kill();
      });
      const after = starts.filter((time) => time > killedAt + 1100);
      expect(starts).to.have.length(300);
      expect(after.length, 'calls by the own rate').to.be.above(100);
      expect(mostInASecond(after)).to.be.within(10, 60);
    });

    it('lets calls go on when the server says nothing any more', async () => {
      const hook = redisPace(await connection(), { rate: 400 });
      redis.freeze(true);
      try {
        const began = performance.now();
        const starts = await callAllTheTime(hook, 10, 50);
        expect((starts[0] ?? 0) - began).to.be.within(900, 2500);
      } finally {
        redis.freeze(false);
      }
    });
  });
}

describe('redisPace', () => {
  it('refuses a rate that is none', () => {
    const client = { status: 'ready', eval: () => Promise.resolve(0) };
    for (const rate of [0, -1, Number.NaN, Infinity]) expect(() => redisPace(client, { rate })).to.throw(RangeError);
  });
});
