/** Stands between a client and a server and breaks connections in the ways that networks do. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What happens to one connection. */
export type Fault = (client: Socket, dial: () => Socket) => void;

export const pass: Fault = (client, dial) => {
  const server = dial();
  client.pipe(server);
  server.pipe(client);
};

/** The connection is reset as soon as a request is on its way; the server never sees it. */
export const resetBeforeAnswer: Fault = (client) => void client.once('data', () => client.resetAndDestroy());

/** The connection is taken and nothing else happens. */
export const swallow: Fault = (client) => void client.resume();

/** The server closes its side without an answer and goes on reading. */
export const halfOpen: Fault = (client) => void client.once('data', () => client.end()).resume();

/** Lets so many bytes of the answer through, then breaks off. */
const cut = (bytes: number, end: (client: Socket) => void): Fault => (client, dial) => {
  const server = dial();
  client.pipe(server);
  let left = bytes;
  server.on('data', (chunk: Buffer) => {
    if (left <= 0) return;
    const part = chunk.subarray(0, left);
    left -= part.length;
    client.write(part, () => {
      if (left <= 0) end(client);
    });
  });
};
export const resetInAnswer = (bytes: number): Fault => cut(bytes, (client) => client.resetAndDestroy());
export const endInAnswer = (bytes: number): Fault => cut(bytes, (client) => client.end());

/** Answers arrive one byte every so many milliseconds. */
export const drip = (everyMs: number): Fault => (client, dial) => {
  const server = dial();
  client.pipe(server);
  const bytes: number[] = [];
  server.on('data', (chunk: Buffer) => void bytes.push(...chunk));
  const timer = setInterval(() => {
    const next = bytes.shift();
    if (next !== undefined) client.write(Buffer.of(next));
  }, everyMs);
  client.once('close', () => clearInterval(timer));
};

/** Lets so many requests through; the next one meets a reset, as on an idle connection that the server gave up meanwhile. */
export const resetAtRequest = (count: number): Fault => (client, dial) => {
  const server = dial();
  let requests = 0;
  client.on('data', (chunk: Buffer) => {
    if (chunk.includes('POST ') && ++requests >= count) client.resetAndDestroy();
    else server.write(chunk);
  });
  server.pipe(client);
};

export class FaultProxy {
  /** For the first connection, the second …; the last one stays. */
  faults: Fault[] = [pass];
  connections = 0;
  /** Connections of the client that are open now. */
  readonly clients = new Set<Socket>();
  private readonly servers = new Set<Socket>();
  private readonly listener: Server;
  private readonly waiting = new Set<() => void>();

  private constructor(private readonly target: { port: number }) {
    this.listener = createServer((client) => this.take(client));
  }

  static async start(target: { port: number }): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((resolve) => proxy.listener.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves as soon as the condition holds; asked again whenever a connection comes or goes. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.waiting.delete(check);
        resolve();
      };
      this.waiting.add(check);
      check();
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.listener.close(() => resolve());
      for (const socket of [...this.clients, ...this.servers]) socket.destroy();
    });
  }

  private take(client: Socket): void {
    const fault = this.faults[Math.min(this.connections++, this.faults.length - 1)] ?? pass;
    const dial = (): Socket => {
      const server = connect(this.target.port, '127.0.0.1');
      this.servers.add(server);
      server.on('error', () => client.destroy());
      server.once('close', () => this.servers.delete(server));
      client.once('close', () => server.destroy());
      return server;
    };
    this.clients.add(client);
    client.on('error', () => undefined); // resets are what this is for
    // A client of ours that closes its side is gone: it never waits for an answer with half a connection.
    client.once('end', () => client.destroy());
    client.once('close', () => {
      this.clients.delete(client);
      this.tell();
    });
    fault(client, dial);
    this.tell();
  }

  private tell(): void {
    for (const check of [...this.waiting]) check();
  }
}
