import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import manifest from '../../../package.json';
import { callForToken, failureOf, lookUp, newToken, send, start, stopAll } from './support';

const root = resolve(__dirname, '../../..');
const SLOW_MACHINE_MS = 30_000;

/** A process that is left over after a failure, and those that it started. */
const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

describe('ciam-simulator', function () {
  this.timeout(SLOW_MACHINE_MS);
  let folder: string;
  const children = new Set<ChildProcess>();

  const run = (file: string, args: string[]) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    children.add(child);
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
    const ended = once(child, 'close').then(([code, signal]: unknown[]) => ({ code, signal, ...output }));
    return { child, output, ended };
  };
  const command = (...args: string[]) => run(process.execPath, ['--import', 'tsx', join(root, 'src/simulator/cli.ts'), ...args]);

  /** Resolves with the port once the command says where it listens. */
  const listening = ({ child, output, ended }: ReturnType<typeof command>): Promise<{ port: number }> =>
    new Promise((resolvePort, reject) => {
      child.stdout.on('data', () => {
        const port = /http:\/\/127\.0\.0\.1:(\d+)\n.*Ctrl\+C/s.exec(output.stdout)?.[1];
        if (port) resolvePort({ port: Number(port) });
      });
      ended.then(({ stderr }) => reject(new Error(stderr)), reject);
    });

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'simulator-cli-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  afterEach(stopAll);
  afterEach(() => {
    for (const { pid } of children) killGroup(pid ?? 0);
    children.clear();
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`serves the demo tenant and ends cleanly on ${signal}, an answer pending or not`, async () => {
      const running = command('--port', '0');
      const server = await listening(running);
      const token = await newToken(server);
      expect((await lookUp(server, token, 'username', { user_name: 'zhangsan' })).status).to.equal(200);
      const pending = failureOf(lookUp(server, token, 'mobile', { mobile: '13800000408' }));
      // Answered after the slow request was accepted, so that the signal finds it waiting.
      await lookUp(server, token, 'mobile', { mobile: '13800001111' });
      running.child.kill(signal);
      expect(await running.ended).to.include({ code: 0, signal: null, stderr: '' });
      expect(await pending).to.be.an.instanceOf(Error);
    });
  }

  it('ends when npm, which started it, gets SIGTERM', async () => {
    // Without the step before it, which installs dependencies.
    const npm = run('npm', ['run', '--silent', '--ignore-scripts', 'simulator', '--', '--port', '0']);
    const { port } = await listening(npm);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    npm.child.kill('SIGTERM');
    await closed;
    await npm.ended; // both pipes are closed: no process is left that holds them
  });

  it('prints a line for each request when it is asked to, without values and secrets', async () => {
    const running = command('--port', '0', '--verbose');
    const server = await listening(running);
    const token = await newToken(server);
    await lookUp(server, token, 'mobile', { mobile: '13800000404' });
    await send(server, { method: 'GET', path: '/api/v2/tenant/users/4711-of-somebody', headers: { authorization: 'Bearer 4711-of-somebody' } });
    await send(server, { method: 'GET', path: '/4711-of-somebody?token=4711-of-somebody' });
    await send(server, { method: 'GET', path: '/' });
    running.child.kill('SIGTERM');
    const lines = (await running.ended).stdout.split('\n').filter((line) => /^\d{4}-/.test(line)).map((line) => line.slice(line.indexOf(' ') + 1));
    expect(lines).to.deep.equal([
      'POST /api/v2/tenant/token 200', 'POST /api/v2/tenant/users/user-by-mobile 400 IDAAS.TENANT.USER.0001',
      'GET /api/v2/tenant/users/{user_id} 400 invalid_token', 'GET (no such address) 404', 'GET / 200',
    ]);
  });

  it('prints nothing more than its address otherwise', async () => {
    const running = command('--port', '0');
    const server = await listening(running);
    await newToken(server);
    running.child.kill('SIGTERM');
    expect((await running.ended).stdout).to.match(/Stop it with Ctrl\+C\.\n$/);
  });

  it('takes users, latency and token lifetime', async () => {
    const users = join(folder, 'users.json');
    writeFileSync(users, JSON.stringify([{ user_id: '1', user_name: 'wang' }]));
    const running = command('--port', '0', '--users', users, '--latency', '60', '--token-lifetime', '77');
    const server = await listening(running);
    const before = performance.now();
    const reply = await callForToken(server);
    expect(performance.now() - before).to.be.at.least(59);
    expect(reply.json()).to.include({ expires_in: 77 });
    const { access_token: token } = reply.json() as { access_token: string };
    expect((await lookUp(server, token, 'username', { user_name: 'wang' })).json()).to.deep.equal({ user_id: '1', user_name: 'wang' });
    expect((await lookUp(server, token, 'username', { user_name: 'zhangsan' })).status).to.equal(400);
  });

  it('says that the port is in use', async () => {
    const { port } = await start();
    const { code, stderr } = await command('--port', String(port)).ended;
    expect(code).to.equal(1);
    expect(stderr).to.equal(`ciam-simulator: Port ${port} is in use. Choose another one with --port, or 0 for a free one.\n`);
  });

  it('shows help and version', async () => {
    const help = await command('--help').ended;
    expect(help).to.include({ code: 0, stderr: '' });
    expect(help.stdout).to.include('--port PORT').and.to.include('default 8899').and.to.include('13800000408');
    expect(await command('--version').ended).to.deep.include({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  it('refuses bad arguments with a clear message', async () => {
    const notJson = join(folder, 'text.json');
    writeFileSync(notJson, 'hello');
    const badUsers = join(folder, 'bad.json');
    writeFileSync(badUsers, '[{"user_name":"wang"}]');
    const refused: [string[], string][] = [
      [['--port', '70000'], '--port must be a whole number from 0 to 65535, not "70000".'],
      [['--latency', '1.5'], '--latency must be a whole number from 0 to 3600000, not "1.5".'],
      [['--token-lifetime', '0'], '--token-lifetime must be a whole number from 1 to 31536000, not "0".'],
      [['--users', badUsers], 'users[0].user_id is missing'],
      [['--users', notJson], `--users ${notJson} cannot be used`],
      [['--users', join(folder, 'none.json')], 'no such file'],
      [['--prot', '1'], "Unknown option '--prot'"],
      [['8899'], "Unexpected argument '8899'"],
    ];
    await Promise.all(refused.map(async ([args, message]) => {
      const { code, stdout, stderr } = await command(...args).ended;
      expect(code, args.join(' ')).to.equal(2);
      expect(stderr, args.join(' ')).to.include(message).and.to.include('See ciam-simulator --help.');
      expect(stdout, args.join(' ')).to.equal('');
    }));
  });
});
