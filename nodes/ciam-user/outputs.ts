/** How an answer leaves the node: filled into the message, by the first output, the second, or to Catch nodes. */
import type { Message, Red, RedNode, Send } from '../shared/red';
import { client } from '../shared/client';
import { copyOf, sendBy, wiresOf, written } from '../shared/message';
import type { Answer, Answers, Bad } from './answer';
import { caughtError } from './caught';
import type { AnswerOptions } from './options';

export interface Outputs {
  /** Sends what is to be sent; gives the error for Catch nodes, if there is one. */
  send(message: Message, send: Send, answer: Answer): Error | undefined;
}

const isLookupError = (error: unknown): boolean => {
  try {
    return (error as { source?: { type?: unknown } } | null | undefined)?.source?.type === 'ciam-user';
  } catch {
    return false; // what cannot be read is not ours
  }
};

/** For Node-RED's own metrics, if they are on. */
const publish = (node: RedNode, message: Message, { lookup, attempts }: Answer): void => {
  if (!lookup || !node.metric()) return;
  node.metric('lookup.duration.millis', message, lookup.durationMs);
  node.metric('lookup.attempts', message, attempts);
};

export const createOutputs = (red: Red, node: RedNode, { write, toCatch }: AnswerOptions, answers: Answers): Outputs => {
  /** Fills in what belongs to one output; `null`: the message has no such place. */
  const filled = (message: Message, { lookup }: Answer, result: unknown, error: object | null): Message | null => {
    const place = { isThere: true };
    const into = written(message, (target) => {
      if (lookup) target.lookup = { ...lookup };
      if (error) target.error = error;
      else if (isLookupError(target.error)) delete target.error;
      place.isThere = write(target, result);
    });
    return place.isThere ? into : null;
  };

  /** By a second output without a wire a failure would be lost. */
  const goesToCatch = (bad: Bad): boolean => toCatch || (!bad.onlyNotFound && wiresOf(node, 1).length === 0);

  /** Sends a failure by the second output, or gives it as the error for Catch nodes. */
  const sendBad = (message: Message, send: Send, { failure }: Bad, caught: boolean): Error | undefined => {
    if (caught) return caughtError(red, failure);
    sendBy(node, send, 1, message);
    return undefined;
  };

  /** There is no place for the result: a failure, and the message goes on without one. */
  const sendMisplaced = (message: Message, send: Send, answer: Answer): Error | undefined => {
    const { bad } = answers.failed(client().configFailure('output', 'place'));
    if (!bad) return undefined;
    const caught = goesToCatch(bad);
    const second = written(message, (target) => {
      if (answer.lookup) target.lookup = { ...answer.lookup };
      if (!caught) target.error = bad.error;
    });
    publish(node, second, answer);
    return sendBad(second, send, bad, caught);
  };

  return {
    send(message, send, answer) {
      const { good, bad } = answer;
      const caught = bad !== null && goesToCatch(bad);
      // Two outcomes are two messages; the copy is made before the results are in it. A Catch node gets the message that came in.
      const first = good && filled(bad ? copyOf(red, message) : message, answer, good.result, null);
      const second = bad && filled(message, answer, bad.result, caught ? null : bad.error);
      if ((good && !first) || (bad && !second)) return sendMisplaced(message, send, answer);
      publish(node, message, answer);
      if (first) sendBy(node, send, 0, first);
      return bad && second ? sendBad(second, send, bad, caught) : undefined;
    },
  };
};
