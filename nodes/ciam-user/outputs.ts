/** How an answer leaves the node: filled into the message, by the first output, the second, or to Catch nodes. */
import type { Message, Red, RedNode, Send } from '../shared/red';
import { client } from '../shared/client';
import { checkWritten, copyOf, sendBy, wiresOf, written } from '../shared/message';
import type { Answer, Answers, Bad } from './answer';
import { caughtError } from './caught';
import type { AnswerOptions } from './options';

/** What is left to be told to the runtime: the message as it became, and the error for Catch nodes, if there is one. */
export interface Ending {
  message: Message;
  error: Error | undefined;
}

export interface Outputs {
  /** Sends what is to be sent. */
  send(message: Message, send: Send, answer: Answer): Ending;
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

// By their names, which is several times as fast as by a name that is handed in.
const writeLookup = (target: Message, lookup: object): void => {
  const own = (target.lookup = { ...lookup });
  checkWritten(target.lookup, own);
};
const writeError = (target: Message, error: object | null): void => {
  target.error = error;
  checkWritten(target.error, error);
};

export const createOutputs = (red: Red, node: RedNode, { write, toCatch }: AnswerOptions, answers: Answers): Outputs => {
  /** Fills in what belongs to one output; `null`: the message has no such place. */
  const filled = (message: Message, { lookup }: Answer, result: unknown, error: object | null): Message | null => {
    const place = { isThere: true };
    const into = written(red, message, (target) => {
      if (lookup) writeLookup(target, lookup);
      if (error) writeError(target, error);
      else if (isLookupError(target.error)) delete target.error;
      place.isThere = write(target, result);
    });
    return place.isThere ? into : null;
  };

  /** By a second output without a wire a failure would be lost. */
  const goesToCatch = (bad: Bad): boolean => toCatch || (!bad.onlyNotFound && wiresOf(node, 1).length === 0);

  /** Sends a failure by the second output, or gives it as the error for Catch nodes. */
  const sendBad = (message: Message, send: Send, { failure }: Bad, caught: boolean): Ending => {
    if (!caught) sendBy(node, send, 1, message);
    return { message, error: caught ? caughtError(red, failure) : undefined };
  };

  /** Made before the results are in it, and without what they will replace, which may be a long list. */
  const twoOf = (message: Message): { first: Message; second: Message } => {
    const second = written(red, message, (target) => void write(target, null));
    return { first: copyOf(red, second), second };
  };

  /** There is no place for the result: a failure, and the message goes on without one. */
  const sendMisplaced = (message: Message, send: Send, answer: Answer): Ending => {
    const { bad } = answers.failed(client().configFailure('output', 'place'));
    if (!bad) return { message, error: undefined };
    const caught = goesToCatch(bad);
    const second = written(red, message, (target) => {
      if (answer.lookup) writeLookup(target, answer.lookup);
      if (!caught) writeError(target, bad.error);
    });
    publish(node, second, answer);
    return sendBad(second, send, bad, caught);
  };

  return {
    send(message, send, answer) {
      const { good, bad } = answer;
      const caught = bad !== null && goesToCatch(bad);
      // Two outcomes are two messages. A Catch node gets the one that came in.
      const messages = good && bad ? twoOf(message) : { first: message, second: message };
      const first = good && filled(messages.first, answer, good.result, null);
      const second = bad && filled(messages.second, answer, bad.result, caught ? null : bad.error);
      if ((good && !first) || (bad && !second)) return sendMisplaced(message, send, answer);
      const ended = second ?? first ?? message;
      publish(node, ended, answer);
      if (first) sendBy(node, send, 0, first);
      return bad && second ? sendBad(second, send, bad, caught) : { message: ended, error: undefined };
    },
  };
};
