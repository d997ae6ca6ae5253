/** The lookup modes: what each sends, how its value is cleaned, and when two values mean the same user. */
import { inputFailure } from '../failures/failure';

/** One way to look a user up. A new mode is one more entry in `MODES`. */
interface Mode {
  method: 'POST' | 'GET';
  path: (value: string) => string;
  body: (value: string) => string | null;
  clean: (text: string) => string;
  /** The tenant does not tell upper from lower case. */
  caseless: boolean;
}

const USERS = '/api/v2/tenant/users';
const same = (text: string): string => text;

/** A lookup by POST: a fixed path, and the value under `key` in a JSON body. */
const post = (name: string, key: string, rest: Partial<Mode> = {}): Mode => {
  const path = `${USERS}/${name}`;
  const before = `{${JSON.stringify(key)}:`;
  return { method: 'POST', path: () => path, body: (value) => `${before}${JSON.stringify(value)}}`, clean: same, caseless: false, ...rest };
};

const SEPARATORS = /[\s.()/·‐-―−-]+/g;
const FULL_WIDTH = /[\uff01-\uff5e]/g;

/**
 * Drops blanks and separators, full-width signs to ASCII, a leading 00 to +, keeps `+CC-`; the tenant judges the rest.
 * The stored forms are `+86-15200000000` and bare digits (BambooCloud, user attribute definition).
 */
const cleanMobile = (text: string): string => {
  if (/^[1-9]\d*$/.test(text)) return text;
  const ascii = text.replace(FULL_WIDTH, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0)).replace(/[()\p{Cf}]+/gu, '').replace(/^\s*0\s*0/, '+');
  // Only a dash right after the code: `+1 202-555-0100` is no number of the area +1202.
  const area = /^\s*\+\s*(\d{1,4})\s*[‐-―−-]/.exec(ascii);
  return area ? `+${area[1] ?? ''}-${ascii.slice(area[0].length).replace(SEPARATORS, '')}` : ascii.replace(SEPARATORS, '');
};

const MODES = {
  mobile: post('user-by-mobile', 'mobile', { clean: cleanMobile }),
  username: post('user-by-username', 'user_name', { caseless: true }),
  email: post('user-by-email', 'email'),
  id: { method: 'GET', path: (value) => `${USERS}/${encodeURIComponent(value)}`, body: () => null, clean: same, caseless: false },
} as const satisfies Record<string, Mode>;

export type By = keyof typeof MODES;
export const BY = Object.keys(MODES) as By[];
export const isBy = (by: unknown): by is By => typeof by === 'string' && Object.hasOwn(MODES, by);

/** A cleaned query, ready to be sent. */
export interface Query {
  by: By;
  value: string;
  /** Equal keys mean the same user: one call, one memory. */
  key: string;
}

export const toRequest = ({ by, value }: Query, headers: string[]): { method: 'POST' | 'GET'; path: string; headers: string[]; body: string | null } => {
  const mode: Mode = MODES[by];
  return { method: mode.method, path: mode.path(value), headers, body: mode.body(value) };
};

/** Longest value that is sent, in UTF-16 units. */
const MAX_LENGTH = 256;
const decoder = new TextDecoder('utf-8', { fatal: true });

const tooLong = (): Error => inputFailure(`The value is longer than ${MAX_LENGTH} characters.`);

const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value);
  if (Buffer.isBuffer(value)) {
    if (value.length > 16 * MAX_LENGTH) throw tooLong(); // a whole file, perhaps: not worth decoding
    try {
      return decoder.decode(value);
    } catch {
      throw inputFailure('The Buffer to look up is not UTF-8 text.');
    }
  }
  if (value === undefined || value === null) throw inputFailure('There is nothing to look up: the value is missing.');
  throw inputFailure(`The value must be text, a Buffer of UTF-8 or a whole number that is not negative; it is ${kindOf(value)}.`);
};

const kindOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return 'a number that is negative, broken or too large';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};

const PLAIN = /^[\x21-\x7e]{1,256}$/;
/** Hangul fillers and the like look empty too; within a name they may mean something. */
const INVISIBLE = /^[\s\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]*$/u;
const EDGES = /^[\s\p{Cf}]+|[\s\p{Cf}]+$/gu;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Throws a `CIAM.INPUT` failure for what cannot be looked up; nothing is sent then. */
export const toQuery = (by: unknown, value: unknown): Query => {
  if (!isBy(by)) throw inputFailure(`by must be one of ${BY.join(', ')}.`);
  let text = textOf(value);
  if (!PLAIN.test(text)) {
    if (text.length > 4 * MAX_LENGTH) throw tooLong();
    text = text.replace(EDGES, '');
    if (INVISIBLE.test(text)) throw inputFailure('There is nothing to look up: the value is empty.');
    if (text.length > MAX_LENGTH) throw tooLong();
    if (CONTROL.test(text) || !text.isWellFormed()) throw inputFailure('The value holds control characters.');
  }
  const mode: Mode = MODES[by];
  const clean = mode.clean(text);
  if (!clean) throw inputFailure('There is nothing to look up: the value holds separators only.');
  if (by === 'id' && (clean === '.' || clean === '..')) throw inputFailure('The value is not a user id.');
  return { by, value: clean, key: `${by}:${mode.caseless ? clean.toLowerCase() : clean}` };
};

/** A–Z only: `toLowerCase` would make two different names one, such as KELVIN SIGN + `im` and `kim`. */
const foldAscii = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** Digits only, without `+CC-` and leading zeros: tenants store mobiles with and without the code. */
const digitsOf = (mobile: string): string => cleanMobile(mobile).replace(/^\+\d{1,4}-/, '').replace(/\D+/g, '').replace(/^0+/, '');

const sameMobile = (one: string, other: string): boolean => {
  const [a, b] = [digitsOf(one), digitsOf(other)];
  return a === '' || b === '' || a.endsWith(b) || b.endsWith(a);
};

/** The field of a user that says who it is, by mode, and when two values of it are the same. */
const IDENTITY: Readonly<Record<By, { field: string; same: (asked: string, answered: string) => boolean }>> = {
  id: { field: 'user_id', same: (asked, answered) => asked === answered },
  username: { field: 'user_name', same: (asked, answered) => foldAscii(asked) === foldAscii(answered) },
  email: { field: 'email', same: (asked, answered) => asked.toLowerCase() === answered.toLowerCase() },
  mobile: { field: 'mobile', same: sameMobile },
};

/**
 * True when the user is certainly not the one asked for. A field that is missing, empty or masked (`138****1111`) proves nothing.
 */
export const isSomebodyElse = ({ by, value }: Pick<Query, 'by' | 'value'>, user: Readonly<Record<string, unknown>>): boolean => {
  const { field, same: isSame } = IDENTITY[by];
  const answered = user[field];
  if (answered === value) return false;
  if (typeof answered !== 'string' && typeof answered !== 'number') return false;
  const text = String(answered).trim();
  return text !== '' && text.length <= 4 * MAX_LENGTH && !text.includes('*') && !value.includes('*') && !isSame(value, text);
};
