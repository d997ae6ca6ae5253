import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { example, nodeOf } from '../support/examples';
import { tarball } from '../support/package';
import { isAlive, root } from '../support/versions';

const BUTTON = nodeOf(example('09-ask-the-mqtt-workers.json'), 'inject', '90 questions').id;

const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => /^ciam-(workers|broker)-/.test(name));

const pidsIn = (output: string): number[] => [...output.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
const sum = (numbers: number[]): number => numbers.reduce((total, each) => total + each, 0);

describe('npm run workers', function () {
  this.timeout(90_000);

  it('starts three workers that share the questions of one click, and leaves nothing behind', async () => {
    await tarball(); // built, if it was not
    const before = leftovers();
    const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'scripts/workers.ts')], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    let output = '';
    try {
      await new Promise<void>((resolve, reject) => {
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          output += text;
          if (output.includes('Ctrl+C')) resolve();
        });
        child.once('exit', () => reject(new Error(`It ended.\n${output}`)));
      });
      expect(pidsIn(output)).to.have.length(3);
      const table = /\S+ciam\/workers/.exec(output)?.[0] ?? '';
      const click = await fetch(new URL(`/inject/${BUTTON}`, table), { method: 'POST' });
      expect(click.status).to.equal(200);

      const found = async (): Promise<number[]> =>
        [...(await (await fetch(table)).text()).matchAll(/<td>ready<\/td>(?:<td>[^<]*<\/td>){3}<td>(\d+)<\/td>/g)].map(([, count]) => Number(count));
      let shares: number[] = [];
      // Each page takes three calls over HTTP: no pause is needed.
      for (let page = 1; page <= 300 && sum(shares) < 90; page++) shares = await found();
      expect(shares, output).to.deep.equal([30, 30, 30]);
    } finally {
      child.kill('SIGINT');
      await exit;
    }
    expect(child.exitCode).to.equal(0);
    expect(pidsIn(output).filter(isAlive)).to.deep.equal([]);
    expect(leftovers()).to.deep.equal(before);
  });
});
