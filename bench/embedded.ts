/** A whole Node-RED, editor included, inside this process. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import type { FlowNode } from '../scripts/user-directory';
import type { BareLookup } from './bare';
import type { FlowFile } from './flows';
import type { Load } from './load';
import type { Sample } from './statistics';

interface NodeRed {
  version(): string;
  events: NodeJS.EventEmitter;
  httpAdmin: (request: unknown, response: unknown) => void;
  init(server: unknown, settings: object): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  runtime: { flows: { setFlows(options: object): Promise<unknown> } };
}

export interface Embedded {
  version: string;
  /** Keeps messages in flight through the loop of that name. */
  run(loop: string, load: Load): Promise<Sample>;
  /** A full deployment in place of what runs; resolves when the new flows have started. */
  deploy(flows: FlowNode[]): Promise<void>;
  stop(): Promise<void>;
}

const NODES = join(__dirname, 'nodes');

/** `redJs`: path of Node-RED's `red.js`. `lookups`: by name of the node that makes a bare call. */
export const startEmbedded = async (redJs: string, userDir: string, { flows, credentials }: FlowFile, lookups: Record<string, BareLookup> = {}): Promise<Embedded> => {
  const bench = require(join(NODES, 'bench.js')) as typeof import('./nodes/bench');
  for (const [name, lookUp] of Object.entries(lookups)) bench.lookups.set(name, lookUp);
  writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flows));
  writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(credentials));
  const red = require(dirname(redJs)) as NodeRed;
  const server = createServer((request, response) => red.httpAdmin(request, response));
  red.init(server, {
    userDir, flowFile: 'flows.json', credentialSecret: false, nodesDir: NODES, uiHost: '127.0.0.1', uiPort: 0,
    httpAdminRoot: '/', httpNodeRoot: false, telemetry: { enabled: false, updateNotification: false }, editorTheme: { tours: false },
    logging: { console: { level: 'error', metrics: false, audit: false } },
  });
  const started = new Promise<void>((resolve, reject) => {
    red.events.once('flows:started', resolve);
    red.events.on('runtime-event', ({ id, payload }: { id: string; payload?: { error?: string } }) => {
      if (id === 'runtime-state' && payload?.error !== undefined) reject(new Error(`The flows were not started: ${payload.error}`));
    });
  });
  await red.start();
  server.listen(0, '127.0.0.1');
  await Promise.all([started, once(server, 'listening')]);
  return {
    version: red.version().replace('-git', ''),
    run: (loop, load) => {
      const run = bench.runs.get(loop);
      if (!run) throw new Error(`The flow has no loop "${loop}".`);
      return run(load);
    },
    deploy: async (next) => {
      // Told before the nodes are made.
      const running = once(red.events, 'flows:started');
      await red.runtime.flows.setFlows({ flows: { flows: next }, deploymentType: 'full' });
      await running;
    },
    stop: async () => {
      await red.stop();
      server.close();
      server.closeAllConnections();
    },
  };
};
