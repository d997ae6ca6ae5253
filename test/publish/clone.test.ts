/** A clone installs with the npm that comes with each Node.js: 10 with Node.js 20 and 22, 11 with 24. They read a lock file differently. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npm, root } from '../support/versions';

describe('lock file', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'lock-file-'));
    for (const file of ['package.json', 'package-lock.json']) cpSync(join(root, file), join(folder, file));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const version of ['10.2.3', '10', '11']) {
    it(`npm ${version} installs from it`, async () => {
      await npm(process.execPath, ['exec', '--yes', `npm@${version}`, '--', 'ci', '--dry-run', '--ignore-scripts'], folder);
    });
  }
});
