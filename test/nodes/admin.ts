/** Node-RED's admin API as the editor calls it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { helper } from './support';

export interface Reply {
  status: number;
  body: unknown;
}

/** Serves the API of the flow that is deployed now for as long as `use` takes. */
const serving = async <T>(use: (url: string) => Promise<T>): Promise<T> => {
  const server = createServer(helper._httpAdmin);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
};

const replyOf = async (response: Response): Promise<Reply> => {
  const text = await response.text();
  return { status: response.status, body: response.headers.get('content-type')?.includes('json') ? JSON.parse(text) as unknown : text };
};

export const get = (path: string): Promise<Reply> => serving(async (url) => replyOf(await fetch(url + path)));

export const postText = (path: string, text: string, signal?: AbortSignal, language = 'en-US'): Promise<Reply> =>
  serving(async (url) => replyOf(await fetch(url + path, {
    method: 'POST', headers: { 'content-type': 'application/json', 'accept-language': language }, body: text, ...(signal && { signal }),
  })));

/** `language`: of the dialog. */
export const post = (path: string, body: unknown, signal?: AbortSignal, language?: string): Promise<Reply> => postText(path, JSON.stringify(body), signal, language);
