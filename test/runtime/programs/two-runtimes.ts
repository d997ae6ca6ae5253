/** Two Node-RED in one process, as whoever embeds them has it: each is asked in turn, and what it said is printed. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { sep } from 'node:path';
import type { Message, Red } from '../../../nodes/shared/red';

/** Where a Node-RED is, and its settings; the language of one is that of the environment. */
export interface Place { redJs: string; userDir: string; lang?: string }
export interface Saying { code: string; message: string; advice: string }
export interface Heard {
  /** Failures of messages, and of "Try it" in the other language. */
  said: Saying[];
  tried: Saying[];
  /** Lines of our nodes. */
  log: string[];
  /** Events of ciam-status. */
  told: string[];
}

interface RunningNode {
  receive(message: Message): void;
  on(event: 'input', listener: (message: Message) => void): void;
}
interface Embedded {
  init(server: object, settings: object): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  httpAdmin: RequestListener;
  events: Red['events'];
  nodes: { getNode(id: string): RunningNode | null };
}
interface LogEntry { type?: string; msg: unknown }
interface Running {
  heard: Heard;
  /** The failure that a message ends in. */
  say(payload: string): Promise<Saying>;
  /** The same from the dialog of a browser in this language. */
  tryIn(language: string, value: string): Promise<Saying>;
  /** Until ciam-status has told this event. */
  until(event: string): Promise<void>;
  stop(): Promise<void>;
}


const start = async ({ redJs, userDir, lang }: Place): Promise<Running> => {
  const load = createRequire(redJs);
  const red = load('./lib/red.js') as Embedded;
  const app = (load('express') as () => RequestListener & { use(path: string, handler: RequestListener): void })();
  const server = createServer(app);
  const heard: Heard = { said: [], tried: [], log: [], told: [] };
  const handler = () => ({ type, msg }: LogEntry): void => {
    if (type?.startsWith('ciam-')) heard.log.push(String(msg));
  };
  red.init(server, {
    userDir, flowFile: 'flows.json', httpAdminRoot: '/admin', httpNodeRoot: false, logging: { heard: { level: 'info', handler } },
    telemetry: { enabled: false, updateNotification: false }, diagnostics: { enabled: false, ui: false }, externalModules: { palette: { allowInstall: false } },
    ...(lang !== undefined && { lang }),
  });
  app.use('/admin', red.httpAdmin);
  server.listen(0, '127.0.0.1');
  const started = new Promise<void>((resolve) => red.events.on('flows:started', resolve));
  await Promise.all([once(server, 'listening'), red.start(), started]);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/`;
  const node = (id: string): RunningNode => {
    const found = red.nodes.getNode(id);
    if (!found) throw new Error(`There is no node "${id}" in ${redJs}: ${heard.log.join('\n')}`);
    return found;
  };
  let check = (): void => undefined;
  node('told').on('input', ({ topic }) => {
    heard.told.push(String(topic));
    check();
  });
  let answered: (error: Saying) => void = () => undefined;
  node('out').on('input', ({ error }) => {
    const { code, message, advice } = error as Saying;
    answered({ code, message, advice });
  });

  return {
    heard,
    say: async (payload) => {
      const saying = new Promise<Saying>((resolve) => (answered = resolve));
      node('user').receive({ payload });
      return saying;
    },
    tryIn: async (language, value) => {
      // As an editor does before any dialog is opened.
      await Promise.all(['nodes', '@ciam-flows/node-red-ciam/ciam'].map(async (name) => (await fetch(`${url}locales/${name}?lng=${language}`)).text()));
      const answer = await fetch(`${url}ciam-user/try`, {
        method: 'POST', headers: { 'content-type': 'application/json', 'accept-language': language }, body: JSON.stringify({ tenant: { demo: true }, user: {}, value }),
      });
      const { error: { code, message, advice } } = await answer.json() as { error: Saying };
      return { code, message, advice };
    },
    until: (event) => new Promise((resolve) => {
      check = () => {
        if (heard.told.includes(event)) resolve();
      };
      check();
    }),
    stop: async () => {
      await red.stop();
      server.closeAllConnections();
      server.close();
    },
  };
};

/** Now the one is asked first, now the other: whoever comes first must not decide for both. */
const VALUES = ['', '12345', '13800000404', 'x'.repeat(300), '+1-2025550100', '1.38E+10'];

const main = async (): Promise<void> => {
  const running: Running[] = [];
  for (const place of JSON.parse(process.argv[2] ?? '[]') as Place[]) running.push(await start(place));
  await Promise.all(running.map((one) => one.until('failing')));
  for (const [turn, value] of VALUES.entries()) {
    for (const one of turn % 2 ? running.toReversed() : running) one.heard.said.push(await one.say(value));
  }
  for (const one of running) for (const language of ['zh-CN', 'en-US']) one.heard.tried.push(await one.tryIn(language, '13800000404'));
  for (const one of running) one.heard.said.push(await one.say('1\u0000'));
  const copies = Object.keys(require.cache).filter((file) => file.endsWith(`${sep}nodes${sep}ciam.js`)).length;
  process.stdout.write(`\n${JSON.stringify({ copies, heard: running.map(({ heard }) => heard) })}\n`);
  await Promise.all(running.map((one) => one.stop()));
};

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
