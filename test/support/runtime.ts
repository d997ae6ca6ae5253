/** A real Node-RED with this package in its palette, driven as a person would: deploy, click an inject, read the debug panel. */
import { EventEmitter } from 'node:events';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { launchNodeRed, type RuntimeEvent } from '../../scripts/node-red';
import { type FlowNode, writeFlow } from '../../scripts/user-directory';
import { userDirectory } from './package';
import { version, type Runtime } from './versions';

export type { FlowNode };

export { MAJORS, type Major } from './versions';


/** One line of the debug panel. */
export interface DebugMessage { id: string; name?: string; property?: string; msg: unknown }
export interface Status { fill?: string; shape?: string; text?: string; code?: string; category?: string }
export interface NodeSet { id: string; module: string; types: string[]; enabled: boolean; err?: string; version: string }

export interface StartOptions {
  major: Runtime;
  flows?: FlowNode[];
  /** By node id; a node of `flows` may carry its own `credentials` instead. */
  credentials?: Record<string, Record<string, string>>;
  /** Folders of further packages of nodes, by name. */
  packages?: Record<string, string>;
  /** Plain JSON, on top of quiet defaults. */
  settings?: object;
  env?: NodeJS.ProcessEnv;
}

export interface NodeRed {
  /** With a slash at the end. */
  url: string;
  userDir: string;
  pid: number;
  /** stdout and stderr so far. */
  log: () => string;
  /** What debug nodes showed so far, oldest first. Empty it as you like. */
  debug: DebugMessage[];
  /** The last status of each node. */
  status: Map<string, Status>;
  /** Resolves once the flows are started. */
  deploy: (flows: FlowNode[], type?: 'full' | 'nodes' | 'flows' | 'reload') => Promise<void>;
  flows: () => Promise<FlowNode[]>;
  nodes: () => Promise<NodeSet[]>;
  /** Clicks the button of an inject node. */
  inject: (id: string) => Promise<void>;
  /** Waits until the condition gives something; asked again whenever Node-RED says something. */
  until: <T>(condition: () => T | undefined, what?: string, timeoutMs?: number) => Promise<T>;
  /** What keeps the process busy, such as `TCPServerWrap`, one entry each. */
  resources: () => Promise<string[]>;
  /** Resolves once the process and the user directory are gone. */
  stop: () => Promise<void>;
}

const request = async (url: string, init: RequestInit): Promise<Response> => {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${url}: HTTP ${response.status} ${await response.text()}`);
  return response;
};

const writeFlows = (userDir: string, flows: FlowNode[], credentials: StartOptions['credentials']): void => {
  const own = flows.flatMap((node) => (node.credentials ? [[node.id, node.credentials] as const] : []));
  writeFlow(userDir, flows.map((node) => ({ ...node, credentials: undefined })), { ...Object.fromEntries(own), ...credentials });
};

/** The debug panel gets objects and arrays as JSON, the rest as it is. */
const decoded = ({ msg, format, ...rest }: DebugMessage & { format?: string }): DebugMessage => {
  const isJson = typeof msg === 'string' && /^(Object|error|array\[|boolean|number)/.test(format ?? '');
  return { ...rest, msg: isJson ? JSON.parse(msg) as unknown : msg };
};

const linkPackages = (userDir: string, packages: Record<string, string>): void => {
  for (const [name, folder] of Object.entries(packages)) {
    const path = join(userDir, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(folder, path, 'junction');
  }
};

export const startNodeRed = async ({ major, flows = [], credentials, packages = {}, settings, env }: StartOptions): Promise<NodeRed> => {
  const userDir = await userDirectory(major);
  const remove = (): void => rmSync(userDir, { recursive: true, force: true });
  linkPackages(userDir, packages);
  writeFlows(userDir, flows, credentials);
  const events = new EventEmitter().setMaxListeners(0);
  const debug: DebugMessage[] = [];
  const status = new Map<string, Status>();
  let deployed: string | undefined;
  let failure: string | undefined;
  let resources: string[] | undefined;
  events.on('event', ({ kind, event }: RuntimeEvent) => {
    // What has a level is a log line that the panel shows too.
    if (kind === 'comms' && event.topic === 'debug' && !('level' in event.data)) debug.push(decoded(event.data as DebugMessage));
    if (kind === 'resources') resources = event;
    if (kind === 'status') status.set(event.id, event.status);
    if (kind === 'runtime' && event.id === 'runtime-deploy') deployed = event.payload?.revision;
    if (kind === 'runtime' && event.id === 'runtime-state') failure = event.payload?.error;
  });

  const runtime = await launchNodeRed({
    ...await version(major), userDir, settings: { debugMaxLength: 1_000_000, ...settings }, events, ...(env && { env }),
  }).catch((error: unknown) => {
    remove();
    throw error;
  });

  const { url, pid, log } = runtime;

  const until: NodeRed['until'] = (condition, what = 'the awaited', timeoutMs = 15_000) =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        events.off('event', check).off('log', check);
      };
      const fail = (reason: string): void => {
        end();
        reject(new Error(`${what}: ${reason}\ndebug: ${JSON.stringify(debug, null, 1)}\nlog: …${log().slice(-2000)}`));
      };
      const check = (): void => {
        const result = condition();
        if (result === undefined) return;
        end();
        resolve(result);
      };
      const timer = setTimeout(() => fail(`not seen within ${timeoutMs} ms`), timeoutMs);
      events.on('event', check).on('log', check);
      void runtime.exited.then(() => fail('Node-RED has ended'));
      check();
    });

  return {
    url, userDir, pid, log, debug, status, until,
    deploy: async (next, type = 'full') => {
      deployed = undefined;
      const response = await request(`${url}flows`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'node-red-api-version': 'v2', 'node-red-deployment-type': type },
        body: JSON.stringify({ flows: next }),
      });
      const { rev } = await response.json() as { rev: string };
      await until(() => (deployed === rev ? true : undefined), 'the end of the deployment');
      if (failure !== undefined) throw new Error(`The flows were not started: ${failure}\n${log()}`);
    },
    flows: async () => await (await request(`${url}flows`, {})).json() as FlowNode[],
    nodes: async () => await (await request(`${url}nodes`, { headers: { accept: 'application/json' } })).json() as NodeSet[],
    inject: async (id) => {
      await request(`${url}inject/${id}`, { method: 'POST' });
    },
    resources: async () => {
      resources = undefined;
      runtime.askResources();
      return await until(() => resources, 'the list of resources');
    },
    stop: async () => {
      await runtime.stop();
      remove();
    },
  };
};
