/** Runs Node-RED as a child process on a user directory of its own; `npm start` and the tests share it. */
import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LaunchOptions {
  /** The Node.js to run it with; the default is this one. */
  node?: string;
  /** Path of Node-RED's `red.js`. */
  redJs: string;
  userDir: string;
  /** Plain JSON: it is written to the user directory's settings file. */
  settings?: object;
  env?: NodeJS.ProcessEnv;
  /** `event` with a RuntimeEvent, `log` with the text just written. */
  events?: EventEmitter;
  /** Aborted, it stops Node-RED. */
  signal?: AbortSignal;
}

/** What the runtime tells the editor: its own state, what nodes publish (debug messages), statuses. */
export type RuntimeEvent =
  | { kind: 'runtime'; event: { id: string; payload?: { state?: string; error?: string; revision?: string; types?: string[] } } }
  | { kind: 'comms'; event: { topic: string; data: object } }
  | { kind: 'resources'; event: string[] }
  | { kind: 'status'; event: { id: string; status: { fill?: string; shape?: string; text?: string } } };

export interface Launched {
  /** With a slash at the end. */
  url: string;
  pid: number;
  /** Everything written to stdout and stderr so far. */
  log: () => string;
  /** Resolves with the exit code. */
  exited: Promise<number | null>;
  /** Asks for an event that lists what keeps the process busy: servers, sockets, timers. */
  askResources: () => void;
  /** Asks it to stop and waits until the process is gone. */
  stop: () => Promise<void>;
}

const QUIET = {
  uiHost: '127.0.0.1',
  uiPort: 0,
  flowFile: 'flows.json',
  telemetry: { enabled: false, updateNotification: false },
  diagnostics: { enabled: false, ui: false },
  editorTheme: { tours: false },
  externalModules: { palette: { allowInstall: false }, modules: { allowInstall: false } },
  logging: { console: { level: 'info', metrics: false, audit: false } },
};

/** Passes the runtime's events on to the parent, tells what it keeps open when asked, and stops when the parent is gone. */
const settingsFile = (settings: object): string => `'use strict';
const { events } = require.main.require('@node-red/util');
const tell = (kind) => (event) => { if (process.connected) process.send({ kind, event }); };
events.on('runtime-event', tell('runtime'));
events.on('comms', tell('comms'));
events.on('node-status', tell('status'));
process.on('message', (message) => { if (message === 'resources') tell('resources')(process.getActiveResourcesInfo()); });
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
module.exports = ${JSON.stringify(settings, null, 2)};
`;

/** A Node-RED of its own: nothing of npm's, of a proxy's or of a debugger's environment reaches it unasked. */
export const cleanEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_)|_proxy$/i.test(name)));

/** Resolves once the editor is served and the flows are started; rejects when Node-RED ends before, or lacks node types. */
export const launchNodeRed = async ({ node = process.execPath, redJs, userDir, settings, env, events = new EventEmitter(), signal }: LaunchOptions): Promise<Launched> => {
  const file = join(userDir, 'settings.js');
  writeFileSync(file, settingsFile({ ...QUIET, ...settings, userDir }));
  const child = spawn(node, [redJs, '--userDir', userDir, '--settings', file], {
    cwd: userDir, env: { ...cleanEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], signal,
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      events.emit('log', text);
    });
  }
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };

  const url = await new Promise<string>((resolve, reject) => {
    let started = false;
    const check = (): void => {
      const served = /https?:\/\/[\w.[\]:-]+:\d+\/[\w/-]*/.exec(log)?.[0];
      if (!started || served === undefined) return;
      events.off('log', check);
      resolve(served.endsWith('/') ? served : `${served}/`);
    };
    child.on('message', (message: RuntimeEvent) => {
      events.emit('event', message);
      if (message.kind !== 'runtime' || message.event.id !== 'runtime-state') return;
      const { state, error } = message.event.payload ?? {};
      if (error !== undefined) {
        failure = new Error(`Node-RED did not start the flows: ${error}\n${log}`);
        void stop();
      } else if (state !== undefined) started = true;
      check();
    });
    events.on('log', check);
    void exited.then((code) => reject(failure ?? new Error(`Node-RED ended with exit code ${String(code)}.\n${log}`)));
  });
  return { url, pid: child.pid ?? 0, log: () => log, exited, askResources: () => void child.send('resources'), stop };
};
