/** JSON of a server that we do not control, made safe for the flow; and copies of it. */

export type JsonObject = Record<string, unknown>;

/** Deeper than any user; what is far deeper ends whoever copies it by recursion, as Node-RED does. */
const DEEPEST = 200;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;

const isDigit = (sign: number): boolean => sign >= 0x30 && sign <= 0x39;
/** Of a fraction or an exponent. */
const isFractional = (sign: number): boolean => sign === 0x2e || sign === 0x65 || sign === 0x45 || sign === 0x2b || sign === MINUS; // . e E + -

/** Where the string ends whose first character stands at `index`: the place of its closing quote. */
const endOfString = (text: string, index: number): number => {
  for (let at = text.indexOf('"', index); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return at;
  }
  return text.length;
};

/** 2^53: the smallest whole number that a JavaScript number may spoil. */
const SPOILED = '9007199254740992';

/** The same JSON in which every whole number that a JavaScript number cannot hold is a string of its digits. */
const quoteLargeNumbers = (json: string): string => {
  const pieces: string[] = [];
  let from = 0;
  for (let index = 0; index < json.length; index++) {
    const sign = json.charCodeAt(index);
    if (sign === QUOTE) {
      index = endOfString(json, index + 1);
    } else if (isDigit(sign) || sign === MINUS) {
      const start = sign === MINUS ? index + 1 : index;
      let end = start;
      while (isDigit(json.charCodeAt(end))) end++;
      if (isFractional(json.charCodeAt(end))) {
        while (isDigit(json.charCodeAt(end)) || isFractional(json.charCodeAt(end))) end++;
      } else if (end - start > SPOILED.length || (end - start === SPOILED.length && json.slice(start, end) >= SPOILED)) {
        // Compared as text: reading a number of 16 digits costs more than all the rest.
        pieces.push(json.slice(from, index), json.slice(index, end));
        from = end;
      }
      index = end - 1;
    }
  }
  return [...pieces, json.slice(from)].join('"');
};

/** An object that some other code has added to `Object.prototype` is found in itself, without an end. Asking of every value costs three times as much. */
const isOwnOrPlain = (holder: object, key: string, value: unknown): boolean => typeof value !== 'object' || Object.hasOwn(holder, key);

/** An object that was read, without what is dangerous. One look at all its values costs a fifth of reading them. */
class Parsed {
  /** `null`: something else, or nested too deep. */
  object: JsonObject | null = null;
  /** A number so large that it may be a whole one, and spoiled. */
  hasLargeNumber = false;

  constructor(json: string) {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    this.object = value as JsonObject;
    this.look(value, 1);
  }

  private look(holder: object, depth: number): void {
    if (depth > DEEPEST) {
      this.object = null;
    } else if (Array.isArray(holder)) {
      for (const value of holder) this.lookAt(value, depth);
    } else {
      for (const key in holder) {
        const value = (holder as JsonObject)[key];
        // It would replace the prototype of whatever it is assigned to later.
        if (key === '__proto__') delete (holder as JsonObject)['__proto__'];
        else if (isOwnOrPlain(holder, key, value)) this.lookAt(value, depth);
      }
    }
  }

  private lookAt(value: unknown, depth: number): void {
    if (typeof value === 'object' && value !== null) this.look(value, depth + 1);
    else if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) this.hasLargeNumber = true;
  }
}

/**
 * An object, or `null` for everything else: HTML, plain text, a list, nothing, a nesting that nobody needs.
 * A whole number beyond ±(2^53 − 1) becomes a string of its digits: as a number it would be another one.
 */
export const parseObject = (text: string): JsonObject | null => {
  try {
    const parsed = new Parsed(text);
    return parsed.hasLargeNumber ? new Parsed(quoteLargeNumbers(text)).object : parsed.object;
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
    if (typeof inner === 'object' && inner !== null && Object.hasOwn(copy, key)) copy[key] = copyJson(inner);
  }
  return copy;
};
