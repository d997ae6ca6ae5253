/** Programs of others that know nothing of this package: installed beside it, each run on a Node.js that it takes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port';
import { installSideBySide, root, version } from '../support/versions';

const OTHERS = ['@stoplight/prism-cli@5.16.0', 'oidc-provider@9.13.3'];

export interface Program {
  url: string;
  close(): Promise<void>;
}

/** Resolves when the program has said that it listens. */
const start = async (args: string[], port: number, listening: RegExp, cwd: string, env: Record<string, string> = {}): Promise<Program> => {
  const child: ChildProcess = spawn((await version(5)).node, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-20_000);
      if (listening.test(said)) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', (code) => reject(new Error(`It ended (${String(code)}): ${said}`)));
    child.once('error', reject);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
};

/** Prism, which answers as the description says, and refuses what the description does not allow. */
export const startPrism = async (): Promise<Program> => {
  const port = await freePort();
  const modules = join(await installSideBySide(OTHERS), 'node_modules');
  return start([join(modules, '@stoplight/prism-cli/dist/index.js'), 'mock', join(root, 'docs/openapi.yaml'), '--errors', '--host', '127.0.0.1', '--port', String(port)], port, /Prism is listening/, root);
};

/** A token server that keeps to RFC 6749 to the letter. */
export const startOidcProvider = async (clients: Record<string, string>): Promise<Program> => {
  const port = await freePort();
  const folder = await installSideBySide(OTHERS);
  const program = `
    const { Provider } = await import('oidc-provider');
    const provider = new Provider('http://127.0.0.1:${port}', {
      clients: JSON.parse(process.env.CLIENTS).map(([client_id, way]) => ({
        client_id, client_secret: process.env.SECRET, token_endpoint_auth_method: way, grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
      })),
      features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
      routes: { token: '/api/v2/tenant/token' },
      ttl: { ClientCredentials: 1800 },
    });
    provider.listen(${port}, '127.0.0.1', () => console.log('listening'));`;
  return start(['--input-type=module', '--eval', program], port, /^listening$/m, folder, { CLIENTS: JSON.stringify(Object.entries(clients)), SECRET: 'the-client-secret-0815' });
};

/** Passes everything on, with headers of its own: the client cannot be told to send any. */
export const startForwarder = async (target: string, headers: () => Record<string, string>): Promise<Program> => {
  const { hostname, port } = new URL(target);
  const server = createHttpServer((incoming, outgoing) => {
    const passed = sendRequest({ hostname, port, path: incoming.url, method: incoming.method, headers: { ...incoming.headers, ...headers() } }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
