/** Bytes of an answer → text. */
import { isAscii, isUtf8, transcode } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

/** Longest answer that is read, in bytes, before and after decompression. */
export const MAX_BODY = 1024 * 1024;

const UNPACK: ReadonlyMap<string, (body: Buffer, options: { maxOutputLength: number }) => Buffer> = new Map([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['deflate', inflateSync],
  ['br', brotliDecompressSync],
]);

const isTooLarge = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';

/**
 * We do not ask for compression, but some proxies compress all the same; and some name an encoding that is none, or that the body
 * does not have: such a body is tried as it is. `null`: over the limit.
 */
const unpack = (body: Buffer, encoding: string): Buffer | null => {
  try {
    return UNPACK.get(encoding.trim().toLowerCase())?.(body, { maxOutputLength: MAX_BODY }) ?? body;
  } catch (error) {
    return isTooLarge(error) ? null : body;
  }
};

const CHARSET = /;\s*charset\s*=\s*["']?([^\s"';,]{1,40})/i;
const UTF8_NAME = /^utf-?8$/i;
const UTF8 = new TextDecoder();

/** Before Node.js 24 the decoder takes four times as long for a long text that is not all ASCII as the way by UTF-16. */
const IS_DECODER_SLOW = Number.parseInt(process.versions.node, 10) < 24;
const LONG = 2048;

const hasMark = (body: Buffer): boolean => body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;

const decodeUtf8 = (body: Buffer): string =>
  IS_DECODER_SLOW && body.length >= LONG && !isAscii(body) && isUtf8(body) && !hasMark(body) ? transcode(body, 'utf8', 'utf16le').toString('utf16le') : UTF8.decode(body);

/** UTF-8 unless the answer names another charset that is known. A byte order mark is dropped. */
const decode = (body: Buffer, contentType: string | undefined): string => {
  const charset = CHARSET.exec(contentType ?? '')?.[1];
  if (charset === undefined || UTF8_NAME.test(charset) || hasMark(body)) return decodeUtf8(body);
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return decodeUtf8(body); // nobody knows that charset
  }
};

/** `null`: over the limit. */
export const decodeBody = (body: Buffer | null, contentEncoding: string | undefined, contentType: string | undefined): string | null => {
  if (body === null) return '';
  const bytes = contentEncoding === undefined ? body : unpack(body, contentEncoding);
  return bytes && decode(bytes, contentType);
};
