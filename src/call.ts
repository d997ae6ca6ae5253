/** The tries of one call: token → transport → answer; renewal and replay; retry of passing troubles. */
import { isRefusal, readUser } from './answer';
import type { Circuit } from './circuit';
import type { Clock } from './clock';
import { isOutage, isPassing, LookupFailure } from './failures';
import type { Flight, Result } from './flight';
import type { Pacing } from './pacing';
import { toRequest } from './query';
import { backoffMs, retryAfterMs } from './retry';
import type { Secrets } from './secrets';
import type { Token, TokenSource } from './token';
import type { Transport, TransportResult } from './transport';

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
  /** Told that the tenant asked for peace. */
  held: () => void;
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
    flight.attempts++;
    const ready = token.ready();
    if (ready) return send(flight, ready);
    token.use((current) => {
      if (flight.state === 'over') return;
      if (current instanceof LookupFailure) retryOrEnd(flight, current, null);
      else send(flight, current);
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
    if (current && isReply) token.accepted(current);
    if (failed) retryOrEnd(flight, result, isReply ? retryAfterMs(reply.retryAfter, clock) : null);
    else done(flight, result);
  };

  /** The token was refused: another one and a replay, once. */
  const renew = (flight: Flight, refused: Token, failure: LookupFailure): void => {
    if (flight.renewed || !token.refused(refused)) return done(flight, failure);
    flight.renewed = true;
    parts.retried();
    attempt(flight);
  };

  /** `holdMs`: the tenant asked for this much peace. A wait beyond the last deadline ends the call at once. */
  const retryOrEnd = (flight: Flight, failure: LookupFailure, holdMs: number | null): void => {
    if (!isPassing(failure)) return done(flight, failure);
    if (holdMs !== null) {
      pacing.hold(holdMs, failure);
      parts.held();
    }
    if (flight.retries >= parts.retries) return done(flight, failure);
    wait(flight, failure, backoffMs(flight.retries++, parts.random));
  };

  const wait = (flight: Flight, failure: LookupFailure, backoff: number): void => {
    const delay = backoff + pacing.holdMs;
    if (circuit.refuses || clock.now() + delay >= (flight.latest?.deadline ?? 0)) return done(flight, failure);
    flight.timer = clock.setTimeout(() => {
      flight.timer = null;
      // Meanwhile another call may have been told to wait, or found the tenant dead.
      if (pacing.holdMs > 0 || circuit.refuses) return wait(flight, failure, 0);
      parts.retried();
      attempt(flight);
    }, delay);
  };

  return { attempt, received };
};
