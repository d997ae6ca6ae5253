/** undici: one request in; status, headers and body out. TLS, proxies, connections. The only file that knows undici. */
import { AsyncResource } from 'node:async_hooks';
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { LookupFailure, networkFailure, proxyPasswordFailure, responseFailure, tlsFailure } from '../failures/failure';
import { PROXY_AUTHENTICATION, PROXY_NTLM } from '../failures/advice';
import { decodeBody, MAX_BODY } from './body';
import { bareHost, proxyFor } from './proxy';
import { openTunnel, ProxyError } from './connect-tunnel';
import type { Reply } from '../api/response';
import type { Clock } from '../clock';
import type { Settings } from '../settings/settings';
import { type Connection, ConnectionPool, LONGEST_IDLE_MS, type Load } from './connection-pool';

export interface TransportRequest {
  method: 'POST' | 'GET';
  path: string;
  /** Name, value, name, value … */
  headers: string[];
  body: string | null;
  /** It has a connection beside those of the lookups when all of them are busy. */
  beside?: boolean;
  /** Filled in by the transport. */
  origin?: string;
}

/** `stale`: a reused connection ended before the first byte of an answer, which says nothing about the tenant. */
export type TransportResult = Reply | LookupFailure | 'stale';

/** Gets the result of one request; a method rather than a callback, so that a call need not make a closure. */
export interface Receiver {
  received(result: TransportResult): void;
}

/** One request under way. */
export interface Exchange {
  /** How long its connection had been idle before; 0 for one that was just opened. */
  readonly idleMs: number;
  /** Ends it without an answer and closes its connection. */
  cancel(): void;
  /** Its answer is not to be trusted: closes its connection. */
  discard(): void;
}

export interface Transport {
  /** The receiver is told once, never before `send` has returned, and not at all after `cancel`. `fresh`: on a connection that was never used. */
  send(request: TransportRequest, receiver: Receiver, fresh?: boolean): Exchange;
  /** Opens a connection that the first request finds. Calls back with what went wrong, if anything did. */
  open(opened: (failure: LookupFailure | null) => void): void;
  /** Closes connections that are, or were before their request, idle for so long and have not answered since; their requests are `stale`. */
  closeSilent(idleMs: number): void;
  /** Ends everything under way and closes every connection. */
  close(): Promise<void>;
}

const GLOBAL_DISPATCHERS = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')];

/**
 * Loads undici with the first tenant rather than with the palette, and keeps the process's global dispatcher,
 * which loading undici may set: other nodes' `fetch` must not run through our copy. Node.js's own copy goes first,
 * for it would take ours for its own. What was not set stays as undici sets it: nobody can do without.
 */
const loadUndici = (): typeof import('undici') => {
  const globals = globalThis as Record<symbol | string, unknown>;
  Reflect.get(globals, 'Response');
  const before = GLOBAL_DISPATCHERS.map((name) => globals[name]);
  const undici = require('undici') as typeof import('undici');
  GLOBAL_DISPATCHERS.forEach((name, index) => {
    const own = before[index];
    if (own !== undefined && globals[name] !== own) globals[name] = own;
  });
  return undici;
};

/** A connection may take this much longer than a lookup, whose own deadline is what is told. */
const CONNECT_GRACE_MS = 50;
/** Of several addresses each is tried for so long, and four times as long after all of them failed. */
const FIRST_ATTEMPT_MS = 250;

type Connected = (error: NodeJS.ErrnoException | null, socket: Socket | null) => void;
type Connect = (options: object, callback: Connected) => void;
type Parts = Pick<Settings, 'origin' | 'tls' | 'proxy' | 'timeoutMs' | 'concurrency'>;
type Undici = typeof import('undici');
type Opened = (socket: Socket, aheadSince: number | null) => void;

