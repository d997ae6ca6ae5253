/** A server program of the system as a child process: started until its port answers, stopped by its pid, both within bounds. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const START_MS = 10_000;
const STOP_MS = 5000;
/** Distributions keep servers where ordinary users do not look. */
const ENV = { ...process.env, PATH: [process.env['PATH'], '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin'].filter(Boolean).join(delimiter) };

export const isInstalled = (command: string): boolean => spawnSync(command, ['-v'], { env: ENV, timeout: START_MS }).error === undefined;

/** For the title of a suite: why it is skipped, or nothing. With CI set a missing program is a failure of its tests. */
export const skipReason = (command: string): string => (process.env['CI'] !== undefined || isInstalled(command) ? '' : ` (skipped: ${command} is not installed)`);

const answers = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};

export class Program {
  private child: ChildProcess | null = null;
  output = '';
  private readonly kill = (): void => void this.child?.kill('SIGKILL');

  constructor(private readonly command: string, private readonly args: string[], readonly port: number) {}

  get pid(): number {
    const { pid } = this.child ?? {};
    if (pid === undefined) throw new Error(`${this.command} is not running.`);
    return pid;
  }

  /** Its worker processes. Linux only. */
  get workers(): number[] {
    return readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Resolves once the port takes connections. */
  async start(): Promise<void> {
    const child = spawn(this.command, this.args, { stdio: ['ignore', 'pipe', 'pipe'], env: ENV });
    this.child = child;
    process.once('exit', this.kill);
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    const ended = once(child, 'close').then(() => 'ended', (error: unknown) => String(error));
    const limit = performance.now() + START_MS;
    while (!(await answers(this.port))) {
      const reason = await Promise.race([ended, setTimeout(10, null)]) ?? (performance.now() > limit ? `did not listen within ${START_MS} ms` : null);
      if (reason === null) continue;
      await this.stop('SIGKILL');
      throw new Error(`${this.command}: ${reason}\n${this.output}`);
    }
  }

  /** Resolves once the process is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const { child } = this;
    this.child = null;
    process.off('exit', this.kill);
    if (!child || child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    if (await Promise.race([ended, setTimeout(STOP_MS, null, { ref: false })])) return;
    child.kill('SIGKILL');
    await ended;
  }
}
