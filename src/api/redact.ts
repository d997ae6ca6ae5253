/**
 * Scrubbing: what a tenant or a proxy says may echo a secret (`error_description` carries whole access tokens),
 * and a sentence about a user may echo who was looked up. Neither may leave the client.
 */

const MASK = '***';
/** A user's record is data, not prose: only what is too long to stand there by chance is cut out of it. */
const CERTAIN_LENGTH = 8;

/** Bits of a secret inside a longer base64 text: the three alignments it can have, without their unstable ends. */
const base64Forms = (secret: string): string[] => {
  if (secret.length < 8) return [Buffer.from(secret).toString('base64').replace(/=+$/, '')];
  return [0, 1, 2].map((shift) => {
    const text = Buffer.from('\0'.repeat(shift) + secret).toString('base64').replace(/=+$/, '');
    return text.slice(shift === 0 ? 0 : shift + 1, -2);
  });
};

/** Every way a secret may be written: clear, in JSON, URL-encoded (in capitals or not), form-encoded, base64 and base64url. */
const formsOf = (secret: string): string[] => {
  const encoded = encodeURIComponent(secret);
  const base64 = base64Forms(secret).flatMap((form) => [form, encodeURIComponent(form), form.replace(/\+/g, '-').replace(/\//g, '_')]);
  const asForm = new URLSearchParams({ '': secret }).toString().slice(1);
  const forms = [secret, JSON.stringify(secret).slice(1, -1), encoded, encoded.replace(/%20/g, '+'), encoded.replace(/[!'()*]/g, percent), asForm, ...base64];
  return [...forms, ...forms.map((form) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))];
};
const percent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** By itself, not as a part of a longer word: somebody called `user` must not hide `USERS.0001`. */
const wordOf = (text: string): RegExp => new RegExp(`(?<![\\p{L}\\p{N}])${escapeRegExp(text)}(?![\\p{L}\\p{N}])`, 'iu');

const anyOf = (texts: string[]): RegExp => new RegExp(texts.filter(Boolean).sort(longestFirst).map(escapeRegExp).join('|'), 'gi');
const longestFirst = (a: string, b: string): number => b.length - a.length;

/** What a text is searched for. */
interface Needles {
  /** Finds the beginnings; a pattern of a dozen whole tokens would take a second to compile, and slow every answer down. */
  beginnings: RegExp;
  /** What may begin there, longest first. */
  whole: Map<string, string[]>;
  /** What is no longer than a beginning. */
  short: string[];
}

const BEGINNING = 16;

const needlesOf = (forms: string[]): Needles | null => {
  const sorted = [...new Set(forms)].filter(Boolean).sort(longestFirst);
  const whole = new Map<string, string[]>();
  for (const form of sorted) {
    const beginning = form.slice(0, BEGINNING);
    whole.set(beginning, [...(whole.get(beginning) ?? []), form]);
  }
  if (whole.size === 0) return null;
  const beginnings = new RegExp([...whole.keys()].sort(longestFirst).map(escapeRegExp).join('|'), 'g');
  return { beginnings, whole, short: sorted.filter(({ length }) => length < BEGINNING) };
};

/** The text with every needle masked; the text itself when there is none. */
const masked = (text: string, needles: Needles | null): string => {
  if (!needles || text.search(needles.beginnings) < 0) return text;
  const { beginnings, whole, short } = needles;
  let clean = '';
  let from = 0;
  beginnings.lastIndex = 0;
  for (let match = beginnings.exec(text); match; match = beginnings.exec(text)) {
    const { index } = match;
    const found = [...(whole.get(match[0]) ?? []), ...short].find((form) => text.startsWith(form, index));
    if (found === undefined) {
      beginnings.lastIndex = index + 1;
    } else {
      clean += text.slice(from, index) + MASK;
      beginnings.lastIndex = from = index + found.length;
    }
  }
  return clean + text.slice(from);
};

/** The same JSON without needless escapes: `\/` and `\u003d`, as many servers write them, would hide a secret. */
const withoutEscapes = (json: string): string => {
  if (!json.includes('\\')) return json;
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    return json; // the caller finds out what it is
  }
};

export interface Redactor {
  /** Known from now on. What is `lasting` stays so; of the others (access tokens and what came with them) the latest 16. */
  add(secret: string, lasting?: boolean): void;
  /** Not known any more: a token that has expired is no secret. */
  forget(secret: string): void;
  /** A sentence of the tenant, one line without secrets, without the value looked up, without long numbers and addresses. */
  sentence(text: string, lookedUp?: string | null): string;
  /** True when a code shows a known secret in any form, the value looked up as a word of its own, or a long number. */
  shownBy(code: string, lookedUp: string | null): boolean;
  /** A user's record as JSON text, without known secrets of eight characters and more. */
  record(text: string): string;
}

export const createRedactor = (): Redactor => {
  /** Known secrets, and their forms. */
  const lasting = new Map<string, string[]>();
  const passing = new Map<string, string[]>();
  let all: Needles | null = null;
  let certain: Needles | null = null;
  const rebuild = (): void => {
    const secrets = [...lasting, ...passing];
    all = needlesOf(secrets.flatMap(([, forms]) => forms));
    certain = needlesOf(secrets.flatMap(([{ length }, forms]) => (length >= CERTAIN_LENGTH ? forms : [])));
  };

  return {
    add(secret, always = false) {
      if (!secret || lasting.has(secret)) return;
      const known = passing.get(secret);
      // The one in use is the latest, however often the tenant hands it out.
      passing.delete(secret);
      (always ? lasting : passing).set(secret, known ?? formsOf(secret));
      if (known && !always) return;
      const [oldest] = passing.keys();
      if (passing.size > 16 && oldest !== undefined) passing.delete(oldest);
      rebuild();
    },
    forget(secret) {
      if (passing.delete(secret) || lasting.delete(secret)) rebuild();
    },
    sentence(text, lookedUp) {
      let clean = masked(text, all);
      if (lookedUp) clean = clean.replace(anyOf([lookedUp, lookedUp.replace(/^\+\d{1,4}-/, ''), encodeURIComponent(lookedUp), JSON.stringify(lookedUp).slice(1, -1)]), MASK);
      // Cut only after that: half a secret would not be known any more.
      return clean.slice(0, 1000)
        .replace(/[^\s@"'<>(),:;]+@[^\s@"'<>(),:;]+/g, MASK)
        .replace(/\+?\d[\d-]{6,}/g, MASK)
        .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
        .trim().slice(0, 200);
    },
    shownBy: (code, lookedUp) => masked(code, all) !== code || /\d{7}/.test(code) || (lookedUp !== null && wordOf(lookedUp).test(code)),
    record(text) {
      const plain = withoutEscapes(text);
      const clean = masked(plain, certain);
      return clean === plain ? text : clean;
    },
  };
};

export type Secrets = Redactor;
export const createSecrets = createRedactor;