/** A connector that remembers what it opened, so that closing ends sockets that are still connecting too. */
const trackedConnector = (undici: Undici, { tls, timeoutMs }: Parts, track: (socket: Socket) => void): Connect => {
  const timeout = timeoutMs + CONNECT_GRACE_MS;
  let attemptMs = Math.min(FIRST_ATTEMPT_MS, timeout);
  const make = () => undici.buildConnector({ ...tls, timeout, allowH2: false, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: attemptMs }) as unknown as (...args: Parameters<Connect>) => Socket;
  let connect = make();
  return (options, callback) => {
    try {
      const socket = connect(options, (error, connected) => {
        if (error?.code === 'ETIMEDOUT' && attemptMs < timeout) {
          attemptMs = Math.min(attemptMs * 4, timeout);
          connect = make();
        }
        callback(error, connected);
      });
      track(socket);
      // A server that refuses our certificate says so after the handshake, and undici would know only that the connection ended.
      socket.once('error', (error) => socket.destroy(error));
    } catch (error) {
      // A key that cannot be read is thrown rather than told.
      queueMicrotask(() => callback(error as Error, null));
    }
  };
};

const createConnector = (undici: Undici, parts: Parts, track: (socket: Socket) => void): Connect => {
  const { origin, timeoutMs } = parts;
  const direct = trackedConnector(undici, parts, track);
  const tenant = new URL(origin);
  const proxy = proxyFor(tenant, parts.proxy);
  if (!proxy) return direct;
  return (options, callback) =>
    openTunnel(proxy, tenant, timeoutMs + CONNECT_GRACE_MS, track, (error, socket) => {
      if (error) return callback(error, null);
      direct({ ...options, httpSocket: socket }, (refused, secure) => {
        if (refused) socket?.destroy();
        callback(refused, secure);
      });
    });
};

/** What undici tells a connector about where to; for the connection that is opened ahead. */
const connectOptions = (origin: string): object => {
  const { protocol, hostname, host, port } = new URL(origin);
  return { host, hostname: bareHost(hostname), protocol, port };
};

type Headers = Record<string, string | string[] | undefined>;
const headerOf = (headers: Headers, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
};

