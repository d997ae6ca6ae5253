/** What a company runs, on one machine: a broker, a tenant, workers and an asker, each a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Broker, startBroker } from '../../scripts/broker';
import { mqttCredentials } from '../../scripts/user-directory';
import { example, nodeOf } from '../support/examples';
import { type FlowNode, MAJORS, type Major, type NodeRed, startNodeRed } from '../support/runtime';
import { root } from '../support/versions';

const PASSWORDS = { worker: 'worker-password', asker: 'asker-password', stranger: 'stranger-password' };
export type Account = keyof typeof PASSWORDS;
/** Core's MQTT nodes try again every 5 s otherwise. */
const SETTINGS = { mqttReconnectTime: 1000 };

export const WORKER = example('08-mqtt-worker.json');
const SHARE = nodeOf(WORKER, 'function', 'in or out of the share').id;

export const withProperties = (flows: FlowNode[], id: string, properties: object): FlowNode[] =>
  flows.map((node) => (node.id === id ? { ...node, ...properties } : node));

/** No two have the same number: an answer to somebody else's question cannot go unnoticed. */
export const mobileOf = (index: number): string => String(13_900_000_000 + index);

interface Simulator { url: string; stop: () => Promise<void> }

const startSimulator = async (folder: string, users: number, latencyMs: number): Promise<Simulator> => {
  const file = join(folder, 'users.json');
  writeFileSync(file, JSON.stringify(Array.from({ length: users }, (_, index) => ({ user_id: `id-${mobileOf(index)}`, mobile: mobileOf(index), user_name: `user${index}` }))));
  const child: ChildProcess = spawn(process.execPath, [
    '--import', 'tsx', join(root, 'src/simulator/cli.ts'), '--port', '0', '--latency', String(latencyMs), '--users', file,
  ], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const address = /listening on (\S+)\n/.exec(output)?.[1];
      if (address !== undefined) resolve(address);
    });
    child.once('exit', (code) => reject(new Error(`The tenant ended with exit code ${String(code)}.`)));
  });
  return {
    url,
    stop: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
};

/** Resolves once the broker has taken this Node-RED's connection. */
export const connected = async (nodeRed: NodeRed, flows: FlowNode[]): Promise<void> => {
  const ids = flows.filter(({ type }) => type === 'mqtt in' || type === 'mqtt out').map(({ id }) => id);
  await nodeRed.until(() => ids.every((id) => nodeRed.status.get(id)?.fill === 'green') || undefined, 'the connection to the broker');
};

/** Resolves once a worker takes questions, or has left the share. */
export const inShare = async (worker: NodeRed, isIn = true): Promise<void> => {
  await worker.until(() => worker.status.get(SHARE)?.fill === (isIn ? 'green' : 'red') || undefined, isIn ? 'a worker in the share' : 'a worker outside the share', 40_000);
};

export interface Cluster {
  /** For what a test needs besides; it ends with the cluster. */
  folder: string;
  broker: Broker;
  /** Its address. */
  tenant: string;
  /** Starts or stops workers until there are so many; the first, third … run on Node-RED 4.1, the others on 5.0. */
  workers: (count: number) => Promise<NodeRed[]>;
  /** For what a test ended itself. */
  forget: (worker: NodeRed) => void;
  launch: (major: Major, account: Account, flows: FlowNode[], env?: NodeJS.ProcessEnv) => Promise<NodeRed>;
  /** The same, and resolves when the broker has taken its connection. */
  start: Cluster['launch'];
  stop: () => Promise<void>;
}

export interface ClusterOptions {
  users?: number;
  latencyMs?: number;
  worker?: FlowNode[];
  /** Lookups a second for each worker; 0 = no limit. */
  rate?: number;
}

export const startCluster = async ({ users = 100, latencyMs = 0, worker = WORKER, rate = 0 }: ClusterOptions = {}): Promise<Cluster> => {
  const folder = mkdtempSync(join(tmpdir(), 'ciam-mqtt-'));
  const brokerFolder = mkdtempSync(join(tmpdir(), 'ciam-broker-'));
  const ends: (() => Promise<void>)[] = [];
  const nodeReds: NodeRed[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all([...workers, ...nodeReds].map(async (one) => {
      await one?.stop();
    }));
    for (const end of ends.reverse()) await end();
    for (const each of [folder, brokerFolder]) rmSync(each, { recursive: true, force: true });
  };
  let workers: (NodeRed | null)[] = [];
  let started = 0;
  try {
    const broker = await startBroker(brokerFolder, PASSWORDS);
    ends.push(broker.stop);
    const simulator = await startSimulator(folder, users, latencyMs);
    ends.push(simulator.stop);

    const begin = (major: Major, account: Account, flows: FlowNode[], name: string, env: NodeJS.ProcessEnv = {}): Promise<NodeRed> => startNodeRed({
      major, flows, credentials: mqttCredentials(flows), settings: SETTINGS,
      env: {
        CIAM_BROKER: broker.url, CIAM_MQTT_USER: account, CIAM_MQTT_PASSWORD: PASSWORDS[account],
        CIAM_DOMAIN: simulator.url, CIAM_CLIENT_ID: 'id', CIAM_CLIENT_SECRET: 'secret', CIAM_RATE: String(rate), CIAM_WORKER: name, ...env,
      },
    });
    const launch: Cluster['launch'] = async (major, account, flows, env) => {
      const nodeRed = await begin(major, account, flows, account, env);
      nodeReds.push(nodeRed);
      return nodeRed;
    };
    return {
      folder,
      broker,
      tenant: simulator.url,
      workers: async (count) => {
        await Promise.all(workers.splice(count).map(async (one) => {
          await one?.stop();
        }));
        // Those that are missing are started in their places, so that both majors keep theirs.
        await Promise.all(Array.from({ length: count }, async (_, place) => {
          const one = (workers[place] ??= await begin(MAJORS[place % 2] ?? 4, 'worker', worker, `worker-${++started}`));
          await connected(one, worker);
          await inShare(one);
        }));
        return workers.flatMap((one) => one ?? []);
      },
      forget: (one) => {
        workers = workers.map((other) => (other === one ? null : other));
      },
      launch,
      start: async (major, account, flows, env) => {
        const nodeRed = await launch(major, account, flows, env);
        await connected(nodeRed, flows);
        return nodeRed;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
