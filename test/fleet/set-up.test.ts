/** The broker set up by the commands of `examples/mqtt/README.md`, as an ordinary user of Debian types them. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePort } from '../../scripts/free-port';
import { root } from '../support/versions';

const EXAMPLE = join(root, 'examples/mqtt');
/** No folder for servers in it. */
const PATH = '/usr/local/bin:/usr/bin:/bin';

interface Ended { code: number; output: string }

for (const page of ['README.md', 'README.zh-CN.md']) describe(`the broker, set up by ${page}`, function () {
  this.timeout(30_000);
  const text = readFileSync(join(EXAMPLE, page), 'utf8');
  const commands = /```sh\n(mosquitto_passwd .*?\n)```/s.exec(text)?.[1]?.trim().split('\n') ?? [];
  const check = /`(mosquitto_pub -u worker -P wrong .*?)`/.exec(text)?.[1] ?? '';
  let folder: string;
  let port: number;
  const brokers: ChildProcess[] = [];

  /** Everything but the port is as the page has it. */
  const run = (command: string, input = ''): Promise<Ended> => new Promise((resolve) => {
    const child = execFile('/bin/sh', ['-c', command], { cwd: folder, env: { PATH } }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr });
    });
    if (input !== '') child.stdin?.write(input);
    child.stdin?.end();
  });
  const publish = (command: string): Promise<Ended> => run(command.replace('mosquitto_pub', `mosquitto_pub -p ${port}`));
  /** Resolves once it takes connections, or has ended. */
  const startBroker = async (command: string): Promise<string> => {
    const child = spawn('/bin/sh', ['-c', `exec ${command}`], { cwd: folder, env: { PATH }, stdio: ['ignore', 'ignore', 'pipe'] });
    brokers.push(child);
    let log = '';
    for await (const part of child.stderr.setEncoding('utf8')) {
      log += String(part);
      if (/version \S+ running/.test(log)) {
        child.stderr.resume();
        return log;
      }
    }
    return log;
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ciam-set-up-'));
    chmodSync(folder, 0o755);
    port = await freePort();
    copyFileSync(join(EXAMPLE, 'acl'), join(folder, 'acl'));
    const configuration = readFileSync(join(EXAMPLE, 'mosquitto.conf'), 'utf8');
    writeFileSync(join(folder, 'mosquitto.conf'), configuration.replace('\nlistener 1883 127.0.0.1\n', `\nlistener ${port} 127.0.0.1\n`));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(async () => {
    for (const child of brokers.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exit = once(child, 'exit');
      child.kill();
      await exit;
    }
  });

  it('needs the two accounts that the commands make', async () => {
    expect(commands).to.have.length(3);
    for (const [index, password] of ['of-worker', 'of-asker'].entries()) {
      expect(await run(commands[index] ?? '', `${password}\n${password}\n`)).to.deep.include({ code: 0 });
    }
    // Started by root it reads the file as a user of its own: the page says that this one must be able to.
    chmodSync(join(folder, 'passwords'), 0o644);
    expect(readFileSync(join(folder, 'passwords'), 'utf8').match(/^\w+/gm)).to.deep.equal(['worker', 'asker']);
  });

  it('does not start while the broker of the distribution holds the port, and the check tells that one', async () => {
    // Without a file of its own, as Debian's: everybody on this machine may do everything.
    expect(await startBroker(`/usr/sbin/mosquitto -p ${port}`)).to.include('running');
    expect(await startBroker(commands[2] ?? '')).to.include('Address already in use').and.not.include('running');
    expect(await publish(check), 'any password is right there').to.deep.include({ code: 0 });
  });

  it('is found outside the path, and refuses a wrong password, nobody, and what an account may not do', async () => {
    expect(await run('command -v mosquitto'), 'the path of an ordinary user').to.deep.include({ output: '' });
    expect(await startBroker(commands[2] ?? '')).to.include('running');
    const { code, output } = await publish(check);
    expect(output).to.include('not authorised');
    expect(code).to.not.equal(0);
    expect((await publish(check.replace('-u worker -P wrong', ''))).output).to.include('not authorised');
    expect(await publish(check.replace('-P wrong', '-P of-worker'))).to.deep.equal({ code: 0, output: '' });
    // What the file "acl" says, at MQTT 5 with an answer.
    const asked = (account: string, topic: string): Promise<Ended> =>
      publish(`mosquitto_pub -V 5 -q 1 -u ${account} -P of-${account} -t ${topic} -m x`);
    expect((await asked('asker', 'ciam/lookup/mobile')).output).to.not.include('Not authorized');
    expect((await asked('worker', 'ciam/lookup/mobile')).output).to.include('Not authorized');
    expect((await asked('asker', 'ciam/reply/asker')).output).to.include('Not authorized');
  });
});
