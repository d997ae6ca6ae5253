/** A failure as messages carry it: plain, and with the advice in the runtime's language. */
import type { Category, LookupFailure } from '../../src/node-api';
import type { Red } from './red';

export interface FailureObject {
  code: string;
  message: string;
  category: Category;
  status: number | null;
  retryable: boolean;
  advice: string;
  cause?: { code: string };
}

const CATALOGUE = '@ciam-flows/node-red-ciam/ciam-user:';

/** Translating costs more than a lookup's whole overhead: each sentence once. */
const translations = new Map<string, string>();

const translated = (red: Red, key: string, english: string): string => {
  const known = translations.get(key);
  if (known !== undefined) return known;
  const text = red._(CATALOGUE + key);
  const result = !text || text.endsWith(key) ? english : text;
  translations.set(key, result);
  return result;
};

export const failureObject = (red: Red, { code, message, category, status, retryable, advice, adviceKey, cause }: LookupFailure): FailureObject => ({
  code, message, category, status, retryable, advice: translated(red, `ciam-user.advice.${adviceKey}`, advice), ...(cause && { cause }),
});
