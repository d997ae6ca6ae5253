/** The tries of one call: token → transport → answer; renewal and replay; retry of passing troubles. */
import { isRefusal, readUser } from '../api/response';
import type { Circuit } from '../resilience/circuit';
import type { Clock } from '../clock';
import { isOutage, isPassing, LookupFailure } from '../failures/failure';
import type { Flight, Result } from './call';
import type { Pacing } from '../resilience/request-queue';
import { toRequest } from '../api/query';
import { backoffMs, retryAfterMs } from '../resilience/backoff';
import type { Secrets } from '../api/redact';
import type { Token, TokenSource } from '../auth/access-token';
import type { Transport, TransportResult } from '../http/transport';

export interface CallParts {
  clock: Clock;
  random: () => number;
  token: TokenSource;
  transport: Transport;
  secrets: Secrets;
  circuit: Circuit;
  pacing: Pacing;
  /** Tries after the first. */
  retries: number;
  /** Told of every further try. */
  retried: () => void;
  /** The tenant asks for so much peace. */
  hold: (ms: number, by: LookupFailure) => void;
  /** Ends the waiting of those whose deadline passes until then; true when nobody is left. */
  late: (flight: Flight, until: number, failure: LookupFailure) => boolean;
  /** Told once how the call ended. */
  done: (flight: Flight, result: Result) => void;
}

/** Drives flights from their turn to their result. A flight whose `state` is `over` is not touched any more. */
export interface Caller {
  /** Makes a try. */
  attempt(flight: Flight): void;
  /** Takes what the transport has for a flight. */
  received(flight: Flight, result: TransportResult): void;
}

export const createCaller = (parts: CallParts): Caller => {
  const { clock, token, transport, secrets, circuit, pacing, done } = parts;

  const attempt = (flight: Flight): void => {
    if (flight.attempts++ > 0) parts.retried();
    proceed(flight);
  };

  /** Sends, as soon as there is a token and unless the tenant asked for peace meanwhile. */
  const proceed = (flight: Flight): void => {
    const { heldBy } = pacing;
    if (heldBy && pacing.holdMs > 0) return wait(flight, heldBy, 0, proceed);
    const ready = token.ready();
    if (ready) return send(flight, ready);
    token.use((current) => {
      if (flight.state === 'over') return;
      if (!(current instanceof LookupFailure)) return pacing.holdMs > 0 ? proceed(flight) : send(flight, current);
      // A token call that somebody else began, and that hung: whoever came later has time left for another.
      if (current.category === 'timeout') wait(flight, current, 0, proceed);
      else retryOrEnd(flight, current, null);
    });
  };

  const send = (flight: Flight, current: Token): void => {
    flight.token = current;
    flight.exchange = transport.send(toRequest(flight.query, current.headers), flight);
  };

  const received = (flight: Flight, reply: TransportResult): void => {
    const { token: current } = flight;
    const isReply = !(reply instanceof LookupFailure);
    const result = isReply ? readUser(reply, secrets, flight.query.value) : reply;
    const failed = result instanceof LookupFailure;
    circuit.report(failed && isOutage(result));
    if (current && failed && isRefusal(result)) return renew(flight, current, result);
    if (flight.renewed && isReply) token.replayed(true);
    if (failed) retryOrEnd(flight, result, isReply ? retryAfterMs(reply.retryAfter, clock) : null);
    else done(flight, result);
  };

  /** The token was refused: another one and a replay, once. */
  const renew = (flight: Flight, refused: Token, failure: LookupFailure): void => {
    if (flight.renewed) token.replayed(false);
    if (flight.renewed || !token.refused(refused)) return done(flight, failure);
    flight.renewed = true;
    attempt(flight);
  };

  /** `holdMs`: the tenant asked for this much peace. */
  const retryOrEnd = (flight: Flight, failure: LookupFailure, holdMs: number | null): void => {
    if (!isPassing(failure)) return done(flight, failure);
    if (holdMs !== null) parts.hold(holdMs, failure);
    if (flight.retries >= parts.retries) return done(flight, failure);
    wait(flight, failure, backoffMs(flight.retries++, parts.random), attempt);
  };

  /** Whose deadline passes before the wait is over need not wait to learn it. */
  const wait = (flight: Flight, failure: LookupFailure, backoff: number, next: (flight: Flight) => void): void => {
    if (flight.state === 'over') return;
    if (circuit.refuses) return done(flight, failure);
    const delay = backoff + pacing.holdMs;
    if (parts.late(flight, clock.now() + delay, failure)) return;
    flight.timer = clock.setTimeout(() => {
      flight.timer = null;
      // Meanwhile another call may have been told to wait, or found the tenant dead.
      if (pacing.holdMs > 0 || circuit.refuses) wait(flight, failure, 0, next);
      else next(flight);
    }, delay);
  };

  return { attempt, received };
};
