/** A text as it reads, whatever signs it is written with, so that what is found in it can be hidden in the text. */

export interface Readable {
  text: string;
  /** Where the sign that each character of the text comes from begins and ends in the bytes; `null`: at the same place. */
  starts: number[] | null;
  ends: number[] | null;
}

const NOT_ASCII = /[^\u0000-\u007f]/;
/** Blanks without width, soft hyphens, marks of direction, accents and the like. */
const UNSEEN = /[\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}]/gu;

const REPLACEMENT = '\ufffd';

/** The character of UTF-8 at `at`; what is none is a byte that cannot be read. */
const characterAt = (bytes: string, at: number): { character: string; length: number } => {
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return { character: bytes.charAt(at), length: 1 };
  const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
  let codePoint = first & 0x3f >> more;
  for (let index = 1; index <= more; index++) {
    const next = bytes.charCodeAt(at + index);
    if ((next & 0xc0) !== 0x80) return { character: REPLACEMENT, length: 1 };
    codePoint = codePoint << 6 | next & 0x3f;
  }
  return more === 0 || codePoint > 0x10ffff ? { character: REPLACEMENT, length: 1 } : { character: String.fromCodePoint(codePoint), length: more + 1 };
};

/** `bytes`: of UTF-8, one character each. Wide and raised digits become plain ones, letters lose their accents, and what is not seen is left out. */
export const readable = (bytes: string): Readable => {
  if (!NOT_ASCII.test(bytes)) return { text: bytes, starts: null, ends: null };
  const starts: number[] = [];
  const ends: number[] = [];
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const { character, length } = characterAt(bytes, at);
    const plain = length === 1 ? character : character.normalize('NFKD').replace(UNSEEN, '').toLowerCase();
    for (let index = 0; index < plain.length; index++) {
      starts.push(at);
      ends.push(at + length);
    }
    text += plain;
    at += length;
  }
  return { text, starts, ends };
};
