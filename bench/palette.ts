/** What this package costs while it only stands in the palette of a running Node-RED, and what its first deployment takes. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import { startEmbedded } from './embedded';
import type { PaletteJob, PaletteReport } from './job';
import { usedMemory } from './used-memory';
import { work } from './worker';

const PACKAGE = '@ciam-flows/node-red-ciam';

/** Node-RED's own loader: finds a module, reads its texts, runs its node files. */
const registryOf = (redJs: string): { addModule: (name: string) => Promise<unknown>; getNodeInfo: (type: string) => { err?: unknown } | undefined } =>
  createRequire(redJs)('@node-red/registry') as never;

/** A package of one node that does nothing: what Node-RED itself takes to add one. */
const writeEmpty = (modules: string, letter: string): string => {
  const name = `node-red-contrib-empty-${letter}`;
  const folder = join(modules, name);
  mkdirSync(folder, { recursive: true });
  const type = `empty-${letter}`;
  writeFileSync(join(folder, `${type}.js`), `module.exports = (RED) => RED.nodes.registerType('${type}', function () {});`);
  writeFileSync(join(folder, `${type}.html`), `<script type="text/javascript">RED.nodes.registerType('${type}', {});</script><script type="text/html" data-template-name="${type}"></script>`);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', keywords: ['node-red'], 'node-red': { nodes: { [type]: `${type}.js` } } }));
  return name;
};

const loaded = (): string[] => Object.keys(require.cache);

work(async ({ redJs, userDir }: PaletteJob, report) => {
  // Out of sight while Node-RED starts.
  const [modules, aside] = [join(userDir, 'node_modules'), join(userDir, 'aside')];
  if (existsSync(modules)) renameSync(modules, aside);
  const nodeRed = await startEmbedded(redJs, userDir, { flows: [], credentials: {} });
  renameSync(aside, modules);
  const registry = registryOf(redJs);
  /** In milliseconds. */
  const add = async (name: string): Promise<number> => {
    const started = performance.now();
    await registry.addModule(name);
    return performance.now() - started;
  };
  // The first one warms up the loader, as the core nodes do at a start.
  await add(writeEmpty(modules, 'a'));
  const empty = await add(writeEmpty(modules, 'b'));
  const loadedBefore = loaded();
  const before = usedMemory();
  const ours = await add(PACKAGE);
  const after = usedMemory();
  for (const type of ['ciam-tenant', 'ciam-user']) {
    const info = registry.getNodeInfo(type);
    if (!info || info.err) throw new Error(`${type} was not loaded: ${String(info?.err)}`);
  }
  const undici = loaded().filter((file) => !loadedBefore.includes(file) && file.includes(`${sep}undici${sep}`) && file.endsWith('.js'));
  if (undici.length > 0) throw new Error(`The palette has loaded undici: ${String(undici[0])}`);
  const started = performance.now();
  await nodeRed.deploy([
    { id: 'tab', type: 'tab' }, { id: 'tenant', type: 'ciam-tenant', domain: 'http://127.0.0.1:9', auth: 'token', credentials: { token: 'bench' } },
    { id: 'user', type: 'ciam-user', z: 'tab', tenant: 'tenant', wires: [[], []] },
  ]);
  const deploy = performance.now() - started;
  await nodeRed.stop();
  await report({ ours, empty, deploy, heap: after.heap - before.heap, rss: after.rss - before.rss } satisfies PaletteReport);
});
