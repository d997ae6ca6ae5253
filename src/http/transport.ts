/** undici: one request in; status, headers and body out. TLS, proxies, connections. The only file that knows undici. */
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { LookupFailure, networkFailure, proxyPasswordFailure, responseFailure, tlsFailure } from '../failures/failure';
import { PROXY_AUTHENTICATION } from '../failures/advice';
import { decodeBody, MAX_BODY } from './body';
import { proxyFor } from './proxy';
import { openTunnel, ProxyError } from './connect-tunnel';
import type { Reply } from '../api/response';
import type { Settings } from '../settings/settings';

export interface TransportRequest {
  method: 'POST' | 'GET';
  path: string;
  /** Name, value, name, value … */
  headers: string[];
  body: string | null;
  /** Filled in by the transport. */
  origin?: string;
}

export type TransportResult = Reply | LookupFailure;

/** Gets the result of one request; a method rather than a callback, so that a call need not make a closure. */
export interface Receiver {
  received(result: TransportResult): void;
}

/** One request under way. `cancel` ends it without an answer and destroys its socket. */
export interface Exchange {
  cancel(): void;
}

export interface Transport {
  /** The receiver is told once, never before `send` has returned, and not at all after `cancel`. */
  send(request: TransportRequest, receiver: Receiver): Exchange;
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

const KEEP_ALIVE_MS = 30_000;
/** A connection may take this much longer than a lookup, whose own deadline is what is told. */
const CONNECT_GRACE_MS = 50;

type Connected = (error: Error | null, socket: Socket | null) => void;
type Connect = (options: object, callback: Connected) => void;
type Parts = Pick<Settings, 'origin' | 'tls' | 'proxy' | 'timeoutMs' | 'concurrency'>;

/** A connector that remembers what it opened, so that closing ends sockets that are still connecting too. */
const trackedConnector = (undici: typeof import('undici'), { tls, timeoutMs }: Parts, track: (socket: Socket) => void): Connect => {
  const connect = undici.buildConnector({ ...tls, timeout: timeoutMs + CONNECT_GRACE_MS, allowH2: false }) as unknown as (...args: Parameters<Connect>) => Socket;
  return (options, callback) => {
    try {
      const socket = connect(options, callback);
      track(socket);
      // A server that refuses our certificate says so after the handshake, and undici would know only that the connection ended.
      socket.once('error', (error) => socket.destroy(error));
    } catch (error) {
      // A key that cannot be read is thrown rather than told.
      queueMicrotask(() => callback(error as Error, null));
    }
  };
};

const createDispatcher = (parts: Parts, track: (socket: Socket) => void): Dispatcher => {
  const undici = loadUndici();
  const { origin, concurrency, timeoutMs } = parts;
  const direct = trackedConnector(undici, parts, track);
  const tenant = new URL(origin);
  const proxy = proxyFor(tenant, parts.proxy);
  const tunnelled = (through: URL): Connect => (options, callback) =>
    openTunnel(through, tenant, timeoutMs + CONNECT_GRACE_MS, track, (error, socket) => {
      if (error || tenant.protocol === 'http:') return callback(error, socket);
      direct({ ...options, httpSocket: socket }, (refused, secure) => {
        if (refused) socket?.destroy();
        callback(refused, secure);
      });
    });
  return new undici.Pool(origin, {
    connections: concurrency,
    pipelining: 1,
    allowH2: false,
    // One deadline over all tries is kept elsewhere; undici's own timeouts would be a second truth.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: (proxy ? tunnelled(proxy) : direct) as never,
  });
};

/** Collects one answer with as little as undici's dispatch needs; every step of `request()` that we do not use is left out. */
class DispatchedExchange implements Exchange {
  private controller: Dispatcher.DispatchController | null = null;
  private ended = false;
  private cancelled = false;
  /** `dispatch` has returned. */
  sent = false;
  private status = 0;
  private headers: Record<string, string | string[] | undefined> = {};
  private chunks: Buffer | Buffer[] | null = null;
  private size = 0;

  constructor(private readonly receiver: Receiver) {}

  cancel(): void {
    this.ended = this.cancelled = true;
    this.controller?.abort(new Error('cancelled'));
  }

  /**
   * Whoever is told may send the next request at once. In the middle of a failed connection's clean-up undici takes that
   * amiss, with an assertion that ends the process: failures are told when it is done.
   */
  private end(result: TransportResult): void {
    if (this.ended) return;
    this.ended = true;
    if (this.sent && !(result instanceof LookupFailure)) return this.receiver.received(result);
    queueMicrotask(() => {
      if (!this.cancelled) this.receiver.received(result);
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.ended) controller.abort(new Error('cancelled'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[] | undefined>): void {
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
    this.unreadable('over 1 MiB');
    controller.abort(new Error('over 1 MiB'));
  }

  onResponseEnd(): void {
    const { headers, chunks } = this;
    const body = chunks === null ? null : Array.isArray(chunks) ? Buffer.concat(chunks) : chunks;
    const text = decodeBody(body, headers['content-encoding']);
    if (text === null) this.unreadable('a body whose content-encoding cannot be read, or over 1 MiB');
    else this.reply(text);
  }

  private reply(text: string): void {
    const retryAfter = this.headers['retry-after'];
    this.end({ status: this.status, text, retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined });
  }

  /** From 400 on the status says enough. */
  private unreadable(what: string): void {
    if (this.status >= 400) this.reply('');
    else this.end(responseFailure(this.status, what));
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.end(transportFailure(error));
  }
}

/** OpenSSL's and Node's names for a certificate or a handshake that is not trusted. */
const TLS_CODE = /^(CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|EPROTO$)/;

/** What went wrong below HTTP, by the system's code; messages of the system are not passed on, they may hold addresses. */
const transportFailure = (error: Error & { code?: unknown; cause?: unknown }): LookupFailure => {
  if (error instanceof ProxyError && error.code === PROXY_AUTHENTICATION) return proxyPasswordFailure();
  if (error instanceof ProxyError && error.answered) return networkFailure(error.code, 'proxy-refused');
  const inner = error.cause as { code?: unknown } | undefined;
  const code = [error.code, inner?.code].find((name) => typeof name === 'string' && name !== 'UND_ERR_SOCKET') ?? error.code;
  const name = typeof code === 'string' && code ? code : 'UNKNOWN';
  if (TLS_CODE.test(name)) return tlsFailure(name);
  // The parser tells what it met in words only; an answer that broke off is the network's fault.
  if (error.name === 'HTTPParserError' && error.message.includes('EOF')) return networkFailure('UND_ERR_SOCKET');
  if (error.name === 'HTTPParserError' || name === 'UND_ERR_HEADERS_OVERFLOW') return responseFailure(null, 'not HTTP');
  return networkFailure(name, error instanceof ProxyError ? 'proxy-unreachable' : undefined);
};

export const createTransport = (settings: Parts): Transport => {
  const sockets = new Set<Socket>();
  let closing = false;
  const dispatcher = createDispatcher(settings, (socket) => {
    if (closing) socket.destroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const { origin } = settings;

  return {
    send(request, receiver) {
      const exchange = new DispatchedExchange(receiver);
      request.origin = origin;
      dispatcher.dispatch(request, exchange);
      exchange.sent = true;
      return exchange;
    },
    async close() {
      closing = true;
      const closed = dispatcher.destroy();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
