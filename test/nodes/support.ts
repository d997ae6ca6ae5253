/** Both nodes in a flow of their own, inside Node-RED's test helper: what goes in, and every way that something comes out. */
import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import helper, { type HelperNode } from 'node-red-node-test-helper';
import statusNodes from '../../nodes/ciam-status/ciam-status';
import tenantNodes from '../../nodes/ciam-tenant/ciam-tenant';
import userNodes from '../../nodes/ciam-user/ciam-user';
import type { Red, Status } from '../../nodes/shared/red';
import { translator } from '../support/catalogue';
import { ScriptedTenant } from '../support/servers';

helper.init(require.resolve('node-red'));

export { helper };
export type Message = Record<string, unknown>;
export const TOKEN = 'the-fixed-access-token-1234567890';

/** Where something arrived: an output of the lookup node, a Catch node, a Complete node. */
const PORTS = ['found', 'failed', 'caught', 'completed'] as const;
export type Port = (typeof PORTS)[number];
export interface Arrival {
  port: Port;
  message: Message;
}

export interface Flow {
  user: HelperNode;
  /** Every status that the lookup node showed so far. */
  statuses: Status[];
  /** Sends a message in. Resolves with what came out once the node is done with it. */
  send(message: Message): Promise<Arrival>;
  /** The same for a list, which may come out in two parts. */
  sendList(message: Message): Promise<Partial<Record<Port, Message>>>;
  /** Calls back with everything that arrives at a port. */
  on(port: Port, listener: (message: Message) => void): void;
  /** Resolves as soon as the condition holds; asked again whenever something arrives or a status changes. */
  until(condition: () => boolean): Promise<void>;
}

export interface Parts {
  /** Properties of the two nodes. */
  user?: object;
  tenant?: object;
  /** Of the tenant; a fixed token if it is left out. */
  credentials?: Record<string, string>;
  /** Ids of the nodes whose errors are caught; the lookup node if it is left out. */
  caught?: string[];
  /** More nodes, their credentials by id, and what registers their types. */
  more?: object[];
  moreCredentials?: Record<string, Record<string, string>>;
  types?: ((red: Red) => void)[];
}

/** What has no place on the canvas is a config node to Node-RED. */
const PLACE = { z: 'tab', x: 0, y: 0 };

export const flowOf = ({ user = {}, tenant = {}, caught = ['user'], more = [] }: Parts): object[] => [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'tenant', type: 'ciam-tenant', name: '', auth: 'token', warmUp: false, ...tenant },
  { id: 'user', type: 'ciam-user', ...PLACE, name: 'lookup', tenant: 'tenant', wires: [['found'], ['failed']], ...user },
  { id: 'catch', type: 'catch', ...PLACE, scope: caught, wires: [['caught']] },
  { id: 'complete', type: 'complete', ...PLACE, scope: ['user'], wires: [['completed']] },
  ...PORTS.map((id) => ({ id, type: 'helper', ...PLACE, wires: [] })),
  ...more,
];

export const node = (id: string): HelperNode => {
  const found = helper.getNode(id);
  if (!found) throw new Error(`There is no node "${id}".`);
  return found;
};

/** The test helper's runtime has no texts: an English one, which dialogs may ask in Chinese. */
const [english, chinese] = [translator('en-US'), translator('zh-CN')];
const texts: Red['_'] = (key, values) => (values?.lng === 'zh-CN' ? chinese : english)(key, values);
export const withTexts = (nodes: (red: Red) => void) => (red: Red): void => nodes(Object.assign(Object.create(red) as Red, { _: texts }));

export const deploy = async (parts: Parts = {}): Promise<Flow> => {
  const { credentials = { token: TOKEN }, moreCredentials = {}, types = [] } = parts;
  await helper.load([...[tenantNodes, userNodes, statusNodes].map(withTexts), ...types], flowOf(parts), { tenant: credentials, ...moreCredentials });
  return watch();
};

/** A flow whose tenant is the server. */
export const deployWith = (server: { url: string }, { tenant, ...parts }: Parts = {}): Promise<Flow> =>
  deploy({ ...parts, tenant: { domain: server.url, ...tenant } });

/** What the log has of a node: level and text. */
export const logOf = (id: string): { level: number; text: string }[] =>
  helper.log().args.filter(([entry]) => entry.id === id).map(([{ level, msg }]) => ({ level, text: String(msg) }));
export const LEVELS = { error: 20, warn: 30, info: 40 } as const;

const KEY = 'testKey';
let count = 0;
let arrivals = new Map<unknown, Arrival[]>();
const single = new Set<string>();
const lists = new Set<string>();
const servers: ScriptedTenant[] = [];

export const startServer = async (...options: Parameters<typeof ScriptedTenant.start>): Promise<ScriptedTenant> => {
  const server = await ScriptedTenant.start(...options);
  servers.push(server);
  return server;
};

/** Listens at the nodes as they are now; again after a deployment that made them anew. */
export const watch = (): Flow => {
  const events = new EventEmitter().setMaxListeners(0);
  const statuses: Status[] = [];
  const user = node('user');
  for (const port of PORTS) {
    node(port).on('input', (message: Message) => {
      const key = message[KEY];
      Reflect.deleteProperty(message, KEY);
      arrivals.set(key, [...arrivals.get(key) ?? [], { port, message }]);
      events.emit(port, message);
      events.emit('change');
    });
  }
  user.on('call:status', ({ args: [status] }: { args: [Status] }) => {
    statuses.push(status);
    events.emit('change');
  });

  const until: Flow['until'] = (condition) =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        events.off('change', check);
        resolve();
      };
      events.on('change', check);
      check();
    });
  const outcome = async (message: Message, sent: Set<string>): Promise<Arrival[]> => {
    const key = `message ${++count}`;
    sent.add(key);
    user.receive({ ...message, [KEY]: key });
    const own = (): Arrival[] => arrivals.get(key) ?? [];
    await until(() => own().some(({ port }) => port === 'completed' || port === 'caught'));
    return own();
  };

  return {
    user, statuses, until,
    on: (port, listener) => void events.on(port, listener),
    send: async (message) => {
      const [first] = (await outcome(message, single)).filter(({ port }) => port !== 'completed');
      if (!first) throw new Error('The node is done, and nothing came out.');
      return first;
    },
    sendList: async (message) => Object.fromEntries((await outcome(message, lists)).map(({ port, message: out }) => [port, out])),
  };
};

/** What is promised for every message: one outcome, and done exactly once. */
const checkExactlyOnce = (): void => {
  const ports = (key: string, ...wanted: Port[]): number => (arrivals.get(key) ?? []).filter(({ port }) => wanted.includes(port)).length;
  for (const key of [...single, ...lists]) {
    expect(ports(key, 'completed', 'caught'), `${key}: done`).to.equal(1);
    if (single.has(key)) expect(ports(key, 'found', 'failed', 'caught'), `${key}: outcomes`).to.equal(1);
    else for (const port of PORTS) expect(ports(key, port), `${key}: ${port}`).to.be.at.most(1);
  }
};

/** For `afterEach`: the nodes go first, then the servers. */
export const tearDown = async (): Promise<void> => {
  // Whatever comes out twice comes within the next turns of the event loop.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  try {
    checkExactlyOnce();
  } finally {
    arrivals = new Map();
    single.clear();
    lists.clear();
    await helper.unload();
    await Promise.all(servers.splice(0).map((server) => server.close()));
  }
};
