/** The lookup modes: what each sends, how its value is cleaned, and when two values mean the same user. */
import { types } from 'node:util';
import { inputFailure } from '../failures/failure';

const SEPARATORS = /[\s.()/·‐-―−-]+/g;
const DIGITS = /^[1-9]\d*$/;
const FULL_WIDTH = /[\uff01-\uff5e]/g;

/** What never stands within one number, what seldom does, and what may. */
const NEVER_WITHIN = /[,;、|&+]/;
const SELDOM_WITHIN = /[^\d\s.·‐-―−+-]+/;
const MAY_BE_WITHIN = /\D+/;
/** Fewer digits are a part of a number, an extension perhaps; more are not one number (ITU-T E.164). */
const FEWEST_DIGITS = 7;
const MOST_DIGITS = 15;

const digitsIn = (text: string): number => text.replace(/\D+/g, '').length;
const numbersIn = (text: string, between: RegExp): number => text.split(between).filter((part) => digitsIn(part) >= FEWEST_DIGITS).length;
const isTwoNumbers = (text: string): boolean =>
  numbersIn(text, NEVER_WITHIN) > 1 || (digitsIn(text) > MOST_DIGITS && (numbersIn(text, SELDOM_WITHIN) > 1 || numbersIn(text, MAY_BE_WITHIN) > 1));

/** `1.38E+10`, as a spreadsheet writes a number that its column is too narrow for. */
const ROUNDED = /^\s*\+?\d+(?:[.,]\d+)?\s*e\s*[+-]?\d+\s*$/i;
/** `13800001111.0`, as a spreadsheet or a program writes a whole number. */
const FRACTION = /(\d{7})\.0{1,2}(?=\s*$)|(\d{11})\.0+(?=\s*$)/;

/** Full-width signs as ASCII, no parentheses and nothing invisible, a leading 00 as +. */
const toAscii = (text: string): string =>
  text.replace(FULL_WIDTH, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0)).replace(/[()\p{Cf}]+/gu, '').replace(/^\s*0\s*0/, '+');

/**
 * Drops blanks and separators, full-width signs to ASCII, a leading 00 to +, keeps `+CC-`; the tenant judges the rest.
 * The stored forms are `+86-15200000000` and bare digits (BambooCloud, user attribute definition).
 */
const cleanMobile = (text: string): string => {
  if (DIGITS.test(text)) return text;
  const ascii = toAscii(text).replace(FRACTION, '$1$2');
  // Only a dash right after the code: `+1 202-555-0100` is no number of the area +1202.
  const area = /^\s*\+\s*(\d{1,4})\s*[‐-―−-]/.exec(ascii);
  return area ? `+${area[1] ?? ''}-${ascii.slice(area[0].length).replace(SEPARATORS, '')}` : ascii.replace(SEPARATORS, '');
};

const checkMobile = (text: string): void => {
  if (DIGITS.test(text)) return;
  const ascii = toAscii(text);
  if (ROUNDED.test(ascii)) throw inputFailure('rounded');
  if (isTwoNumbers(ascii)) throw inputFailure('two-numbers');
};

const checkId = (text: string): void => {
  if (text.includes('/')) throw inputFailure('slash');
  if (text === '.' || text === '..') throw inputFailure('no-id');
};

export const BY = ['mobile', 'username', 'email', 'id'] as const;
export type By = (typeof BY)[number];

/** What was given as `by`, for `lookup.by` of an outcome. */
export const byGiven = (by: unknown): string => (typeof by === 'string' ? by : '');
export const isBy = (by: unknown): by is By => typeof by === 'string' && Object.hasOwn(MODES, by);

/** A cleaned query, ready to be sent. */
export interface Query {
  by: By;
  value: string;
  /** Equal keys mean the same user: one call, one entry of the cache. */
  key: string;
}

export const toRequest = ({ by, value }: Query, headers: string[]): { method: 'POST' | 'GET'; path: string; headers: string[]; body: string | null } => {
  const { field, path } = MODES[by];
  if (by === 'id') return { method: 'GET', path: path + encodeURIComponent(value), headers, body: null };
  return { method: 'POST', path, headers, body: `{"${field}":${JSON.stringify(value)}}` };
};

/** Longest value that is sent, in UTF-16 units. */
const MAX_LENGTH = 256;
/** Blanks around a value may be many; more than this is no value, but a file perhaps. */
const MAX_PADDED = 65_536;
const LARGEST = 10n ** BigInt(MAX_LENGTH);
const decoder = new TextDecoder('utf-8', { fatal: true });

