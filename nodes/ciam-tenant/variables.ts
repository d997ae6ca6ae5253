/** `${NAME}` in a dialog that is not deployed yet: what a deployment would put in, as far as that can be known. */
import type { NodeConfig, Red, RedNode } from '../shared/red';

type Config = NodeConfig & { type: string };

interface Variable {
  name: string;
  value: unknown;
  type: string;
}

/** The value, or why there is none yet. */
export type Substituted = { value: unknown } | { unknown: string };

const NAME = /^\$\{([^}]+)\}$/;
/** Those of a flow file are told at once; the rest depends on a running flow. */
const PLAIN_TYPES = ['str', 'num', 'bool'];

/** Every node of the flow file, tabs, groups and subflows included. */
export const configsById = (red: Red): Map<string, Config> => {
  const configs = new Map<string, Config>();
  red.nodes.eachNode((config) => void configs.set(config.id, config));
  return configs;
};

/** Each instance of a subflow may have a value of its own: its template's is none. */
const variablesOf = ({ env, type }: Config): Variable[] =>
  (Array.isArray(env) ? (env as Variable[]).map((variable) => (type === 'subflow' ? { ...variable, type } : variable)) : []);

/** The group, flow or subflow that it stands in, then what that stands in. */
const scopes = (configs: Map<string, Config>, z: string): Config[] => {
  const chain: Config[] = [];
  for (let config = configs.get(z); config && !chain.includes(config);) {
    chain.push(config);
    const outer = config.g ?? config.z;
    config = typeof outer === 'string' ? configs.get(outer) : undefined;
  }
  return chain;
};

/** Any node that runs in this flow knows its variables as the runtime does, secret ones included. */
const nodeIn = (red: Red, configs: Map<string, Config>, z: string): RedNode | undefined => {
  const nodes = [...configs.values()].filter((config) => config.z === z && !config.g).map(({ id }) => red.nodes.getNode(id) as RedNode | null | undefined);
  return nodes.find((node) => node) ?? undefined;
};

/** As the runtime would answer for a node of this flow; without one, as for a global node. */
const fromRuntime = (red: Red, name: string, node: RedNode | undefined): unknown => {
  let result: unknown;
  red.util.evaluateNodeProperty(`\${${name}}`, 'env', node, {}, (error, found) => {
    if (!error) result = found;
  });
  return result === '' ? undefined : result;
};

/** `z`: the flow or subflow in which the node stands; '' for a global one. */
export const substituter = (red: Red, configs: Map<string, Config>, z: string, deployed: RedNode | null): ((value: unknown) => Substituted) => {
  const chain = scopes(configs, z);
  const globals = [...configs.values()].filter(({ type, d }) => type === 'global-config' && !d);
  const inSubflow = chain.some(({ type }) => type === 'subflow');
  const isKnownFlow = !z || (chain.length > 0 && !inSubflow);
  // A node that runs elsewhere, as the dialog had it before, knows the variables of there.
  const node = deployed && (deployed.z ?? '') === z ? deployed : z && !inSubflow ? nodeIn(red, configs, z) : undefined;
  const isAnswered = !inSubflow && (node !== undefined || !z);

  const declared = [...chain, ...globals].flatMap(variablesOf);

  const valueOf = (name: string, depth = 0): Substituted => {
    const found = isAnswered ? fromRuntime(red, name, node) : undefined;
    if (found !== undefined) return { value: found };
    const variable = declared.find((one) => one.name === name);
    if (variable) {
      const { type, value } = variable;
      if (PLAIN_TYPES.includes(type)) return { value };
      return type === 'env' && depth < 5 ? valueOf(String(value).replace(NAME, '$1'), depth + 1) : { unknown: name };
    }
    const outside = fromRuntime(red, name, undefined);
    return outside !== undefined || isKnownFlow ? { value: outside } : { unknown: name };
  };

  return (value) => {
    const name = typeof value === 'string' ? NAME.exec(value)?.[1] : undefined;
    if (name === undefined) return { value };
    const found = valueOf(name);
    // What nobody has set stays as it is: the settings say so.
    return 'value' in found && found.value === undefined ? { value } : found;
  };
};
