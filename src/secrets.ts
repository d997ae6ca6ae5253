/**
 * Scrubbing: what a tenant or a proxy says may echo a secret (`error_description` carries whole access tokens),
 * and a sentence about a user may echo who was looked up. Neither may leave the client.
 */

const MASK = '***';
/** A user's record is data, not prose: only what is too long to stand there by chance is cut out of it. */
const CERTAIN_LENGTH = 16;

/** Bits of a secret inside a longer base64 text: the three alignments it can have, without their unstable ends. */
const base64Forms = (secret: string): string[] => {
  if (secret.length < 8) return [Buffer.from(secret).toString('base64').replace(/=+$/, '')];
  return [0, 1, 2].map((shift) => {
    const text = Buffer.from('\0'.repeat(shift) + secret).toString('base64').replace(/=+$/, '');
    return text.slice(shift === 0 ? 0 : shift + 1, -2);
  });
};

/** Every way a secret may be written: clear, in JSON, URL-encoded, form-encoded, base64 and base64url. */
const formsOf = (secret: string): string[] => {
  const encoded = encodeURIComponent(secret);
  const plain = [secret, JSON.stringify(secret).slice(1, -1), encoded, encoded.replace(/%20/g, '+'), encoded.replace(/[!'()*]/g, percent)];
  const base64 = base64Forms(secret).flatMap((form) => [form, encodeURIComponent(form), form.replace(/\+/g, '-').replace(/\//g, '_')]);
  return [...plain, ...base64];
};
const percent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const anyOf = (needles: string[]): RegExp | null => {
  const sorted = [...new Set(needles)].filter(Boolean).sort((a, b) => b.length - a.length);
  return sorted.length ? new RegExp(sorted.map(escapeRegExp).join('|'), 'gi') : null;
};

export interface Secrets {
  /** Known from now on. The last 16 access tokens stay known; what is `lasting` always does. */
  add(secret: string, lasting?: boolean): void;
  /** A sentence of the tenant, one line without secrets, without the value looked up, without long numbers and addresses. */
  sentence(text: string, lookedUp?: string | null): string;
  /** True when the text (a code, a record) holds a known secret in any form. */
  in(text: string): boolean;
  /** A user's record as JSON text, without access tokens and client secret. */
  record(text: string): string;
}

export const createSecrets = (): Secrets => {
  const lasting: string[] = [];
  const passing: string[] = [];
  let all: RegExp | null = null;
  let certain: RegExp | null = null;
  const rebuild = (): void => {
    const secrets = [...lasting, ...passing];
    all = anyOf(secrets.flatMap(formsOf));
    certain = anyOf(secrets.filter(({ length }) => length >= CERTAIN_LENGTH).flatMap((secret) => [...formsOf(secret)]));
  };
  const replaceAll = (text: string, needles: RegExp | null): string => (needles ? text.replace(needles, MASK) : text);
  const has = (text: string, needles: RegExp | null): boolean => needles !== null && text.search(needles) >= 0;

  return {
    add(secret, always = false) {
      if (!secret || lasting.includes(secret) || passing.includes(secret)) return;
      (always ? lasting : passing).push(secret);
      if (passing.length > 16) passing.shift();
      rebuild();
    },
    sentence(text, lookedUp) {
      let clean = replaceAll(text.slice(0, 4000), all);
      if (lookedUp) clean = replaceAll(clean, anyOf([lookedUp, lookedUp.replace(/^\+\d{1,4}-/, ''), encodeURIComponent(lookedUp), JSON.stringify(lookedUp).slice(1, -1)]));
      return clean
        .replace(/[^\s@"'<>(),:;]+@[^\s@"'<>(),:;]+/g, MASK)
        .replace(/\+?\d[\d-]{6,}/g, MASK)
        .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
        .trim().slice(0, 200);
    },
    in: (text) => has(text, all),
    record: (text) => (has(text, certain) ? replaceAll(text, certain) : text),
  };
};
