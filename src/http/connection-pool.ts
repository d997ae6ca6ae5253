/**
 * The connections to the tenant, one undici `Client` each. undici's own `Pool` does not tell which connection a request takes,
 * how long that one had been idle, or whether it was used before; and it sends a waiting request in the context of another.
 */
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import type { Clock } from '../clock';

/** However long it is used, so that a changed address is found. */
const LONGEST_LIFE_MS = 300_000;
export const LONGEST_IDLE_MS = 30_000;

/** What a connection carries. */
export interface Load {
  /** The connection is given up before its answer came, unless something has come already. */
  abandonSilent(idleMs: number): void;
}

export interface Connection {
  readonly client: Dispatcher;
  /** The request under way. */
  load: Load | null;
  /** `null` until it is connected. */
  socket: Socket | null;
  /** The socket has carried a request, or was opened ahead of one. */
  isReused: boolean;
  openedAt: number;
  idleSince: number;
}

/** Makes a client; `opened` gets each socket as soon as it is connected, and since when it has been, if that was ahead of any request; `ended` is told when it is gone. */
export type Connect = (events: { opened: (socket: Socket, aheadSince: number | null) => void; ended: () => void }) => Dispatcher;

export class ConnectionPool {
  /** The one used last is at the end, and is used first. */
  private readonly idle: Connection[] = [];
  private readonly all = new Set<Connection>();
  /** The one that counts in no limit just now. */
  private beside: Connection | null = null;

  /** `limit`: connections at once; one more may be open beside a silent one, and one for a token call. */
  constructor(private readonly limit: number, private readonly clock: Clock, private readonly connect: Connect) {}

  /** A connection that is free, or a new one; `null` when there are too many, which there never are for one `beside` the others. */
  take(fresh: boolean, now: number, beside = false): Connection | null {
    const connection = (fresh ? undefined : this.takeIdle(now)) ?? this.open(fresh, beside);
    if (beside) this.beside = connection;
    return connection;
  }

  private open(fresh: boolean, beside: boolean): Connection | null {
    if (!beside && this.counted >= this.limit) {
      const oldest = this.idle.shift();
      if (oldest) this.close(oldest);
      else if (!fresh || this.counted > this.limit) return null;
    }
    return this.create();
  }

  private get counted(): number {
    return this.all.size - (this.beside ? 1 : 0);
  }

  /** Its request is over. */
  release(connection: Connection): void {
    if (!this.all.has(connection)) return;
    if (this.beside === connection) this.beside = null;
    connection.load = null;
    connection.isReused = true;
    connection.idleSince = this.clock.now();
    if (!connection.socket || this.counted > this.limit || connection.idleSince - connection.openedAt >= LONGEST_LIFE_MS) this.close(connection);
    else this.idle.push(connection);
  }

  close(connection: Connection): void {
    this.all.delete(connection);
    if (this.beside === connection) this.beside = null;
    this.removeIdle(connection);
    // Later: undici may be in the middle of a failed connection's clean-up.
    queueMicrotask(() => void connection.client.destroy());
  }

  /** Closes those that are, or were before their request, idle for so long, and have not answered since. */
  closeSilent(idleMs: number): void {
    const now = this.clock.now();
    for (const connection of [...this.idle]) if (now - connection.idleSince >= idleMs) this.close(connection);
    for (const connection of [...this.all]) connection.load?.abandonSilent(idleMs);
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.all].map(({ client }) => client.destroy()));
  }

  private takeIdle(now: number): Connection | undefined {
    for (let connection = this.idle.pop(); connection; connection = this.idle.pop()) {
      if (now - connection.openedAt < LONGEST_LIFE_MS && now - connection.idleSince < LONGEST_IDLE_MS) return connection;
      this.close(connection);
    }
    return undefined;
  }

  private create(): Connection {
    const client = this.connect({
      opened: (socket, aheadSince) => {
        connection.socket = socket;
        connection.isReused = aheadSince !== null;
        connection.openedAt = connection.idleSince = aheadSince ?? this.clock.now();
      },
      ended: () => {
        connection.socket = null;
        // Nobody uses it: undici would open another one for the next request.
        if (this.removeIdle(connection)) this.close(connection);
      },
    });
    const connection: Connection = { client, load: null, socket: null, isReused: false, openedAt: 0, idleSince: 0 };
    this.all.add(connection);
    return connection;
  }

  private removeIdle(connection: Connection): boolean {
    const place = this.idle.indexOf(connection);
    if (place >= 0) this.idle.splice(place, 1);
    return place >= 0;
  }
}
