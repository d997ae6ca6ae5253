/**
 * Scrubbing: what a tenant or a proxy says may echo a secret (`error_description` carries whole access tokens),
 * and a sentence about a user may echo who was looked up. Neither may leave the client.
 */
import type { JsonObject } from './json';
import { BEGINNING, Needles } from './needles';
import { readable } from './readable';
import { eachView, fullyDecoded, hasEscapes, hasOneView, placeInText, type View } from './views';

/** A client id is no secret in a user's record. Of a token a half is a secret too. */
export type SecretKind = 'token' | 'client-secret' | 'client-id';

const MASK = '***';
/** A user's record is data, not prose: only what is too long to stand there by chance is cut out of it. */
const CERTAIN_LENGTH = 8;
/** Shorter words stand in a sentence by chance. */
const WORD_LENGTH = 4;

const toBytes = (text: string): string => Buffer.from(text).toString('latin1');
const toUrlAlphabet = (base64: string): string => base64.replace(/\+/g, '-').replace(/\//g, '_');

/** What stands for the bytes inside any longer base64: at the three alignments they can have, without their unstable ends. */
const base64Forms = (bytes: string): string[] => {
  if (bytes.length < WORD_LENGTH) return [];
  const aligned = [0, 1, 2].map((shift) =>
    Buffer.from('\0'.repeat(shift) + bytes, 'latin1').toString('base64').slice(Math.ceil(8 * shift / 6), Math.floor(8 * (shift + bytes.length) / 6)));
  return [...aligned, ...aligned.map(toUrlAlphabet)];
};

/** The secret, and of a token its quarters: a half holds the beginning of one of them. */
const piecesOf = (bytes: string, kind: SecretKind): string[] => {
  if (kind !== 'token') return [bytes];
  // The header of a JSON Web Token is the same in all of them, and no secret.
  const body = bytes.slice(/^eyJ[\w-]*\./.exec(bytes)?.[0].length ?? 0);
  const half = Math.ceil(body.length / 2);
  if (half < CERTAIN_LENGTH) return [body];
  // Of a token of less than 32 characters a half is shorter than a beginning.
  if (half < BEGINNING) return [body, body.slice(0, half), body.slice(-half)];
  return [0, 1, 2, 3].map((quarter) => body.slice(Math.floor(body.length * quarter / 4))).filter(({ length }) => length >= BEGINNING);
};

const formsOf = (secret: string, kind: SecretKind): string[] =>
  [...new Set([toBytes(secret), fullyDecoded(secret)])]
    .flatMap((bytes) => piecesOf(bytes, kind))
    // A form carries a blank as +.
    .flatMap((piece) => [piece, piece.replaceAll(' ', '+'), ...base64Forms(piece)]);

/** What is to be hidden in a text: one byte of it for each byte of the text. */
class Mask {
  private hidden: Uint8Array | null = null;
  /** The first hidden byte from where it was asked for last; parts are asked for in their order. */
  private next = -1;

  constructor(private readonly text: Buffer) {}

  private part(from: number, to: number): string {
    return this.text.toString('utf8', from, to);
  }

  /** What was found in a view of the text. */
  hide(view: View, start: number, end: number): void {
    this.hidden ??= new Uint8Array(this.text.length);
    this.hidden.fill(1, placeInText(view, start), placeInText(view, end));
  }

  get isEmpty(): boolean {
    return this.hidden === null;
  }

  /** Whether anything is hidden in that part of the text. */
  hides(from: number, to: number): boolean {
    return this.hidden !== null && this.hiddenFrom(this.hidden, from) < to;
  }

  /** That part of the text, which is whole characters, with a mask for what is hidden. */
  apply(from: number, to: number): string {
    const { hidden } = this;
    if (!hidden) return this.part(from, to);
    let clean = '';
    let at = from;
    for (let start = this.hiddenFrom(hidden, at); start < to; start = this.hiddenFrom(hidden, at)) {
      const shown = hidden.indexOf(0, start);
      clean += this.part(at, this.boundary(Math.max(start, at), -1)) + MASK;
      at = this.boundary(shown < 0 ? to : Math.min(shown, to), 1);
    }
    return clean + this.part(at, to);
  }

  private hiddenFrom(hidden: Uint8Array, at: number): number {
    if (this.next < at) {
      const next = hidden.indexOf(1, at);
      this.next = next < 0 ? hidden.length : next;
    }
    return this.next;
  }

  /** The next place between two characters. */
  private boundary(at: number, direction: 1 | -1): number {
    let place = at;
    while (((this.text[place] ?? 0) & 0xc0) === 0x80) place += direction;
    return place;
  }
}

/** A letter or a digit, of any alphabet. */
const isWordByte = (sign: number): boolean => sign >= 0x80 || (sign >= 0x30 && sign <= 0x39) || ((sign | 0x20) >= 0x61 && (sign | 0x20) <= 0x7a);
const standsAlone = (bytes: string, start: number, end: number): boolean =>
  !(start > 0 && isWordByte(bytes.charCodeAt(start - 1))) && !(end < bytes.length && isWordByte(bytes.charCodeAt(end)));

/** Where a word stands in bytes, or in a readable text, in capitals or not; a short one only by itself. */
const findWord = (bytes: string, word: string, found: (start: number, end: number) => void): void => {
  const [text, sought] = [bytes.toLowerCase(), word.toLowerCase()];
  for (let start = text.indexOf(sought); start >= 0; start = text.indexOf(sought, start + sought.length)) {
    const end = start + sought.length;
    if (sought.length >= WORD_LENGTH || standsAlone(bytes, start, end)) found(start, end);
  }
};

/** How a value may be written: with or without the dialling code, and as a form carries it. */
const wordsOf = (value: string): string[] =>
  [...new Set([value, value.replace(/^\+\d{1,4}-/, ''), value.replaceAll(' ', '+')])].filter(Boolean).map(toBytes);

const ADDRESS = /[^\s@"'<>(),:;]{1,64}@[^\s@"'<>(),:;]{1,255}/g;
const LONG_NUMBER = /\+?\p{N}(?:[\s\p{C}\p{Pd}.()/_·•‧・−\u2800\ufffd]{0,3}\p{N}){6,}/gu;

/** In the text as it reads: what is written in wide, raised or other digits and letters, or with invisible signs in between. */
const findPersonal = (bytes: string, words: readonly string[], found: (start: number, end: number) => void): void => {
  const { text, starts, ends } = readable(bytes);
  const tell = (start: number, end: number): void => found(starts?.[start] ?? start, ends?.[end - 1] ?? end);
  for (const word of words) {
    const { text: sought } = readable(word);
    // Of accents alone nothing is left; and what reads as it is written has been looked for already.
    if (sought && (starts !== null || sought !== word)) findWord(text, sought, tell);
  }
  for (const pattern of [ADDRESS, LONG_NUMBER]) {
    for (const { index, 0: match } of text.matchAll(pattern)) tell(index, index + match.length);
  }
};

/** Read at most, of what a tenant says; and told at most. */
const LONGEST_READ = 4096;
const LONGEST_TOLD = 200;
/** At the end of what was read half a secret may stand, which nobody would know any more. */
const UNSURE = 512;

const oneLine = (text: string): string => text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim().slice(0, LONGEST_TOLD).toWellFormed();

/** Letters and digits only, so that other signs between them hide nothing. */
const squashed = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');

const holdsWord = (code: string, word: string): boolean => {
  const plain = squashed(word);
  if (plain.length >= WORD_LENGTH && squashed(code).includes(plain)) return true;
  let holds = false;
  findWord(code, word, (start, end) => {
    holds ||= standsAlone(code, start, end);
  });
  return holds;
};

/** In bytes. */
const THOROUGH = 16_384;

const maskOf = (source: string, needles: Needles, words: readonly string[], personal: boolean): Mask => {
  const text = Buffer.from(source);
  const mask = new Mask(text);
  eachView(text, text.length <= THOROUGH, (view, isJoined) => {
    const hide = (start: number, end: number): void => mask.hide(view, start, end);
    needles.find(view.bytes, hide);
    if (isJoined) return;
    for (const word of words) findWord(view.bytes, word, hide);
    if (personal) findPersonal(view.bytes, words, hide);
  });
  return mask;
};

/** A text of a record, and where it stands there. */
interface Place {
  holder: Record<string | number, unknown>;
  key: string | number;
  text: string;
}

export class Redactor {
  private readonly known = new Map<string, SecretKind>();
  /** Made when they are needed first: secrets come and go together. */
  private all: Needles | null = null;
  private certain: Needles | null = null;

  add(secret: string, kind: SecretKind = 'token'): void {
    if (!secret || this.known.get(secret) === kind) return;
    this.known.set(secret, kind);
    this.all = this.certain = null;
  }

  /** An expired token is no secret any more. */
  forget(secret: string): void {
    if (this.known.delete(secret)) this.all = this.certain = null;
  }

  /** A sentence of the tenant: one line without secrets, without the value looked up, without long numbers and e-mail addresses. */
  sentence(said: string, lookedUp?: string | null): string {
    const text = said.slice(0, LONGEST_READ);
    const length = Buffer.byteLength(text);
    const mask = maskOf(text, this.inSentences, this.wordsWith(lookedUp), true);
    const sure = said.length > LONGEST_READ ? length - UNSURE : length;
    return oneLine(mask.apply(0, sure));
  }

  /** True when a code shows a known secret in any form, or the value looked up. */
  isShownBy(code: string, lookedUp: string | null): boolean {
    return !maskOf(code, this.inSentences, this.wordsWith(null), false).isEmpty || (lookedUp !== null && wordsOf(lookedUp).some((word) => holdsWord(code, word)));
  }

  /**
   * Scrubs the texts of a user's record of tokens and the client secret; its keys, its numbers and its `user_id` stay as they are.
   * `json`: what the record was read from.
   */
  record(user: JsonObject, json: string): void {
    const needles = this.inRecords;
    // Most records have none of the three signs, which is told much sooner than by an expression.
    const isPlain = !json.includes('\\') && !json.includes('&') && !json.includes('%');
    if ((isPlain || !hasEscapes(json)) && !needles.mayBeIn(json)) return;
    const places: Place[] = [];
    const collect = (holder: Place['holder'], key: string | number): void => {
      const value = holder[key];
      if (typeof value === 'object' && value !== null) each(value, collect);
      else if (typeof value === 'string' && value.length >= CERTAIN_LENGTH && (!hasOneView(value) || needles.mayBeIn(value))) places.push({ holder, key, text: value });
    };
    each(user, (holder, key) => {
      if (key !== 'user_id') collect(holder, key);
    });
    this.scrub(places, needles);
  }

  /** All in one, for there may be very many of them; no secret and no escape holds what separates them. */
  private scrub(places: Place[], needles: Needles): void {
    const mask = maskOf(places.map((place) => place.text).join('\0'), needles, [], false);
    if (mask.isEmpty) return;
    let from = 0;
    for (const place of places) {
      const to = from + Buffer.byteLength(place.text);
      if (mask.hides(from, to)) place.holder[place.key] = mask.apply(from, to);
      from = to + 1;
    }
  }

  private get inSentences(): Needles {
    return this.all ??= this.needlesOf(({ length }) => length >= WORD_LENGTH);
  }

  private get inRecords(): Needles {
    return this.certain ??= this.needlesOf(({ length }, kind) => kind !== 'client-id' && length >= CERTAIN_LENGTH);
  }

  private needlesOf(isMeant: (secret: string, kind: SecretKind) => boolean): Needles {
    return new Needles([...this.known].flatMap(([secret, kind]) => (isMeant(secret, kind) ? formsOf(secret, kind) : [])));
  }

  /** Secrets that stand in a sentence by chance as well, and what else is not to be shown. */
  private wordsWith(lookedUp: string | null | undefined): string[] {
    const short = [...this.known.keys()].filter(({ length }) => length < WORD_LENGTH);
    return [...short.map(toBytes), ...(lookedUp ? wordsOf(lookedUp) : [])];
  }
}

const each = (value: object, visit: (holder: Place['holder'], key: string | number) => void): void => {
  const holder = value as Place['holder'];
  if (Array.isArray(value)) for (let index = 0; index < value.length; index++) visit(holder, index);
  else for (const key of Object.keys(value)) visit(holder, key);
};
