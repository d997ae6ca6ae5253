/** `npm run workers`: a broker, a tenant, three workers and one Node-RED that asks them, on this machine. Nothing is left when it stops. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '../src/simulator/simulator';
import { startBroker } from './broker';
import { type Launched, launchNodeRed } from './node-red';
import { example, type FlowNode, linkPackage, mqttCredentials, writeFlow } from './user-directory';

const WORKERS = 3;
const LATENCY_MS = 50;
const QUESTIONS = 90;
/** Those of the button "90 questions", and the two of the other buttons. */
const USERS = [
  ...Array.from({ length: QUESTIONS }, (_, index) => ({ user_id: `demo-${index + 1}`, user_name: `user${index + 1}`, mobile: String(15_200_000_001 + index) })),
  { user_id: 'demo-zhangsan', user_name: 'zhangsan', mobile: '13800001111' },
  { user_id: 'demo-lisi', user_name: 'lisi', mobile: '+86-13900002222', disabled: true, locked: true },
];
const WORKER = example('08-mqtt-worker.json');
const ASKER = example('09-ask-the-mqtt-workers.json');
const TABLE = example('10-table-of-workers.json');

const idOf = (flow: FlowNode[], type: string): string => flow.find((node) => node.type === type)?.id ?? '';

const greeting = (asker: Launched, workers: Launched[]): string => `
  Ask the workers        ${asker.url}#flow/${idOf(ASKER, 'tab')}
  Table of the workers   ${asker.url}ciam/workers
${workers.map(({ url, pid }, index) => `  worker-${index + 1}               ${url}   process ${pid}`).join('\n')}

Open the first two addresses, click the button "90 questions": the table shows how the workers share them.
Kill a worker (kill -9 and its process number) and click again: every question is answered all the same.
Everything runs on the demo tenant, no account is needed. Nothing is kept: Ctrl+C stops it and leaves nothing behind.
`;

const main = async (): Promise<void> => {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());
  const folder = mkdtempSync(join(tmpdir(), 'ciam-workers-'));
  const brokerFolder = mkdtempSync(join(tmpdir(), 'ciam-broker-'));
  const running: Launched[] = [];
  const ends: (() => Promise<void>)[] = [];
  const passwords = { worker: randomBytes(24).toString('base64url'), asker: randomBytes(24).toString('base64url') };
  try {
    const broker = await startBroker(brokerFolder, passwords);
    ends.push(broker.stop);
    const tenant = await startSimulator({ latencyMs: LATENCY_MS, users: USERS });
    ends.push(() => tenant.close());

    const launch = async (name: string, account: keyof typeof passwords, flow: FlowNode[], env: NodeJS.ProcessEnv): Promise<Launched> => {
      const userDir = join(folder, name);
      mkdirSync(userDir);
      linkPackage(userDir);
      writeFlow(userDir, flow, mqttCredentials(flow));
      const nodeRed = await launchNodeRed({
        redJs: require.resolve('node-red/red.js'), userDir, signal: stop.signal,
        env: { CIAM_BROKER: broker.url, CIAM_MQTT_USER: account, CIAM_MQTT_PASSWORD: passwords[account], ...env },
      });
      running.push(nodeRed);
      void nodeRed.exited.then(() => {
        if (!stop.signal.aborted) console.log(`${name} has ended.`);
      });
      return nodeRed;
    };

    const names = Array.from({ length: WORKERS }, (_, index) => `worker-${index + 1}`);
    const workers = await Promise.all(names.map((name) => launch(name, 'worker', WORKER, {
      CIAM_DOMAIN: tenant.url, CIAM_CLIENT_ID: 'demo', CIAM_CLIENT_SECRET: 'demo', CIAM_RATE: '0', CIAM_WORKER: name,
    })));
    const stats = workers.map(({ url }) => `${url}ciam-tenant/${idOf(WORKER, 'ciam-tenant')}/stats`);
    const asker = await launch('asker', 'asker', [...ASKER, ...TABLE], { CIAM_STATS: stats.join(',') });
    console.log(greeting(asker, workers));
    await asker.exited;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    stop.abort();
    await Promise.all(running.map(({ exited }) => exited));
    for (const end of ends.reverse()) await end();
    for (const each of [folder, brokerFolder]) rmSync(each, { recursive: true, force: true });
  }
};

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
