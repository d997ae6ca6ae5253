/** What a message wants to have looked up, by the node's typed input. */
import type { LookupFailure } from '../../src/node-api';
import type { Message, NodeConfig, Red, RedNode } from '../shared/red';

type Failures = Pick<typeof import('../../src/node-api'), 'configFailure' | 'inputFailure'>;

/** Calls back with the value, or with why there is none; at once unless flow context or JSONata is asked. */
export type ReadValue = (message: Message, callback: (failure: LookupFailure | null, value?: unknown) => void) => void;

const TYPES = ['msg', 'flow', 'global', 'str', 'num', 'env', 'jsonata'];

/** A property of the message itself needs no path parser; it is the usual case. */
const isPlainName = (path: string): boolean => /^[A-Za-z_$][\w$]*$/.test(path);

/** Throws a `CIAM.CONFIG` failure for a typed input that makes no sense. */
export const valueReader = (red: Red, node: RedNode, config: NodeConfig, { configFailure, inputFailure }: Failures): ReadValue => {
  const { value: given = 'payload', valueType: type = 'msg' } = config;
  if (typeof type !== 'string' || !TYPES.includes(type)) throw configFailure('valueType', `must be one of ${TYPES.join(', ')}.`);
  if (typeof given !== 'string' && typeof given !== 'number') throw configFailure('value', 'must be text.');
  const value = String(given);
  if (!value && type !== 'str') throw configFailure('value', 'is missing: say where to find what is looked up.');

  if (type === 'msg') return messageReader(red, value, inputFailure);
  const unreadable = (): LookupFailure => inputFailure(`The value cannot be read: ${type} "${value}" gives an error.`);
  if (type === 'jsonata') {
    const expression = prepared(red, node, value, configFailure);
    return (message, callback) => red.util.evaluateJSONataExpression(expression, message, (error, result) => (error ? callback(unreadable()) : callback(null, result)));
  }
  return (message, callback) => {
    try {
      red.util.evaluateNodeProperty(value, type, node, message, (error, result) => (error ? callback(unreadable()) : callback(null, result)));
    } catch {
      callback(unreadable());
    }
  };
};

const messageReader = (red: Red, path: string, inputFailure: Failures['inputFailure']): ReadValue => {
  if (isPlainName(path)) return (message, callback) => callback(null, message[path]);
  return (message, callback) => {
    let value: unknown;
    try {
      value = red.util.getMessageProperty(message, path);
    } catch {
      return callback(inputFailure(`The message has no msg.${path}.`));
    }
    callback(null, value);
  };
};

const prepared = (red: Red, node: RedNode, expression: string, configFailure: Failures['configFailure']): unknown => {
  try {
    return red.util.prepareJSONataExpression(expression, node);
  } catch {
    throw configFailure('value', 'is not a JSONata expression.');
  }
};

/** Puts the result where the node was told to; false when the message has no such place. */
export type WriteResult = (message: Message, result: unknown) => boolean;

export const resultWriter = (red: Red, config: NodeConfig, { configFailure }: Failures): WriteResult => {
  const { output = 'payload' } = config;
  if (typeof output !== 'string' || !output) throw configFailure('output', 'is missing: say which property of the message gets the result.');
  if (isPlainName(output)) {
    return (message, result) => {
      message[output] = result;
      return true;
    };
  }
  return (message, result) => {
    try {
      return red.util.setMessageProperty(message, output, result, true);
    } catch {
      return false;
    }
  };
};
