/** `npm start`, as a person runs it. */
import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXAMPLES, example, needsBroker } from '../support/examples';
import { isAlive, root } from '../support/versions';

describe('npm start', () => {
  let folder: string;
  let child: ChildProcess | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'try-start-'));
  });
  afterEach(() => {
    // A process group of its own: whatever a failed test left goes with it.
    if (child?.pid !== undefined && isAlive(-child.pid)) process.kill(-child.pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs it with the given port, and waits for the address. */
  const start = async (command: string, args: string[], port: string): Promise<{ url: string; output: () => string; closed: Promise<unknown> }> => {
    let output = '';
    const started = spawn(command, args, { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TMPDIR: folder, PORT: port } });
    child = started;
    // Only when everyone who writes to its output is gone.
    const closed = once(started, 'close');
    const url = await new Promise<string>((resolve, reject) => {
      for (const stream of [started.stdout, started.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
          const found = /http:\/\/[\d.]+:\d+\//.exec(output)?.[0];
          if (found && output.includes('Ctrl+C')) resolve(found);
        });
      }
      closed.then(() => reject(new Error(`It ended:\n${output}`)), reject);
    });
    return { url, output: () => output, closed };
  };

  const userDirectories = (): string[] => readdirSync(folder).filter((name) => name.startsWith('node-red-ciam-'));

  const expectNothingLeft = async (url: string): Promise<void> => {
    expect(userDirectories()).to.deep.equal([]);
    const refused = await fetch(url).then(() => null, (error: unknown) => (error as { cause?: { code?: string } }).cause?.code);
    expect(refused).to.equal('ECONNREFUSED');
  };

  it('shows the examples on the built package, and leaves nothing when it is told to end', async () => {
    const { url, output, closed } = await start('npm', ['start'], '0');
    expect(output()).to.contain(`${url}ciam/help-desk`);
    expect(userDirectories()).to.have.length(1);
    const get = async (path: string): Promise<unknown> => await (await fetch(`${url}${path}`, { headers: { accept: 'application/json' } })).json();
    const sets = await get('nodes') as { types: string[]; err?: string }[];
    for (const type of ['ciam-tenant', 'ciam-user']) {
      expect(sets.find(({ types }) => types.includes(type)), type).to.be.an('object').that.does.not.have.property('err');
    }
    const tabs = (await get('flows') as { type: string; label: string }[]).filter(({ type }) => type === 'tab').map(({ label }) => label);
    expect(tabs).to.deep.equal(EXAMPLES.map(example).filter((flow) => !needsBroker(flow)).map((flow) => flow.find(({ type }) => type === 'tab')?.['label']));
    expect(await get('ciam/user?mobile=13800001111')).to.have.property('user_name', 'zhangsan');
    child?.kill('SIGTERM');
    await closed;
    await expectNothingLeft(url);
  });

  it('takes the next free port and says so; Ctrl+C ends it', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      const { url, output, closed } = await start(process.execPath, ['--import', 'tsx', 'scripts/start.ts'], String(port));
      expect(Number(new URL(url).port)).to.be.above(port);
      expect(output()).to.contain(`Port ${port} is taken: using ${new URL(url).port}.`);
      // A terminal sends it to the whole process group.
      process.kill(-(child?.pid ?? 0), 'SIGINT');
      expect(await closed).to.deep.equal([0, null]);
      await expectNothingLeft(url);
      expect(isAlive(-(child?.pid ?? 0)), 'a process of the group').to.equal(false);
    } finally {
      other.close();
    }
  });

  it('refuses a port that is none', async () => {
    const error = await start(process.execPath, ['--import', 'tsx', 'scripts/start.ts'], 'http').then(() => null, String);
    expect(error).to.contain('PORT must be a number from 0 to 65535, not "http".');
    expect(userDirectories()).to.deep.equal([]);
  });
});
