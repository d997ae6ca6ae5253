/** The page "Test your flow" as a stranger follows it: a fresh project, the packed package, its code as it stands. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { codeBlocks } from '../support/markdown';
import { tarball } from '../support/package';
import { npm, root, version } from '../support/versions';

const run = promisify(execFile);
const PACKAGE = '@ciam-flows/node-red-ciam';
const blocksOf = (page: string): ReturnType<typeof codeBlocks> => codeBlocks(readFileSync(join(root, page), 'utf8'));

describe('recipe "Test your flow"', () => {
  const blocks = blocksOf('docs/testing-your-flow.md');
  const [setUp = '', flow = '', test = '', start = ''] = blocks.map(({ text }) => text);
  let project: string;
  before(() => { project = mkdtempSync(join(tmpdir(), 'recipe-')); });
  after(() => rmSync(project, { recursive: true, force: true }));

  it('is set-up, flow, test and start, with the same flow in both languages', () => {
    expect(blocks.map(({ language }) => language)).to.deep.equal(['sh', 'json', 'js', 'sh']);
    expect(blocksOf('docs/testing-your-flow.zh-CN.md')[1]).to.deep.equal(blocks[1]);
  });

  it('runs in a fresh project', async () => {
    const { node } = await version(5);
    const packed = await tarball();
    for (const line of setUp.trim().split('\n')) {
      const [command, ...args] = line.split(' ');
      expect(command).to.equal('npm');
      await npm(node, args.map((arg) => (arg === PACKAGE ? packed : arg)), project);
    }
    mkdirSync(join(project, 'test'));
    writeFileSync(join(project, 'flow.json'), flow);
    writeFileSync(join(project, 'test/flow.test.js'), test);
    const [command = '', ...args] = start.trim().split(' ');
    const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` };
    const { stdout } = await run(command, args, { cwd: project, env, shell: process.platform === 'win32' });
    expect(stdout).to.match(/^ +4 passing/m);
  });
});
