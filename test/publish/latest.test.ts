/** The scorecard's questions that only the registry can answer: P06 and D03, ranges take the latest release. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { npm, root } from '../support/versions';

const view = async (spec: string, field: string): Promise<unknown> => JSON.parse(await npm(process.execPath, ['view', spec, field, '--json'], root));

describe('ranges', () => {
  const { dependencies, 'node-red': { version } } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as
    { dependencies: Record<string, string>; 'node-red': { version: string } };

  for (const [name, range] of Object.entries({ ...dependencies, 'node-red': version })) {
    it(`${name} ${range} takes the latest release`, async () => {
      const [latest, accepted] = await Promise.all([view(name, 'dist-tags.latest'), view(`${name}@${range}`, 'version')]);
      expect([accepted].flat()).to.include(latest);
    });
  }
});
