/** Two real Node-RED in one process, one Chinese and one English: whatever one of them says is in its own language. */
import { execFile } from 'node:child_process';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { freePort } from '../../scripts/free-port';
import { type FlowNode, writeFlow } from '../../scripts/user-directory';
import { userDirectory } from '../support/package';
import { MAJORS, type Major, version } from '../support/versions';
import type { Heard, Place } from './programs/two-runtimes';

const run = promisify(execFile);
const MODULE = 'node_modules/@ciam-flows/node-red-ciam';
const isChinese = (text: string): boolean => /\p{Script=Han}/u.test(text);
const PLACE = { z: 'tab', x: 100, y: 100 };

/** The demo tenant answers the messages; the other one is away. */
const flowOf = (nobody: number): FlowNode[] => [
  { id: 'tab', type: 'tab', label: 'Two' },
  { id: 'tenant', type: 'ciam-tenant', name: '', demo: true },
  { id: 'user', type: 'ciam-user', ...PLACE, tenant: 'tenant', wires: [['out'], ['out']] },
  { id: 'out', type: 'debug', ...PLACE, active: false, wires: [] },
  { id: 'away', type: 'ciam-tenant', name: '', auth: 'client-credentials', domain: `127.0.0.1:${nobody}`, timeout: 2 },
  { id: 'bare', type: 'ciam-user', ...PLACE, tenant: '', wires: [['out'], ['out']] },
  { id: 'status', type: 'ciam-status', ...PLACE, tenant: 'away', wires: [['told']] },
  { id: 'told', type: 'debug', ...PLACE, active: false, wires: [] },
];

/** What they said, in the order of `MAJORS`. The language of one is in its settings, that of the other in the environment. */
const together = async (chinese: Major, shared: boolean): Promise<{ copies: number; heard: Heard[] }> => {
  const nobody = await freePort();
  const places: Place[] = [];
  for (const major of MAJORS) {
    const userDir = await userDirectory(major);
    writeFlow(userDir, flowOf(nobody), { away: { clientId: 'an-id', clientSecret: 'a-secret' } });
    places.push({ redJs: (await version(major)).redJs, userDir, ...(major === 4 && { lang: chinese === 4 ? 'zh-CN' : 'en-US' }) });
  }
  const [first, second] = places;
  if (shared && first && second) {
    rmSync(join(second.userDir, MODULE), { recursive: true });
    symlinkSync(join(first.userDir, MODULE), join(second.userDir, MODULE), 'junction');
  }
  const env = { ...process.env, LANG: chinese === 4 ? 'en_US.UTF-8' : 'zh_CN.UTF-8', LC_ALL: undefined, LC_MESSAGES: undefined };
  const { node } = await version(5);
  const { stdout } = await run(node, ['--import', 'tsx', join(__dirname, 'programs/two-runtimes.ts'), JSON.stringify(places)], { timeout: 60_000, env });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { copies: number; heard: Heard[] };
};

for (const [chinese, shared] of [[4, false], [5, true]] as const) {
  describe(`Node-RED 4 and 5 in one process, ${chinese} in Chinese, ${shared ? 'with one copy of the package' : 'each with a copy of its own'}`, () => {
    let copies: number;
    let heard: [major: Major, heard: Heard][];
    before(async () => {
      const all = await together(chinese, shared);
      ({ copies } = all);
      heard = all.heard.map((one, index) => [MAJORS[index] ?? 4, one]);
    });

    it('is what runs', () => {
      expect(heard).to.have.length(2);
      expect(copies).to.equal(shared ? 1 : 2);
    });

    it('say in messages what happened, each in its language', () => {
      for (const [major, { said }] of heard) {
        expect(said.map(({ code }) => code)).to.deep.equal(['CIAM.INPUT', 'IDAAS.TENANT.USER.0020', 'IDAAS.TENANT.USER.0001', 'CIAM.INPUT', 'IDAAS.TENANT.MOBILE.0002', 'CIAM.INPUT', 'CIAM.INPUT']);
        for (const text of said.flatMap(({ message, advice }) => [message, advice])) expect(isChinese(text), `${major}: ${text}`).to.equal(major === chinese);
      }
    });

    it('write their logs, each in its language', () => {
      for (const [major, { log }] of heard) {
        for (const [part, count] of [['127.0.0.1:', 2], ['demo', 1], ['CIAM.CONFIG', 1]] as const) expect(log.filter((line) => line.includes(part)), part).to.have.length(count);
        for (const line of log) expect(isChinese(line), `${major}: ${line}`).to.equal(major === chinese);
      }
    });

    it('tell the same events', () => {
      for (const [, { told }] of heard) expect(told).to.deep.equal(['unknown', 'unreachable', 'failing']);
    });

    it('answer a dialog in the language of its browser', () => {
      for (const [, { tried }] of heard) {
        expect(tried.map(({ code }) => code)).to.deep.equal(['IDAAS.TENANT.USER.0001', 'IDAAS.TENANT.USER.0001']);
        expect(tried.map(({ message, advice }) => [isChinese(message), isChinese(advice)])).to.deep.equal([[true, true], [false, false]]);
      }
    });
  });
}
