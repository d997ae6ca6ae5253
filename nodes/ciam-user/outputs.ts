/** How an answer leaves the node: filled into the message, by the first output, the second, or to Catch nodes. */
import type { Message, Red, RedNode, Send } from '../shared/red';
import { client } from '../shared/client';
import { checkWritten, copyOf, leadsToNode, sendBy, written } from '../shared/message';
import type { Answer, Answers, Bad, Good } from './answer';
import { caughtError } from './caught';
import type { AnswerOptions } from './options';
import type { WriteResult } from './value';

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
  const filled = (message: Message, { lookup }: Answer, { result }: Good | Bad, error: object | null, put: WriteResult): Message | null => {
    const place = { isThere: true };
    const into = written(red, message, (target) => {
      if (lookup) writeLookup(target, lookup);
      if (error) writeError(target, error);
      else if (isLookupError(target.error)) delete target.error;
      place.isThere = put(target, result);
    });
    return place.isThere ? into : null;
  };

  /** By a second output that leads nowhere a failure would be lost. */
  const goesToCatch = (bad: Bad): boolean => toCatch || (!bad.onlyNotFound && !leadsToNode(red, node, 1));

  /** Made before the results are in it, and without what they will replace, which may be a long list. */
  const twoOf = (message: Message): { first: Message; second: Message } => {
    const second = written(red, message, (target) => void write(target, null));
    return { first: copyOf(red, second), second };
  };

  /** What there is no place for is left out. */
  const nowhere: WriteResult = () => true;

  const sent = (message: Message, send: Send, answer: Answer, put: WriteResult = write): Ending => {
    const { good, bad } = answer;
    const caught = bad !== null && goesToCatch(bad);
    // Two outcomes are two messages. A Catch node gets the one that came in.
    const messages = good && bad ? twoOf(message) : { first: message, second: message };
    const first = good && filled(messages.first, answer, good, null, put);
    const second = bad && filled(messages.second, answer, bad, caught ? null : bad.error, put);
    if ((good && !first) || (bad && !second)) {
      const { lookup, attempts } = answer;
      return sent(message, send, { ...answers.failed(client().configFailure('output', 'place')), lookup, attempts }, nowhere);
    }
    const ended = second ?? first ?? message;
    publish(node, ended, answer);
    if (first) sendBy(node, send, 0, first);
    if (second && !caught) sendBy(node, send, 1, second);
    return { message: ended, error: bad && caught ? caughtError(red, bad.failure) : undefined };
  };
  return { send: sent };
};
