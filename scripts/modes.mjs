// npm packs files with the modes they have: a strict umask would make another package of the same commit.
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const setModes = (path) => {
  const isFolder = statSync(path).isDirectory();
  chmodSync(path, isFolder || path.endsWith('cli.js') ? 0o755 : 0o644);
  if (isFolder) for (const name of readdirSync(path)) setModes(join(path, name));
};

const packed = ['dist', 'examples', 'package.json', ...readdirSync(root).filter((name) => /^(CHANGELOG|LICENSE|README|SECURITY)/.test(name))];
for (const name of packed) setModes(join(root, name));
