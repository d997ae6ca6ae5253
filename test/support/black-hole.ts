/** An address where connections are neither taken nor refused: a listener that is stopped, with a full backlog. */
import { spawn, type ChildProcess } from 'node:child_process';
import { connect, type Socket } from 'node:net';

/** It may wake up, and then leads to another port. */
interface Waking { afterMs: number; port: number }

const listener = ({ afterMs, port }: Waking): string => `
  const net = require('node:net');
  const server = net.createServer((client) => {
    const upstream = net.connect(${port}, '127.0.0.1');
    client.pipe(upstream).pipe(client);
    for (const [one, other] of [[client, upstream], [upstream, client]]) one.on('error', () => other.destroy());
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, server.address().port + '\\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${afterMs});
  });`;

export class BlackHole {
  private constructor(readonly url: string, private readonly listener: ChildProcess, private readonly backlog: Socket[]) {}

  static async open(waking: Waking = { afterMs: Infinity, port: 0 }): Promise<BlackHole> {
    const stopped = spawn(process.execPath, ['-e', listener(waking)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const port = await new Promise<number>((resolve) => stopped.stdout.once('data', (line: Buffer) => resolve(Number(line.toString()))));
    // The system takes one more than the backlog by itself.
    const backlog = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    for (const socket of backlog) socket.on('error', () => undefined);
    await Promise.all(backlog.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    return new BlackHole(`http://127.0.0.1:${port}`, stopped, backlog);
  }

  async close(): Promise<void> {
    for (const socket of this.backlog) socket.destroy();
    const ended = new Promise((resolve) => this.listener.once('exit', resolve));
    this.listener.kill('SIGKILL');
    await ended;
  }
}
