/** Tenants that fail in every way a tenant, a network and a proxy do, most of the time a little, at times altogether. */
import { gzipSync } from 'node:zlib';
import type { Socket } from 'node:net';
import { type Authority, createAuthority } from '../../test/support/certificates';
import { type ConnectProxy, type Reaction, startConnectProxy } from '../../test/support/connect-proxy';
import { answer, found, notFound, ScriptedTenant, type Script, silent } from '../../test/support/servers';
import { drip, endInAnswer, type Fault, FaultProxy, halfOpen, pass, resetAtRequest, resetBeforeAnswer, resetInAnswer, swallow } from '../../test/support/tcp-proxy';
import { pick, type Random } from './random';

export const PROXY_PASSWORD = 'soak:the-proxy-password';

export interface Troubled {
  /** Behind a network that breaks connections. */
  plain: ScriptedTenant;
  network: FaultProxy;
  /** Over TLS, behind a proxy that fails. */
  secure: ScriptedTenant;
  proxy: ConnectProxy;
  authority: Authority;
  /** Everything works, or everything goes wrong as chance will have it. */
  calm(): void;
  storm(): void;
  /** Requests so far, how many of them were token calls, and what happened to the gateway. */
  requests(): { all: number; token: number; restarts: number; forgotten: number };
  close(): Promise<void>;
}

const late = (ms: number, script: Script): Script => (seen, response) => {
  const timer = setTimeout(() => script(seen, response), ms);
  response.once('close', () => clearTimeout(timer));
};
const broken: Script = (_seen, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 500 });
  response.write('{"user_id":"half of', () => response.destroy());
};
const inPieces: Script = (seen, response) => {
  const text = Buffer.from(JSON.stringify({ user_id: `id of ${seen.value}`, name: '张三' }));
  response.writeHead(200, { 'content-type': 'application/json' });
  // In the middle of a character.
  response.write(text.subarray(0, text.length - 4), () => response.end(text.subarray(text.length - 4)));
};
const packed: Script = (seen, response) => answer(200, gzipSync(JSON.stringify({ user_id: `id of ${seen.value}` })), { 'content-encoding': 'gzip' })(seen, response);
const cutOff: Script = ({ socket }) => void socket.destroy();
const nonsense: Script = ({ socket }) => void socket.end('220 mail.example.com ESMTP\r\n');
const error = (status: number, code: string, headers?: Record<string, string>): Script => answer(status, { error_code: code, error_msg: 'said the tenant' }, headers);

const lookups = (random: Random): Script => (seen, response) =>
  pick<Script>(random, [
    [60, found], [8, late(random() * 200, found)], [3, inPieces], [2, packed],
    [6, notFound], [2, error(400, 'IDAAS.TENANT.USER.0020')], [2, error(500, 'IDAAS.TENANT.COM.0002')], [1, error(400, 'NOBODY.KNOWS')],
    [1, answer(502, '<html>')], [2, answer(503, '<html>')], [0.1, answer(429, '', { 'retry-after': '1' })], [0.5, answer(429, '', { 'retry-after': '0' })], [0.5, answer(429, '')],
    [1, answer(400, { error: 'invalid_token', error_description: `Access token expired:${seen.headers.authorization ?? ''}` })],
    [0.5, answer(401, '')], [0.5, answer(400, { error: 'access_denied' })],
    [0.5, answer(200, '<html>login</html>')], [0.5, answer(302, '', { location: 'https://example.com/' })], [0.3, answer(200, Buffer.alloc(1_100_000, 32))],
    [1, silent], [1, cutOff], [1, broken], [0.5, nonsense], [1, answer(200, { user_id: `id of ${seen.value}` }, { connection: 'close' })],
  ])(seen, response);

let tokens = 0;
const grant = (random: Random): Script => (seen, response) => answer(200, { access_token: `soak-access-token-${++tokens}`, expires_in: pick<unknown>(random, [[1, 2], [1, '3'], [0.2, 0]]) })(seen, response);
const tokenCalls = (random: Random): Script => (seen, response) =>
  pick<Script>(random, [[80, grant(random)], [8, late(random() * 200, grant(random))], [2, answer(503, '')], [2, cutOff], [2, silent], [1, answer(200, '<html>')], [1, answer(401, { error: 'invalid_client' })]])(seen, response);

