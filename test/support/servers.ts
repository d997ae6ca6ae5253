/** A tenant whose every answer the test decides: a real HTTP server on loopback that remembers what it was asked. */
import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

/** One request as it came over the wire. */
export interface Seen {
  method: string;
  path: string;
  /** Name, value, name, value … as sent. */
  rawHeaders: string[];
  headers: IncomingMessage['headers'];
  body: Buffer;
  /** The value of the one key of a lookup's body; '' for anything else. */
  value: string;
  at: number;
  socket: Socket;
}

export type Script = (seen: Seen, response: ServerResponse) => void;

export const TOKEN_PATH = '/api/v2/tenant/token';

/** Any status, headers and body. A string or Buffer is sent as it is, the rest as JSON. */
export const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Script => (_seen, response) => {
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers }).end(bytes);
};

const idOf = ({ method, path, value }: Seen): string => (method === 'GET' ? decodeURIComponent(path.slice(path.lastIndexOf('/') + 1)) : `id of ${value}`);
/** A user who belongs to the value that was asked for. */
export const found: Script = (seen, response) => answer(200, { user_id: idOf(seen), name: '张三', extension: { age: '28' } })(seen, response);
export const notFound = answer(400, { error_code: 'IDAAS.TENANT.USER.0001', error_msg: 'User not found' });
/** Takes the request and says nothing. */
export const silent: Script = () => undefined;

/** The first script answers the first request and so on; the last one answers all the rest. */
export const inTurn = (...scripts: Script[]): Script => {
  let next = 0;
  return (seen, response) => scripts[Math.min(next++, scripts.length - 1)]?.(seen, response);
};

/** Grants `token-1`, `token-2` … */
export const grants = (rest: Record<string, unknown> = { expires_in: 1800 }): Script => {
  let count = 0;
  return (seen, response) => answer(200, { access_token: `token-${++count}`, token_type: 'bearer', ...rest })(seen, response);
};

const valueOf = (body: Buffer): string => {
  try {
    return String(Object.values(JSON.parse(body.toString()) as object)[0]);
  } catch {
    return '';
  }
};

const read = async (request: IncomingMessage): Promise<Seen> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = '', url = '', rawHeaders, headers, socket } = request;
  const body = Buffer.concat(chunks);
  return { method, path: url, rawHeaders, headers, body, value: valueOf(body), at: performance.now(), socket };
};

export class ScriptedTenant {
  onToken: Script = grants();
  onLookup: Script = found;
  readonly tokenCalls: Seen[] = [];
  readonly lookups: Seen[] = [];
  inFlight = 0;
  mostInFlight = 0;
  /** Open connections now, at most, and ever. */
  readonly sockets = new Set<Socket>();
  mostConnected = 0;
  connections = 0;
  port = 0;
  private readonly server: Server;
  private readonly events = new EventEmitter().setMaxListeners(0);

  private constructor(private readonly tls: ServerOptions | undefined) {
    const listener: RequestListener = (request, response) => void this.serve(request, response);
    this.server = tls ? createTlsServer(tls, listener) : createServer(listener);
    this.server.keepAliveTimeout = 65_000;
    this.server.on('connection', (socket: Socket) => this.connected(socket));
  }

  /** `port`: 0 takes a free one. */
  static async start({ port = 0, tls }: { port?: number; tls?: ServerOptions } = {}): Promise<ScriptedTenant> {
    const tenant = new ScriptedTenant(tls);
    await new Promise<void>((resolve) => tenant.server.listen(port, '127.0.0.1', resolve));
    tenant.port = (tenant.server.address() as AddressInfo).port;
    return tenant;
  }

  get url(): string {
    return `${this.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  /** Resolves as soon as the condition holds; asked again whenever a request or a connection comes or goes. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.events.off('change', check);
        resolve();
      };
      this.events.on('change', check);
      check();
    });
  }

  /** Lookups are answered by the test, one by one: the answers that it may give, in the order of arrival. */
  hold(): ((script: Script) => void)[] {
    const held: ((script: Script) => void)[] = [];
    this.onLookup = (seen, response) => void held.push((script) => script(seen, response));
    return held;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      for (const socket of this.sockets) socket.destroy();
    });
  }

  private connected(socket: Socket): void {
    this.connections++;
    this.sockets.add(socket);
    this.mostConnected = Math.max(this.mostConnected, this.sockets.size);
    socket.on('error', () => undefined); // resets are what many tests are about
    socket.once('close', () => {
      this.sockets.delete(socket);
      this.events.emit('change');
    });
    this.events.emit('change');
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isToken = request.url === TOKEN_PATH;
    if (!isToken) this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    response.once('close', () => {
      if (!isToken) this.inFlight--;
      this.events.emit('change');
    });
    let seen: Seen;
    try {
      seen = await read(request);
    } catch {
      return; // the client went away while it was sending
    }
    (isToken ? this.tokenCalls : this.lookups).push(seen);
    (isToken ? this.onToken : this.onLookup)(seen, response);
    this.events.emit('change');
  }
}
