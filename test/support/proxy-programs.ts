/** Proxies that people really run, squid and tinyproxy, as child processes on a port of their own. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../scripts/free-port';

export const PROGRAMS = ['squid', 'tinyproxy'] as const;
export type Program = (typeof PROGRAMS)[number];

export interface RunningProxy {
  port: number;
  /** Ends the program, and tells how many CONNECTs it wrote in its log. */
  stop(): Promise<number>;
}

export const USER = 'user';
export const PASSWORD = 'sesame';

export const isInstalled = (program: Program): boolean => spawnSync(program, ['-v']).error === undefined;

const NCSA = ['/usr/lib/squid', '/usr/lib64/squid', '/usr/libexec/squid'].find((path) => existsSync(path)) ?? '';

/** squid says that it accepts connections a moment before it does. */
const accepting = async (port: number): Promise<void> => {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const accepted = await once(socket, 'connect').then(() => true, () => false);
    socket.destroy();
    if (accepted) return;
    await setTimeout(5);
  }
};

interface Recipe {
  config: (port: number, folder: string, guarded: boolean) => string;
  args: (file: string, port: number) => string[];
  /** In its output, once it takes connections. */
  ready: RegExp;
  /** In its log, for each CONNECT. */
  connect: RegExp;
}

const RECIPES: Readonly<Record<Program, Recipe>> = {
  squid: {
    config: (port, folder, guarded) => `http_port 127.0.0.1:${port}
pid_filename none
cache_log ${folder}/cache.log
access_log stdio:${folder}/access.log
cache deny all
pinger_enable off
shutdown_lifetime 0 seconds
${guarded ? `auth_param basic program ${NCSA}/basic_ncsa_auth ${folder}/passwords
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all` : 'http_access allow all'}
`,
    // A service name of its own: squid keeps names in /dev/shm, and one that was killed would make every later start fail.
    args: (file, port) => ['-N', '-d', '1', '-n', `test${port}p${process.pid}`, '-f', file],
    ready: /Accepting HTTP Socket connections/,
    connect: / CONNECT /g,
  },
  tinyproxy: {
    config: (port, _folder, guarded) => `Port ${port}
Listen 127.0.0.1
Timeout 60
LogLevel Info
${guarded ? `BasicAuth ${USER} ${PASSWORD}` : ''}
`,
    args: (file) => ['-d', '-c', file],
    ready: /Starting main loop/,
    connect: /Request \(.*CONNECT /g,
  },
};

/** With `guarded` it asks for USER and PASSWORD. */
export const startProgram = async (program: Program, guarded: boolean): Promise<RunningProxy> => {
  const recipe = RECIPES[program];
  const folder = mkdtempSync(join(tmpdir(), `${program}-`));
  // Started as root, squid goes on as a user of its own.
  chmodSync(folder, 0o777);
  const [file, port] = [join(folder, 'proxy.conf'), await freePort()];
  writeFileSync(file, recipe.config(port, folder, guarded));
  writeFileSync(join(folder, 'passwords'), `${USER}:${execFileSync('openssl', ['passwd', '-apr1', PASSWORD]).toString()}`);

  const child = spawn(program, recipe.args(file, port), { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  let output = '';
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (recipe.ready.test(output)) resolve();
      });
    }
    void ended.then(() => reject(new Error(`${program} ended:\n${output}`)));
  });

  await accepting(port);

  const accessLog = join(folder, 'access.log');
  return {
    port,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      const log = existsSync(accessLog) ? readFileSync(accessLog, 'utf8') : output;
      rmSync(folder, { recursive: true });
      return log.match(recipe.connect)?.length ?? 0;
    },
  };
};
