/** The flows of `examples/`, as Import > Examples offers them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FlowNode } from '../../scripts/user-directory';
import { root } from './versions';

export { example } from '../../scripts/user-directory';

/** File names such as `01-look-up-by-mobile.json`, in order. */
export const EXAMPLES: readonly string[] = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.json')).sort();

/** An example that does nothing until a message broker is there. */
export const needsBroker = (flow: FlowNode[]): boolean => flow.some(({ type }) => type === 'mqtt-broker');

/** The one node of this type and name. */
export const nodeOf = (flow: FlowNode[], type: string, name?: string): FlowNode => {
  const [found, ...more] = flow.filter((node) => node.type === type && (name === undefined || node['name'] === name));
  if (!found || more.length > 0) throw new Error(`There are ${found ? more.length + 1 : 0} nodes of type ${type} ${name ?? ''}`);
  return found;
};
