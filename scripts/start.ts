/** `npm start`: Node-RED with this package and its examples on a throw-away user directory. Nothing is left when it stops. */
import { once, EventEmitter } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { watchParent } from '../src/simulator/watch-parent';
import { launchNodeRed } from './node-red';
import { example, type FlowNode, linkPackage, writeFlow } from './user-directory';

const root = resolve(__dirname, '..');
const HOST = '127.0.0.1';

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer();
  try {
    server.listen(port, HOST);
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return true;
  } catch {
    return false;
  }
};

/** The wanted port, or the next free one; 0 lets the system choose. */
const freePort = async (wanted: number): Promise<number> => {
  for (let port = wanted; port <= Math.min(wanted + 100, 65_535); port += 1) {
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port from ${wanted} on: choose another one with PORT.`);
};

const wantedPort = (text = '1880'): number => {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new Error(`PORT must be a number from 0 to 65535, not "${text}".`);
  return port;
};

/** All tabs in one flow file; what needs a broker beside it has a command of its own. */
const exampleFlows = (): FlowNode[] =>
  readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.json')).sort()
    .map(example)
    .filter((flow) => !flow.some(({ type }) => type === 'mqtt-broker'))
    .flat();

const greeting = (url: string): string => `
  Node-RED with the examples   ${url}
  The help desk page           ${url}ciam/help-desk

Open the first address, click a button at the left of a flow, and read the debug panel (the bug icon).
Everything runs on the demo tenant, no account is needed. Nothing is kept: Ctrl+C stops it and leaves nothing behind.
`;

const main = async (): Promise<void> => {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());
  watchParent(() => stop.abort());
  const wanted = wantedPort(process.env['PORT']);
  const port = await freePort(wanted);
  if (port !== wanted) console.log(`Port ${wanted} is taken: using ${port}.`);

  const userDir = mkdtempSync(join(tmpdir(), 'node-red-ciam-'));
  try {
    linkPackage(userDir);
    writeFlow(userDir, exampleFlows());
    const events = new EventEmitter();
    const { url, exited } = await launchNodeRed({
      redJs: require.resolve('node-red/red.js'), userDir, settings: { uiHost: HOST, uiPort: port }, events, signal: stop.signal,
    });
    console.log(greeting(url));
    events.on('log', (text: string) => process.stdout.write(text));
    process.exitCode = await exited ?? 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    rmSync(userDir, { recursive: true, force: true });
  }
};

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
