/** What a message wants to have looked up, by the node's typed input. */
import { AsyncResource } from 'node:async_hooks';
import { types } from 'node:util';
import type { LookupFailure } from '../../src/node-api';
import { checkWritten } from '../shared/message';
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
  if (typeof type !== 'string' || !TYPES.includes(type)) throw configFailure('valueType', 'choice', { choices: TYPES.join(', ') });
  if (typeof given !== 'string' && typeof given !== 'number') throw configFailure('value', 'text');
  const value = String(given);
  if (!value && type !== 'str') throw configFailure('value', 'missing-value');

  if (type === 'msg') return messageReader(red, value, inputFailure);
  const unreadable = (): LookupFailure => inputFailure('expression', { type, value });
  if (type === 'jsonata') {
    const expression = prepared(red, node, value, configFailure);
    return (message, callback) => {
      const goOn = inContext(callback);
      red.util.evaluateJSONataExpression(expression, message, (error, result) => (error ? goOn(unreadable()) : goOn(null, result)));
    };
  }
  return (message, callback) => {
    const goOn = inContext(callback);
    try {
      red.util.evaluateNodeProperty(value, type, node, message, (error, result) => (error ? goOn(unreadable()) : goOn(null, result)));
    } catch {
      callback(unreadable());
    }
  };
};

/** A context store may call back from a connection of its own: the message goes on in the context in which it came. */
const inContext = (callback: Parameters<ReadValue>[1]): Parameters<ReadValue>[1] => AsyncResource.bind(callback);

const messageReader = (red: Red, path: string, inputFailure: Failures['inputFailure']): ReadValue => {
  if (isPlainName(path)) return (message, callback) => callback(null, message[path]);
  return (message, callback) => {
    let value: unknown;
    try {
      value = red.util.getMessageProperty(message, path);
    } catch {
      return callback(inputFailure('no-property', { path }));
    }
    callback(null, value);
  };
};

/** Where an item of a list, or an object, holds what is looked up. */
export type ReadItem = (item: unknown) => unknown;

const isRow = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !types.isUint8Array(value);

/** `null`: an item is itself what is looked up. What has no such place, or none that can be read, has no value. */
export const itemReader = (red: Red, config: NodeConfig, { configFailure }: Pick<Failures, 'configFailure'>): ReadItem | null => {
  const { item = '' } = config;
  if (typeof item !== 'string') throw configFailure('item', 'path');
  const path = item.trim();
  if (!path) return null;
  const keys = keysOf(red, path);
  // The heading of a column need not be a path: it may hold blanks or dots.
  return (row) => {
    if (!isRow(row)) return undefined;
    if (isPlainName(path) || Object.hasOwn(row, path)) return row[path];
    return keys === 'refers' ? red.util.getObjectProperty(row, path) : keys && valueAt(row, keys);
  };
};

/** Read once, since a list may have very many rows. `refers`: they depend on the row; `undefined`: it is the heading of a column only. */
const keysOf = (red: Red, path: string): (string | number)[] | 'refers' | undefined => {
  try {
    const keys = red.util.normalisePropertyExpression(path);
    return keys.every((key): key is string | number => !Array.isArray(key)) ? keys : 'refers';
  } catch {
    return undefined;
  }
};

const valueAt = (row: unknown, keys: readonly (string | number)[]): unknown => {
  let value = row;
  for (const key of keys) {
    if (value === null || value === undefined) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
};

/** What is looked up: one value, or one for each row of a list. A single value that is no object is taken as it is. */
export const lookedUp = (value: unknown, read: ReadItem | null): { values: unknown[]; rows: unknown[] } | { value: unknown } => {
  if (!Array.isArray(value)) return { value: read && isRow(value) ? safely(() => read(value)) : value };
  if (!read) return { rows: value, values: value };
  // As they are now: who sent them may go on to change the list.
  const rows = Array.from({ length: value.length }, (_, index) => safely(() => value[index] as unknown));
  return { rows, values: rows.map((row) => safely(() => read(row))) };
};

/** A getter may throw: there is no value then. */
const safely = (read: () => unknown): unknown => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

const prepared = (red: Red, node: RedNode, expression: string, configFailure: Failures['configFailure']): unknown => {
  try {
    return red.util.prepareJSONataExpression(expression, node);
  } catch {
    throw configFailure('value', 'jsonata');
  }
};

/** Puts the result where the node was told to; false when the message has no such place. Throws when that cannot be written. */
export type WriteResult = (message: Message, result: unknown) => boolean;

export const resultWriter = (red: Red, config: NodeConfig, { configFailure }: Failures): WriteResult => {
  const { output = 'payload' } = config;
  if (typeof output !== 'string' || !output) throw configFailure('output', 'missing-output');
  if (isPlainName(output)) {
    return (message, result) => {
      message[output] = result;
      checkWritten(message[output], result);
      return true;
    };
  }
  return (message, result) => {
    try {
      if (!red.util.setMessageProperty(message, output, result, true)) return false;
    } catch {
      // No path, or something on it is read-only: what can be read there now tells which.
    }
    let now: unknown;
    try {
      now = red.util.getMessageProperty(message, output);
    } catch {
      return false;
    }
    checkWritten(now, result);
    return true;
  };
};
