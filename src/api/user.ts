/** The user, and the two things a flow may ask to be done to it: keep some fields, even out the types. */

/** As the tenant sent it. `user_id` is the only field that can be relied on; unknown fields pass through. */
export interface User {
  user_id: string;
  user_name?: string | null;
  name?: string | null;
  mobile?: string | null;
  email?: string | null;
  org_id?: string | null;
  disabled?: boolean | string | null;
  locked?: boolean | string | null;
  pwd_must_modify?: boolean | string | null;
  pwd_change_at?: string | null;
  created_at?: string | null;
  updated_at?: string | null;
  usr_last_login?: string | null;
  last_login_at?: string | null;
  usr_auth_times?: number | string | null;
  grade?: number | string | null;
  attr_gender?: string | null;
  attr_birthday?: string | null;
  attr_hire_date?: string | null;
  extension?: Record<string, unknown> | null;
  user_org_relation_list?: { org_id?: string; relation_type?: number | string }[] | null;
  [field: string]: unknown;
}

/** A user of the same types whatever the dialect, or with fewer fields. */
export type ShapedUser = Record<string, unknown>;

/** `"user_id, extension.dept"` → the names and paths. Empty means all fields. */
export const fieldNames = (list: string): string[] => list.split(/[,，\s]+/).filter(Boolean);

const isRecord = (value: unknown): value is ShapedUser => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The keys that lead to what a name means: a field of just that name, or else a path; `null` when there is nothing. */
const pathOf = (user: ShapedUser, name: string): string[] | null => {
  if (Object.hasOwn(user, name)) return [name];
  const keys = name.split('.');
  let inner: unknown = user;
  for (const key of keys) {
    if (!isRecord(inner) || !Object.hasOwn(inner, key)) return null;
    inner = inner[key];
  }
  return keys;
};

/** What is kept of a value: the parts named, or all of it. */
interface Kept {
  parts: Map<string, Kept> | null;
}

const keep = (kept: Kept, keys: readonly string[]): void => {
  const [key, ...rest] = keys;
  if (key === undefined) {
    kept.parts = null;
  } else if (kept.parts) {
    const part = kept.parts.get(key) ?? { parts: new Map<string, Kept>() };
    kept.parts.set(key, part);
    keep(part, rest);
  }
};

const pick = (value: unknown, { parts }: Kept): unknown =>
  parts && isRecord(value) ? Object.fromEntries([...parts].map(([key, part]) => [key, pick(value[key], part)])) : value;

/** The user with these fields alone; `extension.dept` keeps that part of `extension`. No name keeps all. */
export const keepFields = (user: ShapedUser, names: readonly string[]): ShapedUser => {
  if (names.length === 0) return user;
  const kept: Kept = { parts: new Map<string, Kept>() };
  for (const name of names) {
    const keys = pathOf(user, name);
    if (keys) keep(kept, keys);
  }
  return pick(user, kept) as ShapedUser;
};

const toBoolean = (value: unknown): unknown => {
  const word = typeof value === 'string' || typeof value === 'number' ? String(value).trim().toLowerCase() : '';
  if (word === 'true' || word === '1') return true;
  return word === 'false' || word === '0' ? false : value;
};

const toNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value) && Number.isSafeInteger(Math.trunc(Number(value))) ? Number(value) : value;

/** In the calendar: `Date` takes 30 February for 2 March. */
const isDay = (day: string): boolean => {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
};

const LOCAL_TIME = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)$/;

/** `2022-02-15 12:23:23` of a clock at `+08:00` → `2022-02-15T12:23:23+08:00`. */
const toIso = (value: unknown, timezone: string): unknown => {
  const [, day = '', time = ''] = (typeof value === 'string' && LOCAL_TIME.exec(value.trim())) || [];
  const iso = `${day}T${time}${timezone}`;
  return isDay(day) && !Number.isNaN(Date.parse(iso)) ? iso : value;
};

const DATE = /^(\d{4}-\d{2}-\d{2})(?:[ T]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)?$/;

/** `1993-08-25 00:00:00.000` → `1993-08-25`; a day has no timezone. */
const toDate = (value: unknown): unknown => {
  const day = typeof value === 'string' ? DATE.exec(value.trim())?.[1] : undefined;
  return day !== undefined && isDay(day) ? day : value;
};

const CONVERSIONS = Object.entries<(value: unknown, timezone: string) => unknown>({
  disabled: toBoolean,
  locked: toBoolean,
  pwd_must_modify: toBoolean,
  usr_auth_times: toNumber,
  grade: toNumber,
  relation_type: toNumber,
  created_at: toIso,
  updated_at: toIso,
  pwd_change_at: toIso,
  usr_last_login: toIso,
  last_login_at: toIso,
  attr_birthday: toDate,
  attr_hire_date: toDate,
});

const convert = (record: ShapedUser, timezone: string): void => {
  for (const [field, conversion] of CONVERSIONS) {
    if (Object.hasOwn(record, field)) record[field] = conversion(record[field], timezone);
  }
};

/**
 * Booleans for disabled, locked, pwd_must_modify; numbers for usr_auth_times, grade, relation_type;
 * times as ISO 8601 at `timezone`; days as `yyyy-mm-dd`. What cannot be converted, and every other field, stays as it is.
 * Changes the user, who is the message's own: a copy of a record with very many fields costs more than reading it.
 */
export const normalise = (user: ShapedUser, timezone: string): ShapedUser => {
  convert(user, timezone);
  const { user_org_relation_list: relations } = user;
  if (Array.isArray(relations)) for (const relation of relations) if (isRecord(relation)) convert(relation, timezone);
  return user;
};
