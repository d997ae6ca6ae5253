// Writes the examples as they are kept: one node a line, which is small to install and easy to compare.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../examples');

for (const name of readdirSync(folder, { recursive: true }).filter((file) => file.endsWith('.json'))) {
  const flow = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  writeFileSync(join(folder, name), `[\n${flow.map((node) => JSON.stringify(node)).join(',\n')}\n]\n`);
}
