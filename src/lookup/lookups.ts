/** The way of one lookup: memory → pacing → call → back, exactly one outcome each, and nothing left when the tenant closes. */
import diagnostics from 'node:diagnostics_channel';
import { Aborts } from '../resilience/aborts';
import { readAgain } from '../api/response';
import type { Circuit } from '../resilience/circuit';
import { type Clock, elapsedMs } from '../clock';
import { Deadlines } from '../resilience/deadlines';
import { closedFailure, inputFailure, LookupFailure, type LookupInfo, queueFullFailure, timeoutFailure } from '../failures/failure';
import type { Caller } from './caller';
import { type Crew, Flight, type Result, type Settle, Waiter } from './call';
import { Flights } from './flights';
import type { Memory } from './cache';
import type { Pacing } from '../resilience/request-queue';
import { type Query, toQuery } from '../api/query';
import type { Figures } from './stats';
import type { TransportResult } from '../http/transport';
import type { User } from '../api/user';

/** What to look up. `value`: text, a Buffer of UTF-8 or a whole number that is not negative. */
export interface LookupRequest {
  by: unknown;
  value: unknown;
}

/** @internal */
export interface LookupParts {
  label: string;
  timeoutMs: number;
  queueTimeoutMs: number;
  queueLimit: number;
  clock: Clock;
  /** Missing when nothing is to be remembered. */
  memory: Memory | null;
  pacing: Pacing;
  circuit: Circuit;
  figures: Figures;
}

/** What a message asked for; `null` when nothing could be sent. */
type Asked = Pick<LookupInfo, 'by' | 'value'>;

const channel = diagnostics.channel('ciam-flows:lookup');

/** @internal */
export class Lookups implements Crew {
  private readonly flights = new Flights();
  /** Calls that nobody may join any more, but some still wait for. */
  private readonly detached = new Set<Flight>();
  private readonly callDeadlines: Deadlines<Waiter>;
  private readonly queueDeadlines: Deadlines<Waiter> | null;
  private readonly aborts = new Aborts<Waiter>((waiter) => this.drop(waiter, closedFailure()));
  private closed = false;
  /** Makes the calls; set once by whoever puts the parts together. */
  caller: Caller | null = null;

  constructor(private readonly parts: LookupParts) {
    const { clock, timeoutMs, queueTimeoutMs } = parts;
    const list = (ms: number, property: 'timeout' | 'queueTimeout'): Deadlines<Waiter> =>
      new Deadlines(ms, clock, (entry) => this.drop(entry, timeoutFailure(property, ms / 1000)));
    this.callDeadlines = list(timeoutMs, 'timeout');
    this.queueDeadlines = queueTimeoutMs > 0 ? list(queueTimeoutMs, 'queueTimeout') : null;
  }

  /** `settle` is called exactly once, possibly before `ask` returns. */
  ask({ by, value }: LookupRequest, signal: AbortSignal | undefined, settle: Settle): void {
    const startedAt = this.parts.clock.now();
    let query: Query;
    try {
      query = toQuery(by, value);
    } catch (error) {
      const failure = error instanceof LookupFailure ? error : inputFailure('The value cannot be read.');
      return this.settle({ by: typeof by === 'string' ? by : '', value: null }, startedAt, failure, 'tenant', 0, settle);
    }
    if (this.closed || signal?.aborted) return this.settle(query, startedAt, closedFailure(), 'tenant', 0, settle);
    const remembered = this.parts.memory?.recall(query.key);
    if (remembered) return this.settle(query, startedAt, remembered, 'cache', 0, settle);
    const flight = this.flights.get(query.key);
    if (flight) this.join(flight, query, startedAt, signal, settle);
    else this.lead(query, startedAt, signal, settle);
  }

  /** The tenant asked for peace: whoever may not wait that long need not wait to learn it. */
  held(): void {
    const { pacing, clock } = this.parts;
    const { heldBy } = pacing;
    if (!heldBy) return;
    const until = clock.now() + pacing.holdMs;
    this.queueDeadlines?.passUntil(until, (entry) => this.drop(entry, heldBy));
    for (const flight of [...this.flights.all(), ...this.detached]) {
      if (flight.state === 'running' && !flight.exchange) this.late(flight, until, heldBy);
    }
  }

  /** Ends the waiting of those whose deadline passes until then; true when nobody is left. */
  late(flight: Flight, until: number, failure: LookupFailure): boolean {
    flight.each((waiter) => {
      if (waiter.deadline <= until) this.drop(waiter, failure);
    });
    return flight.messages === 0;
  }

  close(): void {
    this.closed = true;
    this.parts.pacing.close();
    for (const flight of [...this.flights.all(), ...this.detached]) flight.each((waiter) => this.drop(waiter, closedFailure()));
    this.callDeadlines.close();
    this.queueDeadlines?.close();
  }

