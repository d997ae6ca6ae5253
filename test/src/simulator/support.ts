/** Raw requests to a running simulator, the way any HTTP client may send them. */
import { readFileSync } from 'node:fs';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../../src/simulator/simulator';

export interface Reply {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
  /** The body as JSON; fails the test if it is none. */
  json(): unknown;
}

export interface Call {
  method?: string;
  path: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer;
}

export const TOKEN = '/api/v2/tenant/token';
export const USERS = '/api/v2/tenant/users';
export const JSON_TYPE = 'application/json; charset=utf-8';
export const FORM_TYPE = 'application/x-www-form-urlencoded';

export const basic = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

const running = new Set<Simulator>();

export const start = async (options?: SimulatorOptions): Promise<Simulator> => {
  const simulator = await startSimulator(options);
  running.add(simulator);
  return simulator;
};

/** For `afterEach`. */
export const stopAll = async (): Promise<void> => {
  await Promise.all([...running].map((simulator) => simulator.close()));
  running.clear();
};

export const send = ({ port }: { port: number }, { method = 'POST', path, headers = {}, body }: Call): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers: { ...length, ...headers }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: () => JSON.parse(text) as unknown });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });

export const callForToken = (simulator: { port: number }, id = 'demo', secret = 'demo'): Promise<Reply> =>
  send(simulator, {
    path: TOKEN,
    headers: { authorization: basic(id, secret), 'content-type': FORM_TYPE },
    body: 'grant_type=client_credentials',
  });

export const newToken = async (simulator: { port: number }, id?: string): Promise<string> => {
  const { access_token: token } = (await callForToken(simulator, id)).json() as { access_token: string };
  return token;
};

export const lookUp = (simulator: { port: number }, token: string, mode: string, body: unknown): Promise<Reply> =>
  send(simulator, {
    path: `${USERS}/user-by-${mode}`,
    headers: { authorization: `Bearer ${token}`, 'content-type': JSON_TYPE },
    body: JSON.stringify(body),
  });

export const fixture = (name: string): unknown => JSON.parse(readFileSync(join(__dirname, 'fixtures', `${name}.json`), 'utf8'));

export const failureOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('should have failed');
};
