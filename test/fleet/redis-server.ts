/** Debian's redis-server on a free port, with nothing kept. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../../scripts/free-port';

export interface RedisServer {
  port: number;
  /** As a crash does: nothing is saved, no connection is closed in order. */
  kill: () => Promise<void>;
  /** On the same port, empty. */
  start: () => Promise<void>;
  /** Stops to answer without closing anything, and goes on. */
  freeze: (isFrozen: boolean) => void;
}

export const startRedis = async (): Promise<RedisServer> => {
  const port = await freePort();
  let child: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  const start = async (): Promise<void> => {
    const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: ['ignore', 'pipe', 'inherit'] });
    child = server;
    let log = '';
    await new Promise<void>((resolve, reject) => {
      server.stdout.setEncoding('utf8').on('data', (text: string) => {
        log += text;
        if (log.includes('Ready to accept connections')) resolve();
      });
      server.once('error', reject);
      server.once('exit', () => reject(new Error(`redis-server ended.\n${log}`)));
    });
  };
  await start();
  return { port, kill, start, freeze: (isFrozen) => void child?.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT') };
};
