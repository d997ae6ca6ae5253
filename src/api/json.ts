/** JSON from somebody we do not control, made safe for the flow behind us; and copies of it. */

export type JsonObject = Record<string, unknown>;

/** Deeper than any user; what is far deeper ends whoever copies it by recursion, as Node-RED does. */
const DEEPEST = 200;
/** A shorter text cannot be nested deeply enough to do harm. */
const HARMLESS_LENGTH = 4096;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const isTooDeep = (text: string): boolean => {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const sign = text.charCodeAt(index);
    if (inString) {
      if (sign === BACKSLASH) index++;
      else if (sign === QUOTE) inString = false;
    } else if (sign === QUOTE) inString = true;
    else if (sign === 0x5b || sign === 0x7b) depth++; // [ {
    else if (sign === 0x5d || sign === 0x7d) depth--; // ] }
    if (depth > DEEPEST) return true;
  }
  return false;
};

/** `__proto__` as a key, plain or escaped, would replace the prototype of whatever it is assigned to later. */
const withoutProto = (key: string, value: unknown): unknown => (key === '__proto__' ? undefined : value);

/** An object, or `null` for everything else: HTML, plain text, a list, nothing, a nesting that nobody needs. */
export const parseObject = (text: string): JsonObject | null => {
  if (text.length > HARMLESS_LENGTH && isTooDeep(text)) return null;
  try {
    const value: unknown = text.includes('__proto__') || text.includes('\\u00') ? JSON.parse(text, withoutProto) : JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
  } catch {
    return null; // the caller says what was expected
  }
};

/** A copy of what `parseObject` gave, several times as fast as parsing again. */
export const copyJson = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson) as T;
  const copy = { ...value };
  for (const key in copy) {
    const inner = copy[key];
    if (typeof inner === 'object' && inner !== null) copy[key] = copyJson(inner);
  }
  return copy;
};
