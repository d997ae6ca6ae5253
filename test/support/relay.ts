/**
 * A long way between clients and a server. Time on it is counted, not measured: what was sent since the last departure arrives with
 * the next one, in either direction, so two departures are a round trip, and the work in between costs nothing on any machine.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What is on its way. */
interface Parcel {
  /** The departure with which it arrives. */
  at: number;
  deliver: () => void;
}

/** After so many turns of the event loop without anything sent, whoever is in this process has done what they could. */
const QUIET_TURNS = 10;
/** For a TCP handshake. */
const ROUND_TRIP = 2;

export class Relay {
  connections = 0;
  private departures = 0;
  private sent = 0;
  private parcels: Parcel[] = [];
  private waiting: (() => void)[] = [];
  private readonly pairs = new Map<Socket, Socket>();
  private isResetDue = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly listener: Server;

  private constructor(private readonly target: { port: number }, private readonly everyMs: number) {
    this.listener = createServer((client) => this.take(client));
    this.time();
  }

  /** `everyMs`: from one departure to the next; longer than whoever is in another process needs. */
  static async start(target: { port: number }, everyMs: number): Promise<Relay> {
    const relay = new Relay(target, everyMs);
    await new Promise<void>((resolve) => relay.listener.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  async departed(count = 1): Promise<void> {
    for (let left = count; left > 0; left--) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** The round trips from asking to each answer; one that has begun counts as a whole. An answer that is none takes for ever. */
  async trips(ask: (answered: (isGood?: boolean) => void) => Promise<unknown>): Promise<number[]> {
    await this.departed();
    const from = this.departures;
    const trips: number[] = [];
    await ask((isGood = true) => trips.push(isGood ? Math.ceil((this.departures - from) / ROUND_TRIP) : Infinity));
    return trips;
  }

  /** The server closes all connections, as it does with idle ones. */
  hangUp(): void {
    for (const [client, server] of this.pairs) {
      server.destroy();
      this.send(() => client.end());
    }
  }

  /** The next request reaches the server as it gives the connection up. */
  resetNext(): void {
    this.isResetDue = true;
  }

  close(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    return new Promise((resolve) => {
      this.listener.close(() => resolve());
      for (const pair of this.pairs) for (const socket of pair) socket.destroy();
    });
  }

  private take(client: Socket): void {
    this.connections++;
    const server = connect(this.target.port, '127.0.0.1');
    this.pairs.set(client, server);
    client.once('close', () => this.pairs.delete(client));
    const openAt = this.departures + ROUND_TRIP;
    this.carry(client, server, (chunk) => {
      if (!this.isResetDue) return void server.write(chunk);
      this.isResetDue = false;
      server.destroy();
      this.send(() => client.resetAndDestroy());
    }, openAt);
    this.carry(server, client, (chunk) => void client.write(chunk), 0);
  }

  private carry(from: Socket, to: Socket, arrive: (chunk: Buffer) => void, openAt: number): void {
    from.setNoDelay(true);
    from.on('error', () => from.destroy()); // whoever broke the connection knows
    from.on('data', (chunk: Buffer) => this.send(() => to.destroyed || arrive(chunk), openAt));
    from.once('close', () => this.send(() => to.end(), openAt));
  }

  private send(deliver: () => void, openAt = 0): void {
    this.sent++;
    this.parcels.push({ at: Math.max(this.departures, openAt) + 1, deliver });
  }

  private time(): void {
    this.timer = setTimeout(() => this.whenQuiet(QUIET_TURNS, this.sent), this.everyMs);
  }

  private whenQuiet(turns: number, sent: number): void {
    if (!this.timer) return;
    if (turns > 0) return void setImmediate(() => this.whenQuiet(sent === this.sent ? turns - 1 : QUIET_TURNS, this.sent));
    this.depart();
    this.time();
  }

  private depart(): void {
    this.departures++;
    const isDue = ({ at }: Parcel): boolean => at <= this.departures;
    const due = this.parcels.filter(isDue);
    this.parcels = this.parcels.filter((parcel) => !isDue(parcel));
    for (const { deliver } of due) deliver();
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
