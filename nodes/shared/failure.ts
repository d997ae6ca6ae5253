/** A failure as messages carry it: plain, and in the runtime's language. Its English stands in the code, the catalogues have the others. */
import type { Category, LookupFailure } from '../../src/node-api';
import { CATALOGUE } from './catalogue';
import { client } from './client';
import type { Red } from './red';

export interface FailureObject {
  code: string;
  message: string;
  category: Category;
  status: number | null;
  retryable: boolean;
  advice: string;
  /** The system's own code, such as `ECONNREFUSED`. */
  system?: string;
  /** What the tenant wrote, scrubbed. */
  detail?: string;
}

/** Looking a sentence up costs more than a lookup's whole overhead: each once, for each runtime, which has a language of its own. */
const catalogues = new WeakMap<Red, Map<string, string | null>>();

/** A sentence of the catalogue, its places still empty; `null`: the catalogue has none. */
const sentence = (red: Red, key: string): string | null => {
  const known = catalogues.get(red) ?? new Map<string, string | null>();
  catalogues.set(red, known);
  const before = known.get(key);
  if (before !== undefined) return before;
  const text = red._(`${CATALOGUE}ciam-user.${key}`);
  const result = !text || text.endsWith(key) ? null : text;
  known.set(key, result);
  return result;
};

/** Message and advice in the runtime's language; what the tenant wrote stays in `detail`. */
export const failureObject = (red: Red, failure: LookupFailure): FailureObject => {
  const { behind, messageKey, adviceKey, property } = failure;
  const values = {
    ...failure.values, ...(behind && { cause: failureObject(red, behind).advice }),
    ...(!failure.namesHost && { host: sentence(red, 'message.the-tenant') ?? client().MESSAGES['the-tenant'] }),
  };
  const told = (key: string, english: string, before: string): string => {
    const text = sentence(red, key);
    return text === null ? english : before + client().filled(text, values);
  };
  return {
    ...failure.toJSON() as FailureObject,
    // A setting has its name in every language; the sentence stands after it.
    message: told(`message.${messageKey}`, failure.message, property === undefined ? '' : `${property}: `),
    advice: told(`advice.${adviceKey}`, failure.advice, ''),
  };
};

/** A failure of the client as it is; what else was thrown is thrown on. */
export const asFailure = (error: unknown): LookupFailure => {
  if (error instanceof client().LookupFailure) return error;
  throw error;
};

/** A line of the log about a setting that makes no sense; the general advice would say what the message says. */
export const misconfiguredLine = (red: Red, failure: LookupFailure): string => {
  const { message, code, advice } = failureObject(red, failure);
  return `${message} (${code})${failure.adviceKey === 'config' ? '' : ` ${advice}`}`;
};
