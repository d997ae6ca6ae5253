#!/usr/bin/env node
/** The command `ciam-simulator`: the demo tenant outside Node-RED. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { VERSION } from '../version';
import { createDirectory, DEMO_CASES, DEMO_ROWS, MOBILE, type Simulator, startSimulator, USERNAME, type UserRecord } from './simulator';
import { watchParent } from './watch-parent';

const demoRow = (asked: string, get: string): string => `  ${asked.padEnd(43)}${get}`;

const HELP = [
  'ciam-simulator: a tenant to try user lookups on, on this machine only',
  '',
  'Usage: ciam-simulator [options]',
  '',
  '  --port PORT           listen on this port of 127.0.0.1; 0 takes a free one (default 8899)',
  '  --users FILE          a JSON list of users in place of the demo users; each needs a user_id',
  '                        and is found by its mobile, user_name, email and user_id',
  '  --latency MS          milliseconds before every answer (default 0)',
  '  --token-lifetime S    seconds until an access token expires (default 1800)',
  '  --verbose             print a line for each request: API, HTTP status, error code; no value, no secret',
  '  --help                show this text',
  '  --version             show the version',
  '',
  'Any client id and secret will do; "wrong" as either is refused.',
  '',
  demoRow('look up', 'get'),
  ...DEMO_ROWS.map(({ demoCase, mobile, username }) => demoRow(`mobile ${mobile}${username === null ? '' : `, username ${username}`}`, DEMO_CASES[demoCase])),
  '',
  'With --users the first two rows are gone, all the others stay.',
].join('\n');

type Arguments = ReturnType<typeof parsedArguments>;

/** What the caller can put right by calling differently. */
class UsageError extends Error {}

const wholeNumber = (args: Arguments, option: 'port' | 'latency' | 'token-lifetime', min: number, max: number): number | undefined => {
  const text = args[option];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`--${option} must be a whole number from ${min} to ${max}, not "${text}".`);
};

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const readUsers = (file: string): readonly UserRecord[] => {
  try {
    const users = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, '')) as UserRecord[];
    createDirectory(users);
    return users;
  } catch (error) {
    throw new UsageError(`--users ${file} cannot be used: ${reason(error)}`);
  }
};

const TEXT = { type: 'string' } as const;
const SWITCH = { type: 'boolean' } as const;
const OPTIONS = { port: TEXT, users: TEXT, latency: TEXT, 'token-lifetime': TEXT, verbose: SWITCH, help: SWITCH, version: SWITCH };

const parsedArguments = () => {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(reason(error));
  }
};

const started = async (args: Arguments): Promise<Simulator> => {
  const port = wholeNumber(args, 'port', 0, 65_535) ?? 8899;
  const latencyMs = wholeNumber(args, 'latency', 0, 3_600_000);
  const tokenLifetime = wholeNumber(args, 'token-lifetime', 1, 31_536_000);
  const users = args.users === undefined ? undefined : readUsers(args.users);
  try {
    return await startSimulator({ port, latencyMs, tokenLifetime, users, ...(args.verbose && { log: (line) => console.log(line) }) });
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw taken ? new Error(`Port ${port} is in use. Choose another one with --port, or 0 for a free one.`) : error;
  }
};

const run = async (): Promise<void> => {
  const args = parsedArguments();
  if (args.help) return console.log(HELP);
  if (args.version) return console.log(VERSION);
  const simulator = await started(args);
  const stop = (): void => void simulator.close();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  if (process.env['npm_lifecycle_event'] !== undefined) watchParent(stop);
  console.log(`Demo tenant listening on ${simulator.url}
In a ciam-tenant node: enter this address as the domain, any client id and any client secret.
Then look up ${args.users ? 'one of your users' : `mobile ${MOBILE.found} or username ${USERNAME.found}`}; ciam-simulator --help lists what else it knows.
Stop it with Ctrl+C.`);
};

run().catch((error: unknown) => {
  const usage = error instanceof UsageError;
  console.error(`ciam-simulator: ${reason(error)}${usage ? '\nSee ciam-simulator --help.' : ''}`);
  process.exitCode = usage ? 2 : 1;
});
