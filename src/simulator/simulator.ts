/** The demo tenant: a real HTTP server on this machine that speaks the tenant's API. Loses everything when it is closed. */
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type ServerOptions, createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type Answer, gatewayPage } from './answer';
import type { Tenant } from './request';
import { answerTo, apiOf } from './routes';
import { Tokens } from './tokens';
import { Troubles } from './troubles';
import { type UserRecord, createDirectory } from './users';

// For the command, which is a file of its own.
export { DEMO_CASES, DEMO_ROWS, MOBILE, USERNAME } from './table';
export { createDirectory, type UserRecord } from './users';

export interface SimulatorOptions {
  /** 0, the default, takes a free one. */
  port?: number | undefined;
  /** In place of the demo users; the numbers that mean trouble stay. */
  users?: readonly UserRecord[] | undefined;
  /** Milliseconds before every answer. */
  latencyMs?: number | undefined;
  /** Seconds, 1800 by default. */
  tokenLifetime?: number | undefined;
  /** Milliseconds; tells when tokens expire. */
  clock?: () => number;
  /** Told of each answer: which API, and how it ended. Nothing of a value, nothing of a secret. */
  log?: (line: string) => void;
  /** Key and certificate: serves https instead of http. */
  tls?: ServerOptions;
}

export interface Simulator {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** Ends at once: open connections and answers that wait for their time are dropped. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024;
/** Longer than clients keep an idle connection, so that they never send into one that is being closed. */
const KEEP_ALIVE_MS = 65_000;

/** Calls back once the whole body is here, or with nothing as soon as it is too long; never if the client goes away. */
const readBody = (request: IncomingMessage, done: (body: Buffer | undefined) => void): void => {
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    if (length > MAX_BODY_BYTES) return;
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_BODY_BYTES) done(undefined);
  });
  request.on('end', () => {
    if (length <= MAX_BODY_BYTES) done(Buffer.concat(chunks));
  });
};

/** A timer lives no longer than the connection it answers. */
const send = (response: ServerResponse, { status, headers, body }: Answer, delayMs: number): void => {
  const write = (): void => void response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
  if (delayMs === 0) return write();
  const timer = setTimeout(write, delayMs);
  response.once('close', () => clearTimeout(timer));
};

/** A code of the tenant's own, if the answer has one. */
const codeOf = ({ headers, body }: Answer): string => {
  if (!headers['content-type']?.startsWith('application/json')) return '';
  const { error_code: code, error } = JSON.parse(body) as { error_code?: string; error?: string };
  return code ?? error ?? '';
};

/** Rejects if the port is taken or an entry of `users` cannot be used. */
export const startSimulator = async (options: SimulatorOptions = {}): Promise<Simulator> => {
  const { latencyMs = 0, clock = Date.now, log } = options;
  const tenant: Tenant = {
    directory: createDirectory(options.users),
    tokens: new Tokens(options.tokenLifetime ?? 1800, clock),
    troubles: new Troubles(clock),
  };

  const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
    readBody(request, (body) => {
      const { method = '', url = '', headers } = request;
      const answer = body
        ? answerTo(tenant, { method, url, headers, body })
        : gatewayPage(413, 'Request Entity Too Large', { connection: 'close' });
      log?.(`${new Date(clock()).toISOString()} ${method} ${apiOf(url)} ${answer.status} ${codeOf(answer)}`.trimEnd());
      send(response, answer, latencyMs + (answer.delayMs ?? 0));
    });

  const server: Server = options.tls ? createTlsServer(options.tls, onRequest) : createServer(onRequest);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // closeAllConnections() does not know of a connection whose TLS handshake is not done.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closed ??= new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    }));
  return { url: `http${options.tls ? 's' : ''}://127.0.0.1:${port}`, port, close };
};
