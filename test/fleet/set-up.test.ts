/** What the pages about fleets have one type, typed: by an ordinary user of Debian. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { freePort } from '../../scripts/free-port';
import { codeBlocks } from '../support/markdown';
import { userDirectory } from '../support/package';
import { root } from '../support/versions';
import { startRedis } from './redis-server';

const EXAMPLE = join(root, 'examples/mqtt');
const HTTP_EXAMPLE = join(root, 'examples/http');
/** No folder for servers in it. */
const PATH = '/usr/local/bin:/usr/bin:/bin';

interface Ended { code: number; output: string }

/** Each line of a page's commands, by how it begins, and where it is typed; a formula or a drawing is no command. */
const COMMANDS: Record<string, [string, string][]> = {
  'examples/mqtt/README': [
    ['sudo apt-get install mosquitto', 'by whoever runs these tests: .ci/run'],
    ['npm run workers', 'command.test.ts'],
    ['mosquitto_passwd -c passwords worker', 'below'],
    ['mosquitto_passwd passwords asker', 'below'],
    ['/usr/sbin/mosquitto -c mosquitto.conf', 'below'],
  ],
  'examples/http/README': [
    ['sudo apt-get install haproxy', 'by whoever runs these tests: .ci/run'],
    ['CIAM_HTTP_PORT=8080 ', 'below'],
    ["curl 'http://127.0.0.1:8080/ciam/user", 'below'],
    ["echo 'set server spread/worker1 state drain' |", 'below, without socat: it only carries the line to the socket'],
    ["echo 'set server spread/worker1 state ready' |", 'below'],
  ],
  'docs/scale': [
    ["const Redis = require('ioredis');", 'below'],
    ['const group = ', 'nowhere, and the page says so: a variant to be built by whoever wants it'],
    ["require('node:diagnostics_channel').subscribe('ciam-flows:lookup', ", 'test/nodes/observing.test.ts: the same channel, with the same fields'],
  ],
};

for (const [name, commands] of Object.entries(COMMANDS)) for (const language of ['.md', '.zh-CN.md']) {
  describe(`the commands of ${name}${language}`, () => {
    it('are those that are typed in the tests, or stay untyped for a reason', () => {
      const blocks = codeBlocks(readFileSync(join(root, name + language), 'utf8'));
      const lines = blocks.flatMap(({ language: kind, text }) => (kind === 'sh' ? text.trim().split('\n') : kind === 'js' ? [text] : []));
      expect(lines).to.have.length(commands.length);
      commands.forEach(([begin], index) => expect(lines[index]?.startsWith(begin), lines[index]).to.equal(true));
    });
  });
}

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

  it('takes nothing that would keep the others busy', async () => {
    expect(await startBroker(commands[2] ?? '')).to.include('running');
    for (const [length, isTaken] of [[1_900_000, true], [2_100_000, false]] as const) {
      writeFileSync(join(folder, 'message'), 'x'.repeat(length));
      const { output } = await publish('mosquitto_pub -V 5 -q 1 -u asker -P of-asker -t ciam/lookup/mobile -f message');
      if (isTaken) expect(output).to.not.include('too large');
      else expect(output).to.include('Packet too large');
    }
  });
});

for (const page of ['README.md', 'README.zh-CN.md']) describe(`the load balancer, set up by ${page}`, function () {
  this.timeout(30_000);
  const lines = codeBlocks(readFileSync(join(HTTP_EXAMPLE, page), 'utf8')).filter(({ language }) => language === 'sh').map(({ text }) => text.trim().split('\n'));
  const [[, start = '', ask = ''] = [], drains = []] = lines;

  it('answers what the page asks, and lets a worker out by hand', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ciam-set-up-'));
    copyFileSync(join(HTTP_EXAMPLE, 'haproxy.cfg'), join(folder, 'haproxy.cfg'));
    const workers = await Promise.all(['first', 'second'].map(async (name) => {
      const server = createServer(({ url }, response) => void response.end(`${name} ${url}`)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }));
    const port = String(await freePort());
    const socket = join(folder, 'haproxy.sock');
    const run = (command: string): ChildProcess => {
      const [first, second] = workers.map((server) => String((server.address() as AddressInfo).port));
      const given = command.replace('8080', port).replace('1881', first ?? '').replace('1882', second ?? '');
      return spawn('/bin/sh', ['-c', given], { cwd: folder, env: { PATH, CIAM_HAPROXY_SOCKET: socket }, stdio: ['ignore', 'pipe', 'ignore'] });
    };
    const balancer = run(`exec env ${start}`);
    const exit = once(balancer, 'exit');
    try {
      while (!existsSync(socket) && balancer.exitCode === null) await new Promise(setImmediate);
      const asked = async (): Promise<string> => {
        const { stdout } = run(ask.replace('curl', 'curl --silent --show-error --retry 5 --retry-connrefused'));
        return stdout ? textOf(stdout) : '';
      };
      expect(await asked()).to.match(/^(first|second) \/ciam\/user\?mobile=15200000000$/);
      expect(drains).to.have.length(2);
      for (const [index, all] of [/^second/, /^(first|second)/].entries()) {
        const to = connect(socket);
        to.end(`${/^echo '(.*)' \| socat - "\$CIAM_HAPROXY_SOCKET"$/.exec(drains[index] ?? '')?.[1]}\n`);
        expect(await textOf(to)).to.equal('\n');
        for (let time = 0; time < 4; time++) expect(await asked()).to.match(all);
      }
    } finally {
      balancer.kill('SIGKILL');
      await exit;
      for (const server of workers) {
        server.close();
        server.closeAllConnections();
      }
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

for (const page of ['docs/scale.md', 'docs/scale.zh-CN.md']) describe(`the rate in Redis, set up by ${page}`, function () {
  this.timeout(60_000);

  it('is what the settings file of the page gives Node-RED', async () => {
    const userDir = await userDirectory(4);
    const redis = await startRedis();
    try {
      symlinkSync(join(root, 'node_modules/ioredis'), join(userDir, 'node_modules/ioredis'), 'junction');
      writeFileSync(join(userDir, 'settings.js'), codeBlocks(readFileSync(join(root, page), 'utf8')).find(({ text }) => text.includes('ciamPace'))?.text ?? '');
      // Its connection is made meanwhile, and never ends.
      writeFileSync(join(userDir, 'ask.js'), `
        const { ciamPace } = require('./settings.js');
        const ask = (calls) => ciamPace('tenant.example.com:443', calls).catch(() => new Promise(setImmediate).then(() => ask(calls)));
        const keys = () => new (require('ioredis'))(process.env.REDIS_URL).keys('*');
        ask(27).then(async (first) => console.log(JSON.stringify([first, await ask(1), await keys()]))).then(() => process.exit());`);
      const { stdout } = await promisify(execFile)(process.execPath, ['ask.js'], { cwd: userDir, env: { REDIS_URL: `redis://127.0.0.1:${redis.port}` }, timeout: 20_000 });
      const [first, second, keys] = JSON.parse(stdout) as [number, number, string[]];
      expect(first).to.equal(0);
      expect(second).to.be.within(1, 27 / 81 * 1000);
      expect(keys).to.deep.equal(['ciam-pace:tenant.example.com:443']);
    } finally {
      await redis.kill();
      rmSync(userDir, { recursive: true, force: true });
    }
  });
});