const tooLong = (): Error => inputFailure('too-long', { limit: MAX_LENGTH });

const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value);
  if (typeof value === 'bigint' && value >= 0n) {
    if (value >= LARGEST) throw tooLong(); // before it is written out, which may take minutes
    return String(value);
  }
  // A Function node has a Uint8Array of its own.
  if (types.isUint8Array(value)) {
    if (value.length > MAX_PADDED) throw tooLong();
    try {
      return decoder.decode(value);
    } catch {
      throw inputFailure('bytes');
    }
  }
  if (value === undefined || value === null) throw inputFailure('missing');
  const advice = typeof value === 'object' && !Array.isArray(value) ? 'item' : undefined;
  throw inputFailure('kind', { kind: kindOf(value) }, advice);
};

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value);

/** A–Z only: `toLowerCase` would make two different names one, such as KELVIN SIGN + `im` and `kim`. */
const foldAscii = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

const PLAIN = /^[\x21-\x7e]{1,256}$/;
/** Hangul fillers and the like look empty too; within a name they may mean something. */
const INVISIBLE = /^[\s\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]*$/u;
/** Without blanks and invisible characters at its ends. */
const INNER = /[^\s\p{Cf}](?:.*[^\s\p{Cf}])?/su;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Throws a `CIAM.INPUT` failure for what cannot be looked up; nothing is sent then. */
export const toQuery = (by: unknown, value: unknown): Query => {
  if (!isBy(by)) throw inputFailure('by', { choices: BY.join(', ') });
  let text = textOf(value);
  if (!PLAIN.test(text)) {
    if (text.length > MAX_PADDED) throw tooLong();
    text = INNER.exec(text)?.[0] ?? '';
    if (INVISIBLE.test(text)) throw inputFailure('empty');
    if (text.length > MAX_LENGTH) throw tooLong();
    if (CONTROL.test(text) || !text.isWellFormed()) throw inputFailure('control');
  }
  const mode = MODES[by];
  mode.check?.(text);
  const clean = mode.clean ? mode.clean(text) : text;
  if (!clean) throw inputFailure('separators');
  // The tenant does not tell upper from lower case in names.
  return { by, value: clean, key: `${by}:${by === 'username' ? foldAscii(clean) : clean}` };
};

/** Digits only, without `+CC-` and leading zeros: tenants store mobiles with and without the code. */
const digitsOf = (mobile: string): string => cleanMobile(mobile).replace(/^\+\d{1,4}-/, '').replace(/\D+/g, '').replace(/^0+/, '');

const sameMobile = (one: string, other: string): boolean => {
  const [a, b] = [digitsOf(one), digitsOf(other)];
  return a.endsWith(b) || b.endsWith(a); // without digits nothing is known, and each ends with nothing
};

/** One way to look a user up. A new one is one more entry in `BY` and `MODES`. */
interface Mode {
  path: string;
  /** Of a user, and of the body that asks for one. */
  field: string;
  /** Throws for what cannot be meant. */
  check?: (text: string) => void;
  clean?: (text: string) => string;
  /** When two values of the field are of the same user. */
  isSame: (asked: string, answered: string) => boolean;
}

const USERS = '/api/v2/tenant/users';
export const MODES: Readonly<Record<By, Mode>> = {
  mobile: { path: `${USERS}/user-by-mobile`, field: 'mobile', check: checkMobile, clean: cleanMobile, isSame: sameMobile },
  username: { path: `${USERS}/user-by-username`, field: 'user_name', isSame: (asked, answered) => foldAscii(asked) === foldAscii(answered) },
  email: { path: `${USERS}/user-by-email`, field: 'email', isSame: (asked, answered) => asked.toLowerCase() === answered.toLowerCase() },
  id: { path: `${USERS}/`, field: 'user_id', check: checkId, isSame: (asked, answered) => asked === answered },
};

/** True when the user is certainly not the one asked for. A field that is missing, empty or masked (`138****1111`) proves nothing. */
export const isSomebodyElse = ({ by, value }: Pick<Query, 'by' | 'value'>, user: Readonly<Record<string, unknown>>): boolean => {
  const { field, isSame } = MODES[by];
  const answered = user[field];
  if (typeof answered !== 'string' && typeof answered !== 'number') return false;
  const text = String(answered).trim();
  return text !== '' && text.length <= 4 * MAX_LENGTH && !text.includes('*') && !value.includes('*') && !isSame(value, text);
};
