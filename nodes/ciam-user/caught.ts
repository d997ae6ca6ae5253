/** A failure as Catch nodes and the log get it. */
import type { LookupFailure } from '../../src/node-api';
import { failureObject } from '../shared/failure';
import type { Red } from '../shared/red';

/**
 * The runtime logs an error that nobody catches by its text, and hands on its own properties `code` and `cause`, nothing else.
 * Nothing of it is the tenant's writing.
 */
export const caughtError = (red: Red, failure: LookupFailure): Error => {
  const { message, ...cause } = failureObject(red, failure);
  delete cause.detail;
  const { code } = cause;
  // The stack shows our own inside only, and is the most expensive part of an Error.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = new Error(`${code}: ${message}`, { cause });
  Error.stackTraceLimit = stackTraceLimit;
  // The text of an Error begins with its name, unless that is empty: it is to begin with the code.
  return Object.defineProperties(error, {
    name: { value: '' },
    code: { value: code, enumerable: true },
  });
};
