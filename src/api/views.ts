/**
 * A text as those who wrote it may have meant it: with the escapes of JSON, HTML and URLs decoded, and without line breaks.
 * Each view knows where its parts stand in the text, so that what is found in a view can be hidden in the text.
 */

export interface View {
  /** UTF-8, one character for each byte. */
  bytes: string;
  /** What it was made of; `null`: the text itself. */
  made: { of: View; places: Places } | null;
}

/** Where the parts of a view begin in what it was made of: between two of them nothing was left out. */
class Places {
  /** A place in the view, and the place that it stands for, and so on. */
  private readonly points = [0, 0];

  add(here: number, there: number): void {
    this.points.push(here, there);
  }

  of(place: number): number {
    const { points } = this;
    let low = 0;
    let high = points.length / 2;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((points[2 * middle] ?? 0) <= place) low = middle;
      else high = middle;
    }
    return (points[2 * low + 1] ?? 0) + place - (points[2 * low] ?? 0);
  }
}

/** Where a byte of a view stands in the text. */
export const placeInText = (view: View, index: number): number => {
  let place = index;
  for (let { made } = view; made; { made } = made.of) place = made.places.of(place);
  return place;
};

/** A secret may be percent-encoded twice, and something else besides. */
const MOST_ROUNDS = 3;

