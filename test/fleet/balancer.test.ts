/** The load balancer of `examples/http`, in front of workers that the test answers for, and of real ones. */
import { EventEmitter, once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { type Balancer, startBalancer } from './haproxy';

interface Worker {
  address: string;
  /** What was asked for, health aside. */
  asked: string[];
  answer: (response: ServerResponse) => void;
  isWell: boolean;
  end: () => Promise<void>;
}

const startWorker = async (name: string): Promise<Worker> => {
  const server = createServer(({ url = '' }, response) => {
    if (url === '/ciam/health') {
      response.writeHead(worker.isWell ? 200 : 503).end();
      return;
    }
    worker.asked.push(url);
    worker.answer(response);
  }).listen(0, '127.0.0.1');
  // As Node-RED, whose editor speaks by WebSocket: such a request gets no answer anywhere else.
  server.on('upgrade', (_request, socket) => void socket.resume().once('end', () => void socket.end()));
  await once(server, 'listening');
  const worker: Worker = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked: [], isWell: true,
    answer: (response) => void response.end(name),
    end: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return worker;
};

const mobiles = (count: number): string[] => Array.from({ length: count }, (_, index) => `139${String(index).padStart(8, '0')}`);

describe('the load balancer', function () {
  this.timeout(30_000);
  let workers: Worker[];
  let balancer: Balancer | undefined;
  const begin = async (count: number, env?: NodeJS.ProcessEnv): Promise<void> => {
    workers = await Promise.all(Array.from({ length: count }, (_, index) => startWorker(`worker-${index + 1}`)));
    balancer = await startBalancer(workers.map(({ address }) => address), env);
  };
  const ask = async (mobile: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(`${balancer?.url}/ciam/user?mobile=${mobile}`);
    return { status: response.status, text: await response.text() };
  };
  const answers = async (numbers: string[]): Promise<string[]> => {
    const texts: string[] = [];
    for (const mobile of numbers) texts.push((await ask(mobile)).text);
    return texts;
  };
  afterEach(async () => {
    await balancer?.stop();
    balancer = undefined;
    await Promise.all(workers.map(({ end }) => end().catch(() => undefined)));
  });

  it('gives each worker a part, and the one with fewer requests under way the next', async () => {
    await begin(2);
    const [busy, free] = workers as [Worker, Worker];
    const arrivals = new EventEmitter();
    const held = new Map<Worker, ServerResponse[]>(workers.map((worker) => [worker, []]));
    for (const [worker, responses] of held) {
      worker.answer = (response) => {
        responses.push(response);
        arrivals.emit('one');
      };
    }
    const asks: Promise<unknown>[] = [];
    for (const mobile of mobiles(6)) {
      const arrived = once(arrivals, 'one');
      asks.push(ask(mobile));
      await arrived;
    }
    expect([...held.values()].map(({ length }) => length)).to.deep.equal([3, 3]);
    free.answer = (response) => void response.end('free');
    const released = once(arrivals, 'third');
    let answered = 0;
    for (const one of asks) void one.then(() => ++answered === 3 && arrivals.emit('third'));
    for (const response of held.get(free) ?? []) response.end();
    await released;
    expect(new Set(await answers(mobiles(10)))).to.deep.equal(new Set(['free']));
    for (const response of held.get(busy) ?? []) response.end();
    await Promise.all(asks);
  });

  for (const status of [404, 502, 503]) {
    it(`asks another worker when one answers ${status}, but asks once for a user who is not found`, async () => {
      await begin(3);
      const [sick] = workers as [Worker, Worker, Worker];
      sick.answer = (response) => void response.writeHead(status).end();
      const all = await Promise.all(mobiles(60).map(ask));
      expect(all.filter((one) => one.status !== 200)).to.deep.equal([]);
      expect(sick.asked).to.not.have.length(0);
      for (const worker of workers) worker.answer = (response) => void response.writeHead(Number(response.req.headers['x-not-found']), { 'content-type': 'application/json; charset=utf-8' }).end('{}');
      const before = workers.flatMap(({ asked }) => asked).length;
      expect(await ask('1')).to.deep.equal({ status: 404, text: '{}' });
      expect(workers.flatMap(({ asked }) => asked)).to.have.length(before + 1);
    });
  }

  it('tells 503 while a worker has no flows yet: its 404 is nobody who was not found', async () => {
    await begin(1);
    for (const worker of workers) worker.answer = (response) => void response.writeHead(404, { 'content-type': 'text/html; charset=utf-8' }).end('Cannot GET /ciam/user');
    expect((await ask('1')).status).to.equal(503);
  });

  it('asks at most three times, and then tells what the last one said', async () => {
    await begin(3);
    for (const worker of workers) worker.answer = (response) => void response.writeHead(503).end('busy');
    expect(await ask('1')).to.deep.equal({ status: 503, text: 'busy' });
    expect(workers.flatMap(({ asked }) => asked)).to.have.length(3);
  });

  it('asks another worker when one breaks the connection or is gone', async () => {
    await begin(3);
    const [breaking, going] = workers as [Worker, Worker, Worker];
    breaking.answer = (response) => void response.destroy();
    const all = Promise.all(mobiles(100).map(ask));
    await going.end();
    expect((await all).filter((one) => one.status !== 200)).to.deep.equal([]);
    expect((await Promise.all(mobiles(100).map(ask))).filter((one) => one.status !== 200)).to.deep.equal([]);
  });

  it('leaves a worker alone that is not healthy, until it is again', async () => {
    await begin(2);
    const [ill] = workers as [Worker, Worker];
    ill.isWell = false;
    await balancer?.until(/spread\/worker1 is DOWN/);
    expect(new Set(await answers(mobiles(10)))).to.deep.equal(new Set(['worker-2']));
    ill.isWell = true;
    await balancer?.until(/spread\/worker1 is UP/);
    expect(new Set(await answers(mobiles(10)))).to.deep.equal(new Set(['worker-1', 'worker-2']));
  });

  it('is healthy itself while one worker is', async () => {
    await begin(1);
    const health = async (): Promise<number> => (await fetch(`${balancer?.url}/ciam/health`)).status;
    expect(await health()).to.equal(200);
    (workers as [Worker])[0].isWell = false;
    await balancer?.until(/spread\/worker1 is DOWN/);
    expect(await health()).to.equal(503);
  });

  it('remembers each user in one place, and moves only those of a worker that is gone', async () => {
    await begin(3, { CIAM_REMEMBER: 'yes' });
    const numbers = mobiles(90);
    // All at once: what a worker has under way moves nobody either.
    const allAtOnce = async (): Promise<string[]> => (await Promise.all(numbers.map(ask))).map(({ text }) => text);
    const before = await allAtOnce();
    expect(await answers(numbers)).to.deep.equal(before);
    expect(await allAtOnce()).to.deep.equal(before);
    for (const name of ['worker-1', 'worker-2', 'worker-3']) expect(before.filter((one) => one === name).length).to.be.within(10, 50);
    await (workers as [Worker, Worker, Worker])[1].end();
    const after = await answers(numbers);
    before.forEach((worker, index) => {
      if (worker !== 'worker-2') expect(after[index]).to.equal(worker);
      else expect(after[index]).to.be.oneOf(['worker-1', 'worker-3']);
    });
  });

  it('opens nothing but the lookup', async () => {
    await begin(1);
    const status = async (path: string, method = 'GET'): Promise<number> => (await fetch(`${balancer?.url}${path}`, { method })).status;
    expect([await status('/'), await status('/flows'), await status('/ciam/user/x'), await status('/ciam/user', 'POST')]).to.deep.equal([404, 404, 404, 405]);
    expect((workers as [Worker])[0].asked).to.deep.equal([]);
  });

  for (const protocol of ['h2c', 'websocket']) {
    it(`answers whoever offers to change to ${protocol}, as the HTTP clients of some languages do`, async () => {
      await begin(1);
      const asked = get(`${balancer?.url}/ciam/user?mobile=1`, { headers: { connection: 'Upgrade', upgrade: protocol, 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }, timeout: 5000 });
      asked.once('timeout', () => void asked.destroy(new Error('no answer')));
      const [answer] = await once(asked, 'response') as [IncomingMessage];
      expect([answer.statusCode, await text(answer)]).to.deep.equal([200, 'worker-1']);
    });
  }

  it('does not open answers to the pages of other sites, as Node-RED 4.1 does by itself', async () => {
    await begin(1);
    const [worker] = workers as [Worker];
    const origins = async (origin: string): Promise<string | null> => {
      worker.answer = (response) => void response.writeHead(200, { 'access-control-allow-origin': origin }).end();
      return (await fetch(`${balancer?.url}/ciam/user?mobile=1`)).headers.get('access-control-allow-origin');
    };
    expect(await origins('*')).to.equal(null);
    expect(await origins('https://own.example.com')).to.equal('https://own.example.com');
  });

  it('writes no number into its log, whatever happens', async () => {
    await begin(2);
    const [breaking, going] = workers as [Worker, Worker];
    await ask('13900001111');
    breaking.answer = (response) => void response.destroy();
    going.answer = (response) => void response.writeHead(502).end();
    // With nobody left to ask, HAProxy may just close.
    await ask('13900002222').catch(() => undefined);
    await going.end();
    await ask('13900003333').catch(() => undefined);
    await balancer?.until(/worker2 is DOWN/);
    expect(balancer?.log()).to.not.match(/139|mobile/);
  });
});
