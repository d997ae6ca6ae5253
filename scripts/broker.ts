/** Runs mosquitto with the configuration of `examples/mqtt`, on another port and with accounts of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { freePort } from './free-port';

const HOST = '127.0.0.1';
const EXAMPLE = resolve(__dirname, '../examples/mqtt');
/** Distributions keep servers where ordinary users do not look. */
const PATH = [process.env['PATH'], '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin'].filter(Boolean).join(delimiter);
const MISSING = 'mosquitto is not installed. Debian and Ubuntu: sudo apt-get install mosquitto; macOS: brew install mosquitto.';

export interface Broker {
  /** `mqtt://127.0.0.1:PORT` */
  url: string;
  /** Another one after a restart. */
  pid: () => number;
  /** Resolves once the process is gone; what it held is lost. */
  stop: () => Promise<void>;
  /** The same port, accounts and rules, with nothing in memory. */
  restart: () => Promise<void>;
}

const replaced = (text: string, line: string, by: string): string => {
  if (!text.includes(`\n${line}\n`)) throw new Error(`examples/mqtt/mosquitto.conf has no line "${line}".`);
  return text.replace(`\n${line}\n`, `\n${by}\n`);
};

const writeConfiguration = (folder: string, port: number, passwords: Record<string, string>): string => {
  const passwordFile = join(folder, 'passwords');
  writeFileSync(passwordFile, Object.entries(passwords).map(([user, password]) => `${user}:${password}\n`).join(''), { mode: 0o600 });
  execFileSync('mosquitto_passwd', ['-U', passwordFile], { env: { ...process.env, PATH } });
  // Started by root, mosquitto reads its files as a user of its own. Only hashes are left in this one.
  chmodSync(passwordFile, 0o644);
  chmodSync(folder, 0o755);
  const aclFile = join(folder, 'acl');
  copyFileSync(join(EXAMPLE, 'acl'), aclFile);

  let text = readFileSync(join(EXAMPLE, 'mosquitto.conf'), 'utf8');
  text = replaced(text, 'listener 1883 127.0.0.1', `listener ${port} ${HOST}`);
  text = replaced(text, 'password_file passwords', `password_file ${passwordFile}`);
  text = replaced(text, 'acl_file acl', `acl_file ${aclFile}`);
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, text);
  return file;
};

/** Resolves once it takes connections. */
const launch = async (file: string): Promise<ChildProcess> => {
  const child = spawn('mosquitto', ['-c', file], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH } });
  let log = '';
  await new Promise<void>((done, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text;
        if (/mosquitto version \S+ running/.test(log)) done();
      });
    }
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`mosquitto ended.\n${log}`)));
  });
  return child;
};

/** `folder` is an empty one; `passwords` by account. */
export const startBroker = async (folder: string, passwords: Record<string, string>): Promise<Broker> => {
  const port = await freePort();
  try {
    const file = writeConfiguration(folder, port, passwords);
    let child = await launch(file);
    const kill = (): void => void child.kill();
    process.once('exit', kill);
    const stop = async (): Promise<void> => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, 'exit');
    };
    return {
      url: `mqtt://${HOST}:${port}`,
      pid: () => child.pid ?? 0,
      stop: async () => {
        await stop();
        process.off('exit', kill);
      },
      restart: async () => {
        await stop();
        child = await launch(file);
      },
    };
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? new Error(MISSING) : error;
  }
};
