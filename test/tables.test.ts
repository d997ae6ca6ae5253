/** What `npm run tables` writes is in the files. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { files } from '../scripts/tables';
import { NUMBER_NAMES } from '../src/settings/schema';

const root = resolve(__dirname, '..');

describe('tables', () => {
  for (const [path, text] of files()) {
    it(`of ${path} are up to date: npm run tables`, () => {
      expect(readFileSync(join(root, path), 'utf8')).to.equal(text);
    });
  }

  it('show every number of a tenant', () => {
    for (const [path, text] of files()) {
      if (path.startsWith('docs/reference')) for (const name of NUMBER_NAMES) expect(text.split(`\n| \`${name}\` |`), `${path} ${name}`).to.have.length(2);
    }
  });
});
