/** JSON of a server that we do not control, made safe for the flow; and copies of it. */

export type JsonObject = Record<string, unknown>;

/** Deeper than any user; what is far deeper ends whoever copies it by recursion, as Node-RED does. */
const DEEPEST = 200;
/** A shorter text cannot be nested deeply enough to do harm. */
const HARMLESS_LENGTH = 4096;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const PLUS = 0x2b;

const isDigit = (sign: number): boolean => sign >= 0x30 && sign <= 0x39;

/** Where the string ends whose first character stands at `index`: the place of its closing quote. */
const endOfString = (text: string, index: number): number => {
  for (let at = text.indexOf('"', index); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return at;
  }
  return text.length;
};

/** Far faster than reading the text, and most have few brackets. */
const hasManyBrackets = (text: string): boolean => {
  let count = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) if (++count > DEEPEST) return true;
  }
  return false;
};

const isTooDeep = (text: string): boolean => {
  if (!hasManyBrackets(text)) return false;
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const sign = text.charCodeAt(index);
    if (sign === QUOTE) index = endOfString(text, index + 1);
    else if (sign === 0x5b || sign === 0x7b) depth++; // [ {
    else if (sign === 0x5d || sign === 0x7d) depth--; // ] }
    if (depth > DEEPEST) return true;
  }
  return false;
};

/** The shortest whole number that a JavaScript number may spoil has this many digits; one of more is spoiled in any case. */
const LARGE_DIGITS = 16;

/** Of a whole number from `start` to `end`. */
const isSpoiled = (json: string, start: number, end: number): boolean => {
  const digits = end - start - (json.charCodeAt(start) === MINUS ? 1 : 0);
  return digits > LARGE_DIGITS || (digits === LARGE_DIGITS && !Number.isSafeInteger(Number(json.slice(start, end))));
};
/** So many digits after what may stand before a number: an id in a string often has as many, after its quote. */
const LARGE = /[\s:,[-]\d{16}/;
/** Fraction or exponent. */
const isBroken = (sign: number): boolean => sign === 0x2e || sign === 0x65 || sign === 0x45; // . e E

/** Valid JSON in which every whole number that a JavaScript number cannot hold is a string of its digits. */
const quoteLargeNumbers = (json: string): string => {
  const pieces: string[] = [];
  let from = 0;
  for (let index = 0; index < json.length; index++) {
    const sign = json.charCodeAt(index);
    if (sign === QUOTE) {
      index = endOfString(json, index + 1);
    } else if (isDigit(sign) || sign === MINUS) {
      let end = index + 1;
      while (isDigit(json.charCodeAt(end))) end++;
      if (isBroken(json.charCodeAt(end))) {
        while (isDigit(json.charCodeAt(end)) || isBroken(json.charCodeAt(end)) || json.charCodeAt(end) === MINUS || json.charCodeAt(end) === PLUS) end++;
      } else if (isSpoiled(json, index, end)) {
        pieces.push(json.slice(from, index), json.slice(index, end));
        from = end;
      }
      index = end - 1;
    }
  }
  return from === 0 ? json : [...pieces, json.slice(from)].join('"');
};

/** `__proto__`, or one of its letters as an escape. */
const PROTO = /__proto__|\\u00(?:5f|6f|7[024])/i;

/** `__proto__` as a key would replace the prototype of whatever it is assigned to later. */
const dropProto = (value: unknown): void => {
  if (typeof value !== 'object' || value === null) return;
  if (Object.hasOwn(value, '__proto__')) delete (value as JsonObject)['__proto__'];
  if (Array.isArray(value)) value.forEach(dropProto);
  else for (const key of Object.keys(value)) dropProto((value as JsonObject)[key]);
};

const parse = (json: string): unknown => {
  const value: unknown = JSON.parse(json);
  const quoted = LARGE.test(json) ? quoteLargeNumbers(json) : json;
  return quoted === json ? value : JSON.parse(quoted);
};

/**
 * An object, or `null` for everything else: HTML, plain text, a list, nothing, a nesting that nobody needs.
 * A whole number beyond ±(2^53 − 1) becomes a string of its digits: as a number it would be another one.
 */
export const parseObject = (text: string): JsonObject | null => {
  if (text.length > HARMLESS_LENGTH && isTooDeep(text)) return null;
  try {
    const value = parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    if (PROTO.test(text)) dropProto(value);
    return value as JsonObject;
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
