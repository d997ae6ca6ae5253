/** Bytes of an answer → text. */
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

/** Longest answer that is read, in bytes, before and after decompression. */
export const MAX_BODY = 1024 * 1024;

const UNPACK: Readonly<Record<string, (body: Buffer, options: { maxOutputLength: number }) => Buffer>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/** We do not ask for compression, but some proxies compress all the same. `null`: unknown encoding, broken, or over the limit. */
const unpack = (body: Buffer, encoding: string): Buffer | null => {
  const name = encoding.trim().toLowerCase();
  if (name === 'identity' || name === '') return body;
  try {
    return UNPACK[name]?.(body, { maxOutputLength: MAX_BODY }) ?? null;
  } catch {
    return null; // the caller names it
  }
};

export const decodeBody = (body: Buffer | null, encoding: string | string[] | undefined): string | null => {
  if (body === null) return '';
  const bytes = encoding === undefined ? body : unpack(body, String(encoding));
  if (bytes === null) return null;
  const text = bytes.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
};
