/** Starts the server's process, and speaks with it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ListenOptions, ServerCommand, ServerReply } from './wire';

export interface TenantServer {
  /** Opens one more port. */
  listen(options?: ListenOptions): Promise<number>;
  /** Lets go of what a holding port has held back, and holds nothing any more. */
  release(): void;
  /** CPU time of the server so far, and how many requests it holds back. */
  usage(): Promise<{ cpuMs: number; held: number }>;
  stop(): Promise<void>;
}

const ask = async <T extends ServerReply>(child: ChildProcess, command: ServerCommand): Promise<T> => {
  const reply = once(child, 'message');
  child.send(command);
  return (await reply)[0] as T;
};

export const startServer = (): TenantServer => {
  const child = fork(join(__dirname, 'server.js'), { execArgv: [] });
  return {
    listen: async (options = {}) => (await ask<{ port: number }>(child, { listen: options })).port,
    release: () => void child.send({ release: true } satisfies ServerCommand),
    usage: () => ask<{ cpuMs: number; held: number }>(child, { usage: true }),
    stop: async () => {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
};
