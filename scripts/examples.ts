/**
 * `npm run examples`: writes the examples as they are kept, after a change in the editor. Short to install, easy to compare:
 * one node a line, short ids, and no property that the editor takes for granted. A test says whether they are up to date.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { example, type FlowNode } from './user-directory';

const folder = resolve(__dirname, '../examples');

/** Nodes of Node-RED that do not say this mean it, as those of its older versions do. */
const TAKEN_FOR_GRANTED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  tab: { disabled: false, info: '', env: [] },
  inject: { crontab: '', once: false, onceDelay: 0.1, topic: '' },
  debug: { console: false, tostatus: false, statusVal: '', statusType: 'auto' },
  function: { timeout: '', noerr: 0, initialize: '', finalize: '', libs: [] },
  'http in': { upload: false, swaggerDoc: '' },
  switch: { repair: false },
  join: { accumulate: false, reduceRight: false, reduceExp: '', reduceInit: '', reduceInitType: '', reduceFixup: '' },
};

const said = (node: FlowNode): FlowNode => {
  const granted = TAKEN_FOR_GRANTED[node.type] ?? {};
  return Object.fromEntries(Object.entries(node).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(granted[name]))) as FlowNode;
};

/** The number of the example and that of the node, so that all examples fit into one Node-RED. A new node gets the next number. */
const shortIds = (flow: FlowNode[], prefix: string): Map<unknown, string> => {
  let last = Math.max(0, ...flow.filter(({ id }) => id.startsWith(prefix)).map(({ id }) => Number(id.slice(prefix.length))));
  return new Map(flow.map(({ id }) => [id, id.startsWith(prefix) ? id : `${prefix}${last += 1}`]));
};

const kept = (name: string): string => {
  const flow = example(name);
  const ids = shortIds(flow, `c${/^\d+|^d/.exec(name)?.[0] ?? ''}-`);
  const lines = flow.map((node) => JSON.stringify(said(node), (_key, value: unknown) => ids.get(value) ?? value));
  return `[\n${lines.join(',\n')}\n]\n`;
};

/** Every example, as it is to be. */
export const files = (): Map<string, string> => new Map(
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json')).map((name) => [join(folder, name), kept(name)]));

if (require.main === module) for (const [path, text] of files()) writeFileSync(path, text);
