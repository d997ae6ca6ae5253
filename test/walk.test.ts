/** The way of one lookup through the files stays one that can be followed: more back-and-forth between files shows as a change of this page. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { PAGE, page } from '../scripts/walk';

describe('docs/walk.md', () => {
  it('is up to date (npm run walk)', async () => {
    expect(readFileSync(PAGE, 'utf8')).to.equal(await page());
  });
});
