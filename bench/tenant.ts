/** Starts the server's process, and speaks with it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ListenOptions, ServerCommand, ServerReply } from './wire';

export interface TenantServer {
  /** Opens one more port. */
  listen(options?: ListenOptions): Promise<number>;
  /** From now on answers no lookup; with `false`, answers all that wait. */
  hold(on: boolean): void;
  /** CPU time of the server so far, in ms. */
  usage(): Promise<number>;
  /** Granted by the ports with short-lived ones. */
  tokens(): Promise<number>;
  stop(): Promise<void>;
}

type Usage = Extract<ServerReply, { cpuMs: number }>;

const ask = async <T extends ServerReply>(child: ChildProcess, command: ServerCommand): Promise<T> => {
  const reply = once(child, 'message');
  child.send(command);
  return (await reply)[0] as T;
};

export const startServer = (): TenantServer => {
  const child = fork(join(__dirname, 'server.js'), { execArgv: [] });
  return {
    listen: async (options = {}) => (await ask<{ port: number }>(child, { listen: options })).port,
    hold: (on) => void child.send({ hold: on } satisfies ServerCommand),
    usage: async () => (await ask<Usage>(child, { usage: true })).cpuMs,
    tokens: async () => (await ask<Usage>(child, { usage: true })).tokens,
    stop: async () => {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
};
