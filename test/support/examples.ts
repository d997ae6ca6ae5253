/** The flows of `examples/`, as Import > Examples offers them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FlowNode } from '../../scripts/user-directory';
import { anchors } from './markdown';
import { root } from './versions';

export { example } from '../../scripts/user-directory';

/** File names such as `01-look-up-by-mobile.json`, in order. */
export const EXAMPLES: readonly string[] = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.json')).sort();

/** The only one that needs nodes of others. */
export const DASHBOARD = 'dashboard/look-up-a-user.json';

/** The page has its title, then one part for each example. */
const placeOf = (file: string): number => 1 + [...EXAMPLES, DASHBOARD].indexOf(file);

/** What `docs/examples.md` says of an example: each of its buttons, and what it gives. */
export const sectionOf = (file: string): string =>
  readFileSync(join(root, 'docs/examples.md'), 'utf8').split(/^(?=##? )/m)[placeOf(file)] ?? '';

/** Where the comment of an example leads to, in `docs/examples.md` or its Chinese twin. */
export const anchorOf = (file: string, page: string): string => anchors(readFileSync(join(root, page), 'utf8'))[placeOf(file)] ?? '';

/** An example that does nothing until a message broker is there. */
export const needsBroker = (flow: FlowNode[]): boolean => flow.some(({ type }) => type === 'mqtt-broker');

/** The one node of this type and name. */
export const nodeOf = (flow: FlowNode[], type: string, name?: string): FlowNode => {
  const [found, ...more] = flow.filter((node) => node.type === type && (name === undefined || node['name'] === name));
  if (!found || more.length > 0) throw new Error(`There are ${found ? more.length + 1 : 0} nodes of type ${type} ${name ?? ''}`);
  return found;
};
