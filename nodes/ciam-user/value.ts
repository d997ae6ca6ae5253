/** What a message wants to have looked up, by the node's typed input. */
import { AsyncResource } from 'node:async_hooks';
import { types } from 'node:util';
import type { LookupFailure } from '../../src/node-api';
import { client } from '../shared/client';
import { checkWritten } from '../shared/message';
import type { Message, NodeConfig, Red, RedNode } from '../shared/red';
import { choice } from './choice';

/** Calls back with the value, or with why there is none; at once unless flow context or JSONata is asked. */
export type ReadValue = (message: Message, callback: (failure: LookupFailure | null, value?: unknown) => void) => void;

const TYPES = ['msg', 'flow', 'global', 'str', 'num', 'env', 'jsonata'] as const;

/** A property of the message itself needs no path parser; it is the usual case. */
const isPlainName = (path: string): boolean => /^[A-Za-z_$][\w$]*$/.test(path);

/** Throws a `CIAM.CONFIG` failure for a typed input that makes no sense. */
export const valueReader = (red: Red, node: RedNode, config: NodeConfig): ReadValue => {
  const { configFailure, inputFailure } = client();
  const type = choice(config, 'valueType', TYPES);
  const { value: given = 'payload' } = config;
  if (typeof given !== 'string' && typeof given !== 'number') throw configFailure('value', 'text');
  const value = String(given);
  if (!value && type !== 'str') throw configFailure('value', 'missing-value');

  if (type === 'msg' && isPlainName(value)) return (message, callback) => callback(null, message[value]);
  if (type === 'msg') {
    return (message, callback) => {
      let found: unknown;
      try {
        found = red.util.getMessageProperty(message, value);
      } catch {
        return callback(inputFailure('no-property', { path: value }));
      }
      callback(null, found);
    };
  }
  const evaluate = type === 'jsonata' ? jsonata(red, node, value) : (message: Message, told: Evaluated) => red.util.evaluateNodeProperty(value, type, node, message, told);
  return (message, callback) => {
    const unreadable = (): LookupFailure => inputFailure('expression', { type, value });
    // A context store may call back from a connection of its own: the message goes on in the context in which it came.
    const goOn = AsyncResource.bind(callback);
    try {
      evaluate(message, (error, result) => (error ? goOn(unreadable()) : goOn(null, result)));
    } catch {
      callback(unreadable());
    }
  };
};

type Evaluated = (error: Error | null | undefined, value: unknown) => void;

/** Made ready once, not with each message. */
const jsonata = (red: Red, node: RedNode, text: string): ((message: Message, told: Evaluated) => void) => {
  let expression: unknown;
  try {
    expression = red.util.prepareJSONataExpression(text, node);
  } catch {
    throw client().configFailure('value', 'jsonata');
  }
  return (message, told) => red.util.evaluateJSONataExpression(expression, message, told);
};

/** Where an item of a list, or an object, holds what is looked up. */
export type ReadItem = (item: unknown) => unknown;

const isRow = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !types.isUint8Array(value);

/** `null`: an item is itself what is looked up. What has no such place, or none that can be read, has no value. */
export const itemReader = (red: Red, config: NodeConfig): ReadItem | null => {
  const { item = '' } = config;
  if (typeof item !== 'string') throw client().configFailure('item', 'path');
  const path = item.trim();
  if (!path) return null;
  // Read once, since a list may have very many rows, unless they depend on the row.
  const keys = keysOf(red, path);
  const refers = keys?.some((key) => Array.isArray(key));
  return (row) => {
    if (!isRow(row)) return undefined;
    // The heading of a column need not be a path: it may hold blanks or dots.
    if (Object.hasOwn(row, path)) return row[path];
    return refers ? red.util.getObjectProperty(row, path) : keys?.reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key as string], row);
  };
};

/** `undefined`: it is no path. */
const keysOf = (red: Red, path: string): unknown[] | undefined => {
  try {
    return red.util.normalisePropertyExpression(path);
  } catch {
    return undefined;
  }
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
export const safely = (read: () => unknown): unknown => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** What the node itself writes besides the result. */
const RESERVED = /^(?:msg\.)?(?:error|lookup)(?![\w$])/;

/** Puts the result where the node was told to; false when the message has no such place. Throws when that cannot be written. */
export type WriteResult = (message: Message, result: unknown) => boolean;

export const resultWriter = (red: Red, config: NodeConfig): WriteResult => {
  const { output = 'payload' } = config;
  if (typeof output !== 'string' || !output) throw client().configFailure('output', 'missing-output');
  if (RESERVED.test(output)) throw client().configFailure('output', 'reserved');
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