const PERCENT = 0x25;
const AMPERSAND = 0x26;
const BACKSLASH = 0x5c;
const ESCAPE = /%[\da-fA-F]{2}|&[#\w]{2,9};|\\/;
const LINE_BREAK = /[\r\n]/;

export const hasEscapes = (text: string): boolean => ESCAPE.test(text);

/** Of a digit; -1 for anything else. */
const hexOf = (sign: number): number => {
  if (sign >= 0x30 && sign <= 0x39) return sign - 0x30;
  const letter = sign | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
};

/** The number that `digits` hex digits at `at` make, or -1. */
const hexAt = (text: string, at: number, digits: number): number => {
  let value = 0;
  for (let index = at; index < at + digits; index++) {
    const digit = hexOf(text.charCodeAt(index));
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
};

/** What HTML calls the signs of Latin-1, from 160 on. Spring's `HtmlUtils`, for one, writes them all by name. */
const LATIN = ('nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest ' +
  'Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig ' +
  'agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml').split(' ');
const ENTITIES: ReadonlyMap<string, number> = new Map([
  ['amp', 0x26], ['lt', 0x3c], ['gt', 0x3e], ['quot', 0x22], ['apos', 0x27],
  ...LATIN.map((name, index): [string, number] => [name, 160 + index]),
]);
const LONGEST_ENTITY = 10;
const isEntitySign = (sign: number): boolean => sign === 0x23 || (sign >= 0x30 && sign <= 0x39) || ((sign | 0x20) >= 0x61 && (sign | 0x20) <= 0x7a);

/** What stands between `&` and `;`; -1 for nothing known. */
const entityOf = (name: string): number => {
  if (!name.startsWith('#')) return ENTITIES.get(name) ?? -1;
  const number = name.charCodeAt(1) === 0x78 || name.charCodeAt(1) === 0x58 ? Number(`0x${name.slice(2)}`) : Number(name.slice(1));
  return Number.isInteger(number) ? number : -1;
};

const JSON_ESCAPES: ReadonlyMap<number, number> = new Map(Object.entries({ '"': '"', '/': '/', "'": "'", b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' })
  .map(([name, sign]) => [name.charCodeAt(0), sign.charCodeAt(0)]));

/** What an escape stands for, and how long it is. */
class Escape {
  codePoint = 0;
  length = 0;

  private is(codePoint: number, length: number): boolean {
    this.codePoint = codePoint;
    this.length = length;
    return codePoint >= 0 && codePoint <= 0x10ffff;
  }

  /** False when there is none at `at`. */
  read(text: string, at: number, sign: number): boolean {
    if (sign === PERCENT) return this.is(hexAt(text, at + 1, 2), 3);
    if (sign === BACKSLASH) return this.readJson(text, at);
    return sign === AMPERSAND && this.readHtml(text, at);
  }

  private readJson(text: string, at: number): boolean {
    const sign = text.charCodeAt(at + 1);
    if (sign === BACKSLASH) return this.is(sign, 2);
    if (sign !== 0x75) return this.is(JSON_ESCAPES.get(sign) ?? -1, 2);
    const unit = hexAt(text, at + 2, 4);
    if (unit < 0xd800 || unit > 0xdbff || text.charCodeAt(at + 6) !== BACKSLASH || text.charCodeAt(at + 7) !== 0x75) return this.is(unit, 6);
    const low = hexAt(text, at + 8, 4);
    return low >= 0xdc00 && low <= 0xdfff ? this.is(0x10000 + (unit - 0xd800) * 0x400 + low - 0xdc00, 12) : this.is(unit, 6);
  }

  private readHtml(text: string, at: number): boolean {
    let end = at + 1;
    while (end < at + LONGEST_ENTITY && isEntitySign(text.charCodeAt(end))) end++;
    if (end === at + 1 || text.charCodeAt(end) !== 0x3b) return false;
    return this.is(entityOf(text.slice(at + 1, end)), end + 1 - at);
  }
}

/** Writes the UTF-8 of a code point; how many bytes. */
const writeUtf8 = (bytes: Buffer, at: number, codePoint: number): number => {
  if (codePoint < 0x80) {
    bytes[at] = codePoint;
    return 1;
  }
  const more = codePoint < 0x800 ? 1 : codePoint < 0x10000 ? 2 : 3;
  bytes[at] = (0xf00 >> more + 1) & 0xff | codePoint >> 6 * more;
  for (let index = 1; index <= more; index++) bytes[at + index] = 0x80 | codePoint >> 6 * (more - index) & 0x3f;
  return more + 1;
};

/** Collects the bytes of a view. */
class ViewWriter {
  private readonly out: Buffer;
  private readonly source: Buffer;
  private readonly places = new Places();
  private length = 0;
  /** Up to here the source was taken, or left out. */
  private done = 0;

  constructor(private readonly of: View) {
    this.source = Buffer.from(of.bytes, 'latin1');
    this.out = Buffer.allocUnsafe(this.source.length);
  }

  /** Takes the source up to `end` as it is. */
  copy(end: number): void {
    const { source, out } = this;
    if (end - this.done > SHORT) {
      source.copy(out, this.length, this.done, end);
      this.length += end - this.done;
    } else {
      for (let index = this.done; index < end; index++) out[this.length++] = source[index] ?? 0;
    }
    this.done = end;
  }

  put(codePoint: number, isByte: boolean): void {
    if (isByte) this.out[this.length++] = codePoint;
    else this.length += writeUtf8(this.out, this.length, codePoint);
  }

  /** The source from `done` to `end` has been replaced, or is left out. */
  skip(end: number): void {
    this.done = end;
    this.places.add(this.length, end);
  }

  view(): View {
    this.copy(this.source.length);
    return { bytes: this.out.toString('latin1', 0, this.length), made: { of: this.of, places: this.places } };
  }
}
/** A copy of so few bytes is faster in a loop. */
const SHORT = 32;

/** With every escape decoded once, or with those of one kind; `null` when there is none. */
const decoded = (view: View, kind: number | null): View | null => {
  const { bytes } = view;
  if (!hasEscapes(bytes)) return null;
  const writer = new ViewWriter(view);
  const escape = new Escape();
  for (let at = 0; at < bytes.length;) {
    const sign = bytes.charCodeAt(at);
    const mayBeOne = kind === null ? sign === PERCENT || sign === BACKSLASH || sign === AMPERSAND : sign === kind;
    if (!mayBeOne || !escape.read(bytes, at, sign)) {
      at++;
      continue;
    }
    writer.copy(at);
    writer.put(escape.codePoint, sign === PERCENT); // of a percent-encoded character one byte of several, perhaps
    writer.skip(at += escape.length);
  }
  return writer.view();
};

const isBreak = (sign: number): boolean => sign === 0x20 || sign === 0x0a || sign === 0x0d || sign === 0x09;

/** Without blanks and line breaks: base64 is often cut into lines. */
const withoutBreaks = (view: View): View => {
  const { bytes } = view;
  const writer = new ViewWriter(view);
  for (let at = 0; at < bytes.length; at++) {
    if (!isBreak(bytes.charCodeAt(at))) continue;
    writer.copy(at);
    while (isBreak(bytes.charCodeAt(at + 1))) at++;
    writer.skip(at + 1);
  }
  return writer.view();
};

/** A text without escapes and line breaks is its only view. */
export const hasOneView = (text: string): boolean => !hasEscapes(text) && !LINE_BREAK.test(text);

type Visit = (view: View, isJoined: boolean) => void;

const visitDecoded = (text: View, kind: number | null, visit: Visit): void => {
  let view: View | null = text;
  for (let round = 0; view; round++) {
    if (round > 0 || kind === null) visit(view, false);
    if (LINE_BREAK.test(view.bytes)) visit(withoutBreaks(view), true);
    view = round < MOST_ROUNDS ? decoded(view, kind) : null;
  }
};

/**
 * Visits the text itself and all its other views; `isJoined`: what stood on lines of its own, or between blanks, stands together.
 * `thorough`: also with escapes of one kind only decoded, for what stands before a secret may look like the beginning of another
 * escape: a short text may take that time.
 */
export const eachView = (text: Buffer, thorough: boolean, visit: Visit): void => {
  const plain: View = { bytes: text.toString('latin1'), made: null };
  visitDecoded(plain, null, visit);
  if (thorough && hasEscapes(plain.bytes)) for (const kind of [PERCENT, BACKSLASH, AMPERSAND]) visitDecoded(plain, kind, visit);
};

/** The same with all escapes decoded, whatever they stand for. */
export const fullyDecoded = (text: string): string => {
  let view: View = { bytes: Buffer.from(text).toString('latin1'), made: null };
  for (let next = decoded(view, null), round = 0; next && round < MOST_ROUNDS; next = decoded(next, null), round++) view = next;
  return view.bytes;
};
