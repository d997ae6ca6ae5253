/** Example 09 as a test asks it: many questions at once, and a count of what came out. */
import { example, nodeOf } from '../support/examples';
import type { FlowNode, Major, NodeRed } from '../support/runtime';
import { type Cluster, connected } from './cluster';

const ASKER = example('09-ask-the-mqtt-workers.json');

/** Since this Node-RED was started. */
export interface Tally {
  /** Questions that had their first answer. */
  answered: number;
  /** Answers with the user that was asked for. */
  right: number;
  /** Answers with another one. */
  wrong: number;
  /** More than one answer to a question. */
  twice: number;
  /** Answers that were failures, by code. */
  failed: Record<string, number>;
  /** Answers by worker. */
  workers: Record<string, number>;
  /** From the first question to the last answer. */
  ms: number;
}

/** The tab's environment variables. */
export interface Rules { WINDOW?: number; ASK_AGAIN_AFTER?: number; DEADLINE?: number }

export const fn = (id: string, z: string, func: string, wires: string[][]): FlowNode => ({ id, type: 'function', z, func, outputs: wires.length, wires });

const GO = 'test-go';
const FIRST_MOBILE = 13_900_000_000;

/** Numbers repeat after `users`; the index of a question never does. */
const questions = (from: number, count: number, users: number): string => `
const now = Date.now();
global.set('tally', { answered: 0, right: 0, wrong: 0, twice: 0, failed: {}, workers: {}, ms: 0, since: now, of: ${count} });
return [Array.from({ length: ${count} }, (_, i) => {
  const value = String(${FIRST_MOBILE} + i % ${users});
  return { by: 'mobile', payload: value, index: ${from} + i, value };
})];`;

/** Says how it stands after every `every` answers. */
const tally = (every: number): string => `
const seen = global.get('seen') ?? new Set();
global.set('seen', seen);
const tally = global.get('tally');
if (seen.has(msg.index)) tally.twice++;
seen.add(msg.index);
tally.answered++;
if (msg.error) tally.failed[msg.error.code] = (tally.failed[msg.error.code] ?? 0) + 1;
else if (msg.payload.user_id === 'id-' + msg.value && msg.payload.mobile === msg.value && msg.lookup.value === msg.value) tally.right++;
else tally.wrong++;
if (msg.worker) tally.workers[msg.worker] = (tally.workers[msg.worker] ?? 0) + 1;
tally.ms = Date.now() - tally.since;
if (tally.answered % ${every} === 0 || tally.answered >= tally.of) return { payload: tally };`;

export const ASK = nodeOf(ASKER, 'function', 'ask').id;
export const TAB = nodeOf(ASKER, 'tab').id;

/** Without its buttons; both outcomes go to one node of the test's. */
export const askerFlows = (rules: Rules, outcomes: string): FlowNode[] => {
  const shown = ASKER.filter(({ type }) => type === 'debug').map(({ id }) => id);
  const buttons = ASKER.filter(({ type, repeat }) => type === 'inject' && repeat === '').map(({ id }) => id);
  return ASKER.filter(({ id }) => !shown.includes(id) && !buttons.includes(id)).map((node) => {
    if (node.type === 'tab') {
      const env = (node['env'] as { name: keyof Rules; value: string }[]).map((variable) => ({ ...variable, value: String(rules[variable.name] ?? variable.value) }));
      return { ...node, env };
    }
    const wires = node['wires'] as string[][] | undefined;
    return wires ? { ...node, wires: wires.map((to) => to.map((id) => (shown.includes(id) ? outcomes : id))) } : node;
  });
};

const flows = (rules: Rules, from: number, count: number, users: number, every: number): FlowNode[] => [
  ...askerFlows(rules, 'test-tally'),
  { id: GO, type: 'inject', z: TAB, props: [], repeat: '', once: false, wires: [['test-questions']] },
  fn('test-questions', TAB, questions(from, count, users), [[ASK]]),
  fn('test-tally', TAB, tally(every), [['test-debug']]),
  { id: 'test-debug', type: 'debug', z: TAB, active: true, tosidebar: true, complete: 'payload', targetType: 'msg' },
];

export interface Run {
  /** Resolves once so many questions are answered. */
  until: (answered: number, timeoutMs?: number) => Promise<Tally>;
}

export interface Asker {
  nodeRed: NodeRed;
  ask: (count: number, options?: { rules?: Rules; every?: number }) => Promise<Run>;
}

export const startAsker = async (major: Major, cluster: Cluster, users: number): Promise<Asker> => {
  const nodeRed = await cluster.start(major, 'asker', flows({}, 0, 0, users, 1));
  let asked = 0;
  return {
    nodeRed,
    ask: async (count, { rules = {}, every = count } = {}) => {
      nodeRed.debug.length = 0;
      await nodeRed.deploy(flows(rules, asked, count, users, every));
      await connected(nodeRed, ASKER);
      asked += count;
      await nodeRed.inject(GO);
      return {
        until: (answered, timeoutMs = 90_000) =>
          nodeRed.until(() => nodeRed.debug.map(({ msg }) => msg as Tally).find((one) => one.answered >= answered), `${answered} answers`, timeoutMs),
      };
    },
  };
};