  private lead(query: Query, startedAt: number, signal: AbortSignal | undefined, settle: Settle): void {
    const flight = new Flight(query, this);
    const waiter = this.board(flight, query, startedAt, signal, settle);
    flight.leader = waiter;
    this.flights.add(flight);
    const refused = this.parts.pacing.enter(flight);
    if (refused) this.end(flight, refused);
    else if (flight.queued) this.waitForTurn(waiter);
  }

  private join(flight: Flight, query: Query, startedAt: number, signal: AbortSignal | undefined, settle: Settle): void {
    const { pacing, queueLimit } = this.parts;
    if (flight.queued && pacing.isFull) return this.settle(query, startedAt, queueFullFailure(queueLimit), 'tenant', 0, settle);
    const waiter = this.board(flight, query, startedAt, signal, settle);
    (flight.followers ??= new Set()).add(waiter);
    pacing.share(flight, 1);
    if (flight.queued) this.waitForTurn(waiter);
    else waiter.timeBy(this.callDeadlines);
  }

  private board(flight: Flight, query: Query, startedAt: number, signal: AbortSignal | undefined, settle: Settle): Waiter {
    const waiter = new Waiter(flight, query, startedAt, signal, settle);
    if (signal) this.aborts.add(signal, waiter);
    return waiter;
  }

  private waitForTurn(waiter: Waiter): void {
    const { pacing, queueTimeoutMs } = this.parts;
    if (!this.queueDeadlines) return;
    waiter.timeBy(this.queueDeadlines);
    if (pacing.heldBy && pacing.holdMs > queueTimeoutMs) this.drop(waiter, pacing.heldBy);
  }

  /** Its turn has come. */
  begin(flight: Flight, probe: boolean): void {
    flight.state = 'running';
    flight.isProbe = probe;
    flight.each((waiter) => waiter.timeBy(this.callDeadlines));
    this.caller?.attempt(flight);
  }

  received(flight: Flight, result: TransportResult): void {
    this.caller?.received(flight, result);
  }

  /** The call has its result: everybody who waits gets it. */
  finish(flight: Flight, result: Result): void {
    if (flight.state === 'over') return;
    this.parts.memory?.remember(flight.query.key, result);
    this.end(flight, result);
  }

  /** Before `settle`, so that the next call is on its way when a message goes on. */
  end(flight: Flight, result: Result): void {
    this.land(flight);
    flight.each((waiter) => this.release(waiter, result));
  }

  /** Gives back all that a call holds; what was its turn is somebody else's now. */
  private land(flight: Flight): void {
    const { pacing, circuit, clock } = this.parts;
    const ran = flight.state === 'running';
    flight.state = 'over';
    if (!this.flights.delete(flight)) this.detached.delete(flight);
    flight.exchange?.cancel();
    if (flight.timer) clock.clearTimeout(flight.timer);
    flight.exchange = flight.timer = null;
    if (flight.isProbe) circuit.release();
    if (ran) pacing.leave();
    else pacing.withdraw(flight);
  }

  /** One message waits no longer; the others are not taken down with it, and the last one ends the call. */
  private drop(waiter: Waiter, failure: LookupFailure): void {
    const { flight } = waiter;
    const { pacing, circuit } = this.parts;
    const led = flight.leader === waiter;
    this.release(waiter, failure);
    pacing.share(flight, -1);
    if (flight.messages === 0) {
      // A probe that still waits for its token has found the tenant dead as well.
      if (failure.code === 'CIAM.TIMEOUT' && (flight.exchange || flight.isProbe)) circuit.report(true);
      this.land(flight);
    } else if ((led || failure.code === 'CIAM.TIMEOUT') && flight.state === 'running' && this.flights.delete(flight)) {
      // Whoever comes now deserves a fresh call rather than the rest of one that has used up its time.
      this.detached.add(flight);
    }
  }

  private release(waiter: Waiter, result: Result): void {
    const { flight, query, startedAt, signal, settle } = waiter;
    const leads = flight.leader === waiter;
    if (signal) this.aborts.remove(signal, waiter);
    flight.remove(waiter);
    const answer = result instanceof LookupFailure ? result : leads ? result.user : readAgain(result);
    this.settle(query, startedAt, answer, leads ? 'tenant' : 'shared', leads ? flight.attempts : 0, settle);
  }

  private settle({ by, value }: Asked, startedAt: number, result: User | LookupFailure, source: LookupInfo['source'], attempts: number, settle: Settle): void {
    const { clock, label, figures } = this.parts;
    const lookup: LookupInfo = { by, value, tenant: label, attempts, durationMs: elapsedMs(clock, startedAt), source };
    const failure = result instanceof LookupFailure ? result.for(lookup) : null;
    figures.count(failure, lookup, clock.date);
    if (channel.hasSubscribers) {
      channel.publish({ by, source, attempts, durationMs: lookup.durationMs, code: failure?.code ?? null, category: failure?.category ?? null });
    }
    if (result instanceof LookupFailure) settle(failure, null);
    else settle(null, { user: result, lookup });
  }
}