const network = (random: Random): Fault => (client: Socket, dial) =>
  pick<Fault>(random, [
    [60, pass], [5, resetBeforeAnswer], [2, swallow], [3, halfOpen], [8, resetInAnswer(Math.floor(random() * 400))], [5, endInAnswer(Math.floor(random() * 400))],
    [1, drip(20)], [20, resetAtRequest(1 + Math.floor(random() * 30))],
  ])(client, dial);

const outage = (random: Random): Script => pick<Script>(random, [[1, silent], [2, answer(503, '<html>')], [2, cutOff]]);

export const startTroubled = async (random: Random): Promise<Troubled> => {
  const authority = await createAuthority('Authority of the soak');
  const plain = await ScriptedTenant.start();
  const secure = await ScriptedTenant.start({ tls: await authority.server() });
  const tcp = await FaultProxy.start(plain);
  const proxy = await startConnectProxy(PROXY_PASSWORD);
  const asked = { all: 0, token: 0, restarts: 0, forgotten: 0 };
  const forget = (): void => {
    for (const tenant of [plain, secure]) {
      asked.token += tenant.tokenCalls.length;
      asked.all += tenant.tokenCalls.length + tenant.lookups.length;
      tenant.tokenCalls.length = tenant.lookups.length = 0;
    }
  };
  let outages: Record<'plain' | 'secure', Script | null> = { plain: null, secure: null };
  let calm = true;
  const [anyLookup, anyTokenCall, anyGrant] = [lookups(random), tokenCalls(random), grant(random)];
  for (const name of ['plain', 'secure'] as const) {
    const tenant = { plain, secure }[name];
    tenant.onLookup = (seen, response) => (calm ? found : outages[name] ?? anyLookup)(seen, response);
    tenant.onToken = (seen, response) => (calm ? anyGrant : outages[name] ?? anyTokenCall)(seen, response);
  }
  const anyFault = network(random);
  // A gateway that is restarted refuses for a moment; connections that a firewall has forgotten swallow everything.
  let awayUntil = 0;
  const forgotten = new WeakSet<Socket>();
  const passUntilForgotten: Fault = (client, dial) => {
    const server = dial();
    client.on('data', (chunk: Buffer) => { if (!forgotten.has(client)) server.write(chunk); });
    server.pipe(client);
  };
  const away: Fault = (client) => void client.resetAndDestroy();
  tcp.faults = [(client, dial) => (calm ? pass : Date.now() < awayUntil ? away : random() < 0.5 ? passUntilForgotten : anyFault)(client, dial)];
  const timer = setInterval(() => {
    forget();
    proxy.reaction = calm ? 'tunnel' : pick<Reaction>(random, [[85, 'tunnel'], [3, 'hang-up'], [2, 'silence'], [2, 502], [2, 503], [1, 407]]);
    if (!calm && random() < 0.05) proxy.endTunnels();
    if (!calm && random() < 0.03) {
      asked.forgotten++;
      for (const client of tcp.clients) forgotten.add(client);
    }
    if (!calm && random() < 0.03) {
      asked.restarts++;
      awayUntil = Date.now() + random() * 2000;
      for (const client of tcp.clients) client.resetAndDestroy();
    }
    const down = (): Script | null => (random() < 0.01 ? outage(random) : null);
    // Once down, a tenant stays so for a while.
    outages = { plain: outages.plain && random() < 0.9 ? outages.plain : down(), secure: outages.secure && random() < 0.9 ? outages.secure : down() };
  }, 200);
  return {
    plain, network: tcp, secure, proxy, authority,
    calm: () => {
      calm = true;
      proxy.reaction = 'tunnel';
    },
    storm: () => {
      calm = false;
    },
    requests: () => {
      forget();
      return { ...asked };
    },
    close: async () => {
      clearInterval(timer);
      await Promise.all([proxy.close(), tcp.close(), plain.close(), secure.close()]);
    },
  };
};
