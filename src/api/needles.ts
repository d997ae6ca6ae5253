/** Finds many secrets in a text in one pass: what it costs depends on the text, not on how many secrets there are. */

/** From so many characters of a secret on, what follows them and is the same is the secret. */
export const BEGINNING = 16;
/** Of each beginning every part of this length is known; one part in `STEP` of a text is looked at, which misses no beginning. */
const PART = 4;
const STEP = BEGINNING - PART + 1;

/** The secrets, or parts of them, that share a beginning. */
interface Needle {
  beginning: string;
  wholes: string[];
}

/** Where a part stands in the beginning of a needle. */
interface Known { needle: Needle; offset: number }

/** Of a part. */
const hashAt = (text: string, at: number): number =>
  (text.charCodeAt(at) ^ text.charCodeAt(at + 1) << 8 ^ text.charCodeAt(at + 2) << 16 ^ text.charCodeAt(at + 3) << 22) & 0x3fffffff;

/** A first look, at half of a part: most of a text needs no second one. */
const glanceAt = (text: string, at: number): number => (text.charCodeAt(at) << 7 ^ text.charCodeAt(at + 3)) & 0x3fff;

const NOT_ASCII = /[^\u0000-\u007f]/;

export class Needles {
  /** By hash of a part: the beginnings that hold it, and where; those first that begin earlier. */
  private readonly parts = new Map<number, Known[]>();
  private readonly glances = new Uint8Array(0x4000);
  /** Shorter than a beginning. */
  private readonly short: string[];
  /** They are bytes of UTF-8, and a text may hold them as characters. */
  private readonly isAscii: boolean;

  /** `texts`: bytes of UTF-8, one character each. */
  constructor(texts: Iterable<string>) {
    const all = [...new Set(texts)].filter(Boolean);
    this.short = all.filter(({ length }) => length < BEGINNING);
    this.isAscii = !all.some((text) => NOT_ASCII.test(text));
    const needles = new Map<string, Needle>();
    for (const whole of all.filter(({ length }) => length >= BEGINNING)) {
      const beginning = whole.slice(0, BEGINNING);
      const needle = needles.get(beginning);
      if (needle) needle.wholes.push(whole);
      else needles.set(beginning, { beginning, wholes: [whole] });
    }
    for (let offset = STEP - 1; offset >= 0; offset--) {
      for (const needle of needles.values()) {
        const hash = hashAt(needle.beginning, offset);
        this.glances[glanceAt(needle.beginning, offset)] = 1;
        const known = this.parts.get(hash);
        if (known) known.push({ needle, offset });
        else this.parts.set(hash, [{ needle, offset }]);
      }
    }
  }

  /** False: the text certainly holds none of them, as it stands. */
  mayBeIn(text: string): boolean {
    if (!this.isAscii && NOT_ASCII.test(text)) return true;
    for (let at = 0; at + PART <= text.length; at += STEP) {
      if (this.glances[glanceAt(text, at)] === 1 && this.parts.has(hashAt(text, at))) return true;
    }
    return this.short.some((needle) => text.includes(needle));
  }

  /** The beginning of which a part stands at `at`. */
  private knownAt(bytes: string, at: number): Known | null {
    let differs = -1;
    for (const known of this.parts.get(hashAt(bytes, at)) ?? []) {
      const { offset, needle: { beginning } } = known;
      const start = at - offset;
      // Where one of a repetitive secret's beginnings does not stand, the next ones mostly fail at the same character.
      if (start < 0 || (differs >= start && differs < start + BEGINNING && bytes.charCodeAt(differs) !== beginning.charCodeAt(differs - start))) continue;
      differs = differsAt(bytes, start, beginning);
      if (differs < 0) return known;
    }
    return null;
  }

  /** Tells where each stands in the text; parts of it may be told twice. */
  find(bytes: string, found: (start: number, end: number) => void): void {
    for (const needle of this.short) {
      for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + needle.length)) found(at, at + needle.length);
    }
    for (let at = 0; at + PART <= bytes.length;) {
      const known = this.glances[glanceAt(bytes, at)] === 1 ? this.knownAt(bytes, at) : null;
      if (known) {
        const start = at - known.offset;
        at = longestMatch(bytes, start, known.needle.wholes);
        found(start, at);
      } else {
        at += STEP;
      }
    }
  }
}

/** Where in `bytes` a beginning that stands at `start` would differ; -1: it stands there. */
const differsAt = (bytes: string, start: number, beginning: string): number => {
  for (let index = BEGINNING - 1; index >= 0; index--) if (bytes.charCodeAt(start + index) !== beginning.charCodeAt(index)) return start + index;
  return -1;
};

/** Where the longest of them ends that the text holds at `start`, as far as text and secret agree. */
const longestMatch = (bytes: string, start: number, wholes: string[]): number => {
  let longest = BEGINNING;
  for (const whole of wholes) {
    let length = BEGINNING;
    while (length < whole.length && bytes.charCodeAt(start + length) === whole.charCodeAt(length)) length++;
    longest = Math.max(longest, length);
  }
  return start + longest;
};
