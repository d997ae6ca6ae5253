import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Socket, connect } from 'node:net';
import { mock } from 'node:test';
import { expect } from 'chai';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator';
import { failureOf, lookUp, newToken, start, stopAll } from './support';

const statusOf = async (simulator: Simulator, token: string, mobile: string): Promise<number> =>
  (await lookUp(simulator, token, 'mobile', { mobile })).status;

/** Resolves with the server's side of the next request, once that is read to its end. */
const nextRequestRead = (): Promise<ServerResponse> =>
  new Promise((resolve) => {
    const onStart = (message: unknown): void => {
      unsubscribe('http.server.request.start', onStart);
      const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
      request.once('end', () => resolve(response));
    };
    subscribe('http.server.request.start', onStart);
  });

const activeTimers = (): number => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;

/** A client on a bare socket that asks for the user who takes 30 s. */
const askSlowly = (simulator: Simulator, token: string): Socket => {
  const body = '{"mobile":"13800000408"}';
  const head = [
    'POST /api/v2/tenant/users/user-by-mobile HTTP/1.1',
    'Host: 127.0.0.1',
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
  ];
  const socket = connect(simulator.port, '127.0.0.1');
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  return socket;
};

describe('simulator', () => {
  afterEach(stopAll);
  afterEach(() => mock.timers.reset());

  it('listens on free ports of the loopback interface', async () => {
    const [one, other] = [await start(), await start()];
    expect(one.url).to.equal(`http://127.0.0.1:${one.port}`);
    expect(one.port).to.be.greaterThan(0).and.not.equal(other.port);
  });

  it('rejects when the port is taken', async () => {
    const { port } = await start();
    expect(await failureOf(startSimulator({ port }))).to.include({ code: 'EADDRINUSE' });
  });

  it('13800000408 answers after 30 s, and the others do not wait for it', async () => {
    const simulator = await start();
    const token = await newToken(simulator);
    mock.timers.enable({ apis: ['setTimeout'] });
    const read = nextRequestRead();
    let answered = false;
    const slow = lookUp(simulator, token, 'mobile', { mobile: '13800000408' }).finally(() => (answered = true));
    await read;
    mock.timers.tick(29_999);
    expect(await statusOf(simulator, token, '13800001111')).to.equal(200);
    expect(answered).to.equal(false);
    mock.timers.tick(1);
    const reply = await slow;
    expect(reply.status).to.equal(200);
    expect(reply.json()).to.include({ mobile: '13800000408' });
  });

  it('latency holds back every answer', async () => {
    const simulator = await start({ latencyMs: 250 });
    mock.timers.enable({ apis: ['setTimeout'] });
    const read = nextRequestRead();
    const token = newToken(simulator);
    const response = await read;
    mock.timers.tick(249);
    expect(response.writableEnded).to.equal(false);
    mock.timers.tick(1);
    expect(response.writableEnded).to.equal(true);
    expect(await token).to.be.a('string');
  });

  it('a client that goes away takes its waiting answer with it', async () => {
    const simulator = await start();
    const token = await newToken(simulator);
    const before = activeTimers();
    const read = nextRequestRead();
    const client = askSlowly(simulator, token);
    const response = await read;
    expect(activeTimers()).to.equal(before + 1);
    client.destroy();
    await once(response, 'close');
    expect(activeTimers()).to.equal(before);
  });

  describe('close', () => {
    it('cuts off an answer that waits and leaves nothing behind', async () => {
      const simulator = await start();
      const token = await newToken(simulator);
      const before = activeTimers();
      const read = nextRequestRead();
      const client = askSlowly(simulator, token);
      const cutOff = once(client, 'close');
      await read;
      expect(activeTimers()).to.equal(before + 1);
      await simulator.close();
      await cutOff;
      expect(activeTimers()).to.equal(before);
      expect(await failureOf(once(connect(simulator.port, '127.0.0.1'), 'connect'))).to.include({ code: 'ECONNREFUSED' });
    });

    it('does not wait for a connection that has sent nothing, and may be called twice', async () => {
      const simulator = await start();
      const client = connect(simulator.port, '127.0.0.1');
      await once(client, 'connect');
      // An answer on another connection: by then the server has accepted the silent one.
      await newToken(simulator);
      const cutOff = once(client, 'close');
      await Promise.all([simulator.close(), simulator.close()]);
      await cutOff;
    });
  });
});
