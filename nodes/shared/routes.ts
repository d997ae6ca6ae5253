/** Rules for admin routes that use secrets or ask the tenant. */
import { CATALOGUE } from './catalogue';
import { MOST_KB } from './limits';
import { asError } from './message';
import type { AdminRequest, Red } from './red';

const MOST_AT_ONCE = 4;
const MOST_BYTES = MOST_KB * 1024;

const isTooLong = ({ headers, body }: AdminRequest): boolean =>
  Number(headers['content-length'] ?? 0) > MOST_BYTES || Buffer.byteLength(JSON.stringify(body ?? null)) > MOST_BYTES;

/** A dialog is answered in its own language, which need not be the runtime's. */
const inLanguageOf = (red: Red, { headers }: AdminRequest): Red => {
  const lng = /^[a-z]+(-[a-z]+)?/i.exec(headers['accept-language'] ?? '')?.[0];
  return lng === undefined ? red : Object.create(red, { _: { value: (key: string, options: Parameters<Red['_']>[1]) => red._(key, { ...options, lng }) } }) as Red;
};

export interface Refusal {
  ok: false;
  error: { code: string; message: string };
}

/**
 * `answer` gets a runtime that speaks the asker's language, the parameter `id`, the body and a signal that ends when the asker has gone. For whoever may deploy flows: such a person could
 * use the secrets anyway. At most four at once, each on at most 64 kB; never 5xx.
 */
export const addTestRoute = (red: Red, path: string, answer: (red: Red, id: string, body: unknown, signal: AbortSignal) => Promise<object>): void => {
  let running = 0;
  red.httpAdmin.post(path, red.auth.needsPermission('flows.write'), (request, response) => {
    const told = inLanguageOf(red, request);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const refuse = (status: 400 | 413 | 429, values: Record<string, string | number>): void => {
      const message = told._(`${CATALOGUE}ciam-user.refusal.${status}`, values);
      response.status(status).json({ ok: false, error: { code: `CIAM.HTTP.${status}`, message } } satisfies Refusal);
    };
    const handle = async (): Promise<void> => {
      if (isTooLong(request)) return refuse(413, { limit: MOST_KB });
      if (running >= MOST_AT_ONCE) return refuse(429, { limit: MOST_AT_ONCE });
      running++;
      const result = await answer(told, request.params.id ?? '', request.body, gone.signal).finally(() => running--);
      if (!gone.signal.aborted) response.json(result);
    };
    // Among others a body that is nested too deep to be written.
    handle().catch((error: unknown) => {
      if (!gone.signal.aborted) refuse(400, { why: asError(error).message });
    });
  });
};
