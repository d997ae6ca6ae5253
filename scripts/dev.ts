/**
 * `npm run dev`: Node-RED on a user directory that is kept (`.cache/dev`), built and started again whenever `src` or
 * `nodes` change; the editor in the browser reloads itself. Flows that are deployed there stay for the next time.
 */
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdirSync, watch, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { launchNodeRed, type Launched } from './node-red';
import { example, linkPackage, writeFlow } from './user-directory';

const root = resolve(__dirname, '..');
const userDir = join(root, '.cache/dev');
const uiPort = Number(process.env['PORT'] ?? 1880);
/** An editor saves a file in several steps, a branch is switched in many. */
const QUIET_MS = 200;

/** Runs in the editor's page: reloads it when Node-RED was away and is back. */
const RELOAD = `
let away = false;
setInterval(() => fetch('settings', { cache: 'no-store' }).then(() => { if (away) location.reload(); }, () => { away = true; }), 500);
`;

const prepare = (): string => {
  mkdirSync(userDir, { recursive: true });
  if (!existsSync(join(userDir, 'node_modules/@ciam-flows'))) linkPackage(userDir);
  if (!existsSync(join(userDir, 'flows.json'))) writeFlow(userDir, example('01-look-up-by-mobile.json'));
  const script = join(userDir, 'reload.js');
  writeFileSync(script, RELOAD);
  return script;
};

/** False when the code does not compile; the reasons are on screen then. */
const built = async (): Promise<boolean> => {
  const [code] = await once(spawn(process.execPath, ['--import', 'tsx', join(root, 'scripts/build.ts')], { cwd: root, stdio: 'inherit' }), 'close') as [number | null];
  return code === 0;
};

const start = async (script: string): Promise<Launched> => {
  const events = new EventEmitter();
  events.on('log', (text: string) => process.stdout.write(text));
  return await launchNodeRed({
    redJs: require.resolve('node-red/red.js'), userDir, events,
    settings: { uiPort, editorTheme: { tours: false, page: { scripts: [script] } } },
  });
};

const main = async (): Promise<void> => {
  const script = prepare();
  let nodeRed = await built() ? await start(script) : null;
  let timer: NodeJS.Timeout | undefined;
  let work = Promise.resolve();

  const again = async (): Promise<void> => {
    console.log('\nChanged: building and starting again …');
    if (!await built()) return console.log('Not started again: mend the errors above.');
    await nodeRed?.stop();
    nodeRed = await start(script);
  };
  const watchers = ['src', 'nodes'].map((folder) => watch(join(root, folder), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      work = work.then(again).catch((error: unknown) => console.error(error));
    }, QUIET_MS);
  }));

  const stop = async (): Promise<void> => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
    await work;
    await nodeRed?.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
};

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
