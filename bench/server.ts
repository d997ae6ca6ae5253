/** The tenant of the bench, in a process of its own: as little work per request as a server can do, so that the callers are measured. */
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { type ListenOptions, LOOKUP_PATH, type ServerCommand, type ServerReply, TOKEN, userJson } from './wire';

const answer = (status: string, body: string): Buffer =>
  Buffer.from(`HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);

/** Each is another one. */
const tokenAnswer = (count: number, expiresIn: number): Buffer =>
  answer('200 OK', JSON.stringify({ access_token: `${TOKEN}-${count}`, token_type: 'Bearer', expires_in: expiresIn, scope: 'get_user' }));
const REFUSAL = answer('404 Not Found', '{"error_code":"BENCH","error_msg":"A request that is not part of the bench"}');

const held: (() => void)[] = [];
let holding = false;
/** Granted so far by those ports whose tokens are short-lived at first. */
let tokens = 0;

/** Where a number stands in the body of a request, which holds nothing else. */
const ASKED = { from: '{"mobile":"'.length, to: '{"mobile":"13800001111'.length, end: '{"mobile":"13800001111"}'.length };

const handler = ({ bytes, shortTokens = 0 }: ListenOptions): ((socket: Socket) => void) => {
  const anybody = answer('200 OK', userJson(bytes));
  const place = anybody.indexOf('"mobile":"') + '"mobile":"'.length;
  /** A user with the number that was asked for: with another one the client would ask again. */
  const userWith = (body: Buffer): Buffer => {
    const user = Buffer.from(anybody);
    body.copy(user, place, ASKED.from, ASKED.to);
    return user;
  };
  let granted = 0;
  const grant = (): Buffer => {
    granted++;
    if (shortTokens > 0) tokens++;
    return tokenAnswer(granted, granted > shortTokens ? 1_000_000 : 1);
  };
  const respond = (socket: Socket, head: string, body: Buffer): void => {
    if (head.startsWith('POST /api/v2/tenant/token ')) return void socket.write(grant());
    if (!head.startsWith(`POST ${LOOKUP_PATH} `) || !head.includes(`Bearer ${TOKEN}`) || body.length !== ASKED.end) return void socket.write(REFUSAL);
    const user = userWith(body);
    if (holding) held.push(() => socket.write(user));
    else socket.write(user);
  };

  return (socket) => {
    let rest: Buffer | null = null;
    socket.setNoDelay(true);
    // Callers go away whenever a row is over; nobody is left to be told.
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      let bytesIn = rest ? Buffer.concat([rest, chunk]) : chunk;
      rest = null;
      while (bytesIn.length > 0) {
        const headEnd = bytesIn.indexOf('\r\n\r\n');
        const head = headEnd < 0 ? '' : bytesIn.toString('latin1', 0, headEnd);
        const end = headEnd + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
        if (headEnd < 0 || bytesIn.length < end) {
          rest = bytesIn;
          return;
        }
        respond(socket, head, bytesIn.subarray(headEnd + 4, end));
        bytesIn = bytesIn.subarray(end);
      }
    });
  };
};

const tell = (reply: ServerReply): void => void process.send?.(reply);

const listen = (options: ListenOptions): void => {
  const server = options.tls ? createTlsServer(options.tls, handler(options)) : createServer(handler(options));
  server.listen({ port: 0, host: '127.0.0.1', backlog: 20_000 }, () => {
    const address = server.address();
    if (address !== null && typeof address === 'object') tell({ port: address.port });
  });
};

process.on('message', (command: ServerCommand) => {
  if ('listen' in command) return listen(command.listen);
  if ('usage' in command) {
    const { user, system } = process.cpuUsage();
    return tell({ cpuMs: (user + system) / 1000, tokens });
  }
  holding = command.hold;
  if (!holding) for (const send of held.splice(0)) send();
});
process.once('disconnect', () => process.exit());
