/** HAProxy with the configuration of `examples/http`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';
import { freePort } from '../../scripts/free-port';
import { root } from '../support/versions';

export interface Balancer {
  /** Without a slash at the end. */
  url: string;
  log: () => string;
  /** Resolves once a line of the log says so. */
  until: (line: RegExp) => Promise<void>;
  stop: () => Promise<void>;
}

/** `workers` as host:port. Resolves once it takes connections. */
export const startBalancer = async (workers: string[], env: NodeJS.ProcessEnv = {}): Promise<Balancer> => {
  const port = await freePort();
  const child = spawn('haproxy', ['-db', '-f', join(root, 'examples/http/haproxy.cfg')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: [process.env['PATH'], '/usr/sbin'].join(delimiter), CIAM_HTTP_PORT: String(port),
      ...Object.fromEntries(workers.map((address, index) => [`CIAM_WORKER_${index + 1}`, address])), ...env,
    },
  });
  let log = '';
  const looks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      for (const look of [...looks]) look();
    });
  }
  const exit = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const isUp = async (): Promise<boolean> => fetch(`${url}/`).then(() => true, () => false);
  while (!(await isUp())) if (child.exitCode !== null || child.signalCode !== null) throw new Error(`haproxy ended.\n${log}`);
  return {
    url,
    log: () => log,
    until: (line) => new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        looks.delete(look);
      };
      const look = (): void => {
        if (!line.test(log)) return;
        end();
        resolve();
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`${String(line)} is not in the log:\n${log}`));
      }, 15_000);
      looks.add(look);
      look();
    }),
    stop: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
};
