/** A small HTTP proxy that speaks CONNECT, and can be told to fail in every way a proxy does. */
import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What becomes of a CONNECT: a tunnel, an HTTP status, no answer at all, or the end of the connection. */
export type Reaction = 'tunnel' | 'silence' | 'hang-up' | number;

export interface ConnectProxy {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** Every CONNECT so far. */
  readonly connects: { target: string; authorization: string | undefined }[];
  /** Connections of clients that are open now. */
  readonly open: number;
  reaction: Reaction;
  /** Ways to sign in that it names when it refuses. */
  offers: string;
  /** Resolves as soon as the condition holds; asked again whenever a CONNECT comes or a connection goes. */
  until(condition: () => boolean): Promise<void>;
  /** Ends every tunnel, as a proxy does with idle ones. */
  endTunnels(): void;
  close(): Promise<void>;
}

/** `user:password` is asked for if given. */
export const startConnectProxy = async (password?: string): Promise<ConnectProxy> => {
  const connects: ConnectProxy['connects'] = [];
  const clients = new Set<Socket>();
  const tunnels = new Set<Duplex>();
  const events = new EventEmitter().setMaxListeners(0);

  const tunnel = (client: Duplex, target: string, head: Buffer): void => {
    const { hostname, port } = new URL(`http://${target}`);
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) upstream.write(head);
      upstream.pipe(client);
      client.pipe(upstream);
    });
    tunnels.add(client);
    client.once('close', () => {
      tunnels.delete(client);
      upstream.destroy();
    });
    upstream.once('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n'));
    upstream.once('close', () => client.destroy());
  };

  const server = createServer((_request, response) => {
    response.writeHead(405).end();
  });
  server.on('connection', (socket: Socket) => {
    clients.add(socket);
    socket.once('close', () => {
      clients.delete(socket);
      events.emit('change');
    });
  });
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => client.destroy());
    const authorization = request.headers['proxy-authorization'];
    connects.push({ target: request.url ?? '', authorization });
    events.emit('change');
    const allowed = password === undefined || authorization === `Basic ${Buffer.from(password).toString('base64')}`;
    const reaction = allowed ? proxy.reaction : 407;
    if (reaction === 'tunnel') tunnel(client, request.url ?? '', head);
    else if (reaction === 'hang-up') client.destroy();
    else if (reaction === 'silence') client.resume().once('end', () => client.end());
    else if (typeof reaction === 'number') client.end(`HTTP/1.1 ${reaction} No\r\nproxy-authenticate: ${proxy.offers}\r\ncontent-length: 0\r\n\r\n`);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const proxy: ConnectProxy = {
    url: `http://127.0.0.1:${port}`, port, connects, reaction: 'tunnel', offers: 'Basic realm="test"',
    get open() { return clients.size; },
    until: (condition) => new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        events.off('change', check);
        resolve();
      };
      events.on('change', check);
      check();
    }),
    endTunnels: () => {
      for (const client of tunnels) client.end();
    },
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      for (const client of clients) client.destroy();
    }),
  };
  return proxy;
};
