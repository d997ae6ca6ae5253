/** The tries of one call: token → transport → answer; renewal and replay; retry of passing troubles. */
import { isRefusal, readUser, type Reply } from './answer';
import type { Circuit } from './circuit';
import type { Clock } from './clock';
import { isOutage, isPassing, LookupFailure } from './failures';
import type { Flight, Result } from './flight';
import type { Pacing } from './pacing';
import { requestLine } from './query';
import { backoffMs, retryAfterMs } from './retry';
import type { Secrets } from './secrets';
import type { Token, TokenSource } from './token';
import type { Transport } from './transport';

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

/** Returns the function that makes the first try. A flight whose `state` is `over` is not touched any more. */
export const createCaller = (parts: CallParts): ((flight: Flight) => void) => {
  const { clock, token, transport, secrets, circuit, pacing, done } = parts;

  const attempt = (flight: Flight): void => {
    flight.attempts++;
    token.use((current) => {
      if (flight.state === 'over') return;
      if (current instanceof LookupFailure) retryOrEnd(flight, current, null);
      else send(flight, current);
    });
  };

  const send = (flight: Flight, current: Token): void => {
    const { method, path, body } = requestLine(flight.query);
    flight.exchange = transport.send({ method, path, headers: current.headers, body }, (reply) => {
      flight.exchange = null;
      received(flight, current, reply);
    });
  };

  const received = (flight: Flight, current: Token, reply: Reply | LookupFailure): void => {
    const isReply = !(reply instanceof LookupFailure);
    const result = isReply ? readUser(reply, secrets, flight.query.value) : reply;
    if (!(result instanceof LookupFailure)) {
      token.accepted(current);
      circuit.report(false);
      return done(flight, result);
    }
    circuit.report(isOutage(result));
    if (!isRefusal(result)) {
      if (isReply) token.accepted(current);
      return retryOrEnd(flight, result, isReply ? retryAfterMs(reply.retryAfter, clock) : null);
    }
    if (flight.renewed || !token.refused(current)) return done(flight, result);
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
    if (circuit.refuses || clock.now() + delay >= flight.latest.deadline) return done(flight, failure);
    flight.timer = clock.setTimeout(() => {
      flight.timer = null;
      // Meanwhile another call may have been told to wait, or found the tenant dead.
      if (pacing.holdMs > 0 || circuit.refuses) return wait(flight, failure, 0);
      parts.retried();
      attempt(flight);
    }, delay);
  };

  return attempt;
};
