/** What a handler gets: the request that came, and the tenant it came to. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Answer } from './answer';
import type { Tokens } from './tokens';
import type { Troubles } from './troubles';
import type { Directory } from './users';

export interface Request {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Tenant {
  readonly directory: Directory;
  readonly tokens: Tokens;
  readonly troubles: Troubles;
}

export type Handler = (tenant: Tenant, request: Request) => Answer;

/** With or without a charset, which must be UTF-8 however it is spelled. */
export const hasType = ({ headers }: Request, type: string): boolean => {
  const [given, charset, ...more] = (headers['content-type'] ?? '').toLowerCase().split(';').map((part) => part.trim());
  return given === type && (charset === undefined || /^charset="?utf-?8"?$/.test(charset)) && more.length === 0;
};