/** Of a header that has one value only: a gateway may have added its own to that of the tenant. */
const firstOf = (headers: Headers, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** Most headers are never asked for. */
class ReceivedReply implements Reply {
  text = '';

  constructor(readonly status: number, private readonly headers: Headers) {}

  get retryAfter(): string | undefined {
    return firstOf(this.headers, 'retry-after');
  }

  get date(): string | undefined {
    return firstOf(this.headers, 'date');
  }

  get wwwAuthenticate(): string | undefined {
    return headerOf(this.headers, 'www-authenticate');
  }
}

/** Collects one answer with as little as undici's dispatch needs; every step of `request()` that we do not use is left out. */
class DispatchedExchange implements Exchange, Load {
  idleMs = 0;
  connection: Connection | null = null;
  /** `dispatch` has returned. */
  sent = false;
  /** Bytes that the connection had received before. */
  private bytesBefore = 0;
  private controller: Dispatcher.DispatchController | null = null;
  private ended = false;
  private cancelled = false;
  private status = 0;
  private headers: Headers = {};
  private chunks: Buffer | Buffer[] | null = null;
  private size = 0;

  constructor(readonly request: TransportRequest, private readonly receiver: Receiver, readonly fresh: boolean, private readonly pool: Connections) {}

  dispatch(connection: Connection, now: number): void {
    this.connection = connection;
    connection.load = this;
    connection.client.dispatch(this.request, this);
    // By now it also has the socket that was opened ahead of it, if there was one.
    if (connection.isReused) this.idleMs = now - connection.idleSince;
    this.bytesBefore = connection.socket?.bytesRead ?? 0;
    this.sent = true;
  }

  get isEnded(): boolean {
    return this.ended;
  }

  cancel(): void {
    this.cancelled = true;
    if (this.ended) return;
    this.ended = true;
    this.controller?.abort(new Error('cancelled'));
    this.pool.ended(this, false);
  }

  discard(): void {
    if (this.connection) this.pool.discard(this.connection);
  }

  abandonSilent(idleMs: number): void {
    if (this.ended || this.idleMs < idleMs || !this.isOnStaleConnection) return;
    const { controller } = this;
    this.fail('stale');
    controller?.abort(new Error('silent'));
  }

  /** Its connection is given back, or closed. False: it was before. */
  private end(isUsable: boolean): boolean {
    if (this.ended) return false;
    this.ended = true;
    this.pool.ended(this, isUsable);
    return true;
  }

  private fail(result: TransportResult): void {
    if (this.end(false)) this.tellLater(result);
  }

  /**
   * The receiver may send the next request at once. In the middle of a failed connection's clean-up an assertion of undici
   * would fail and end the process: failures are told when the clean-up is done.
   */
  private tellLater(result: TransportResult): void {
    queueMicrotask(() => {
      if (!this.cancelled) this.receiver.received(result);
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.ended) controller.abort(new Error('cancelled'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200) return; // informational: the answer is still to come
    this.status = status;
    this.headers = headers;
    if (Number(headers['content-length']) > MAX_BODY) this.tooLarge(controller);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.size += chunk.length;
    if (this.size > MAX_BODY) this.tooLarge(controller);
    else if (this.chunks === null) this.chunks = chunk;
    else if (Array.isArray(this.chunks)) this.chunks.push(chunk);
    else this.chunks = [this.chunks, chunk];
  }

  private tooLarge(controller: Dispatcher.DispatchController): void {
    this.fail(this.unreadable());
    controller.abort(new Error('over 1 MiB'));
  }

  /** The connection is free as soon as the body is whole: whoever waits for it need not wait until that is read. */
  onResponseEnd(): void {
    const { chunks, headers } = this;
    const reply = new ReceivedReply(this.status, headers);
    const encoding = headerOf(headers, 'content-encoding');
    const type = headerOf(headers, 'content-type');
    if (!this.end(true)) return;
    const text = decodeBody(Array.isArray(chunks) ? Buffer.concat(chunks) : chunks, encoding, type);
    if (text !== null) reply.text = text;
    const result = text === null ? this.unreadable() : reply;
    if (this.sent) this.receiver.received(result);
    else this.tellLater(result);
  }

  /** From 400 on the status says enough. */
  private unreadable(): Reply | LookupFailure {
    return this.status >= 400 ? new ReceivedReply(this.status, this.headers) : responseFailure(this.status, 'large');
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.fail(this.isOnStaleConnection ? 'stale' : transportFailure(error));
  }

  /** Nothing has come yet on a connection that was used before. */
  private get isOnStaleConnection(): boolean {
    return this.connection?.isReused === true && !this.hasAnswered;
  }

  /** A byte of an answer has come. The socket of a connection that has ended is gone: then the status has to say. */
  private get hasAnswered(): boolean {
    const { socket } = this.connection ?? { socket: null };
    return this.status > 0 || (socket !== null && socket.bytesRead > this.bytesBefore);
  }
}

/** OpenSSL's and Node's names for a certificate or a handshake that is not trusted. */
const TLS_CODE = /^(CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|EPROTO$)/;

/** undici's names for an answer whose head or length makes no sense; it asserts that a status is 100 at least. */
const NO_HTTP: ReadonlySet<string> = new Set(['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'ERR_ASSERTION']);
/** What it says, without a name, of a 100 and a 101 that nobody asked for. */
const NOT_ASKED_FOR = /^bad (response|upgrade)$/;

/** What went wrong below HTTP, by the system's code; messages of the system are not passed on, they may hold addresses. */
const transportFailure = (error: Error & { code?: unknown; cause?: unknown }): LookupFailure => {
  if (error instanceof ProxyError && (error.code === PROXY_AUTHENTICATION || error.code === PROXY_NTLM)) return proxyPasswordFailure(error.code);
  if (error instanceof ProxyError && error.answered) return networkFailure(error.code, 'proxy-refused');
  const inner = error.cause as { code?: unknown } | undefined;
  const code = [error.code, inner?.code].find((name) => typeof name === 'string' && name !== 'UND_ERR_SOCKET') ?? error.code;
  const name = typeof code === 'string' && code ? code : 'UNKNOWN';
  if (TLS_CODE.test(name)) return tlsFailure(name);
  // The parser tells what it met in words only; an answer that broke off is the network's fault.
  if (error.name === 'HTTPParserError' && error.message.includes('EOF')) return networkFailure('UND_ERR_SOCKET');
  if (error.name === 'HTTPParserError' || NO_HTTP.has(name) || NOT_ASKED_FOR.test(error.message)) return responseFailure(null, 'not-http');
  return networkFailure(name, error instanceof ProxyError ? 'proxy-unreachable' : undefined);
};

/** Exchanges and the connections they are on. */
class Connections implements Transport {
  private readonly sockets = new Set<Socket>();
  /** No connection was free for them. */
  private readonly waiting: { exchange: DispatchedExchange; dispatch: () => boolean }[] = [];
  private readonly pool: ConnectionPool;
  private readonly connector: Connect;
  /** Opened ahead, for the first request. */
  private ahead: { socket: Socket; since: number } | null = null;
  /** It is being opened, and that request waits for it; further ones open their own. */
  private opening: { waiting: ((error: Error | null) => void) | null } | null = null;
  private closing = false;

  constructor(private readonly settings: Parts, private readonly clock: Clock) {
    const undici = loadUndici();
    this.connector = createConnector(undici, settings, (socket) => this.track(socket));
    this.pool = new ConnectionPool(settings.concurrency, clock, ({ opened, ended }) => {
      const client = new undici.Client(settings.origin, {
        pipelining: 1,
        allowH2: false,
        // One deadline over all tries is kept elsewhere; undici's own timeouts would be a second truth.
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: LONGEST_IDLE_MS,
        keepAliveMaxTimeout: LONGEST_IDLE_MS,
        connect: ((options: object, callback: Connected) => this.connect(options, callback, opened)) as never,
      });
      client.on('disconnect', ended);
      return client;
    });
  }

  send(request: TransportRequest, receiver: Receiver, fresh = false): Exchange {
    request.origin = this.settings.origin;
    const exchange = new DispatchedExchange(request, receiver, fresh, this);
    // A connection becomes free in the context of the exchange that was on it.
    if (!this.dispatch(exchange)) this.waiting.push({ exchange, dispatch: AsyncResource.bind(() => this.dispatch(exchange)) });
    return exchange;
  }

  open(opened: (failure: LookupFailure | null) => void): void {
    const opening: typeof this.opening = this.opening = { waiting: null };
    this.connector(connectOptions(this.settings.origin), (error, socket) => {
      this.opening = null;
      const failed = socket ? null : error ?? new Error('no socket');
      if (socket) this.keep(socket);
      opened(failed && transportFailure(failed));
      opening.waiting?.(failed);
    });
  }

  closeSilent(idleMs: number): void {
    if (this.ahead && this.clock.now() - this.ahead.since >= idleMs) this.ahead.socket.destroy();
    this.pool.closeSilent(idleMs);
  }

  async close(): Promise<void> {
    this.closing = true;
    const closed = this.pool.closeAll();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** An exchange is over; `isUsable`: its connection can carry another one. */
  ended(exchange: DispatchedExchange, isUsable: boolean): void {
    const { connection } = exchange;
    if (!connection) return;
    if (isUsable) this.pool.release(connection);
    else this.pool.close(connection);
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      if (next.exchange.isEnded) continue;
      if (!next.dispatch()) this.waiting.unshift(next);
      return;
    }
  }

  discard(connection: Connection): void {
    this.pool.close(connection);
  }

  private dispatch(exchange: DispatchedExchange): boolean {
    const now = this.clock.now();
    const connection = this.pool.take(exchange.fresh, now, exchange.request.beside);
    if (!connection) return false;
    exchange.dispatch(connection, now);
    return true;
  }

  /** For the first request. */
  private keep(socket: Socket): void {
    this.ahead = { socket, since: this.clock.now() };
    const timer = this.clock.setTimeout(() => {
      if (this.ahead?.socket === socket) socket.destroy();
    }, LONGEST_IDLE_MS);
    timer.unref?.();
    socket.once('close', () => {
      this.clock.clearTimeout(timer);
      if (this.ahead?.socket === socket) this.ahead = null;
    });
  }

  private connect(options: object, callback: Connected, opened: Opened): void {
    const { ahead, opening } = this;
    if (opening && !opening.waiting) {
      opening.waiting = AsyncResource.bind((error: Error | null) => (error ? callback(error, null) : this.connect(options, callback, opened)));
      return;
    }
    this.ahead = null;
    const connected: Connected = (error, socket) => {
      if (socket) opened(socket, socket === ahead?.socket ? ahead.since : null);
      callback(error, socket);
    };
    // Later: undici takes no socket from within its call of the connector, and the request would wait for ever.
    if (ahead && !ahead.socket.destroyed) queueMicrotask(() => connected(null, ahead.socket));
    else this.connector(options, connected);
  }

  private track(socket: Socket): void {
    if (this.closing) socket.destroy();
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }
}

export const createTransport = (settings: Parts, clock: Clock): Transport => new Connections(settings, clock);
