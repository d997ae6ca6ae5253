// Installs the dependencies when they are missing or older than the lock file,
// so that `npm start` and `npm test` need nothing before them. Plain JavaScript: it runs before tsx is there,
// and where Node.js is too old for the tools (mocha, eslint, c8).
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const changed = (file) => statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19) || (major === 22 && minor < 13)) {
  console.error(`A clone needs Node.js 20.19 or later (of 22: 22.13 or later), and this is ${process.versions.node}.`);
  process.exit(1);
}

if (changed('node_modules/.package-lock.json') < changed('package-lock.json')) {
  console.log('Installing dependencies (npm ci) …');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  process.exitCode = status ?? 1;
}
