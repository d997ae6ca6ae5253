/** Tenants under test and the servers they speak to, all closed after each test. */
import { expect } from 'chai';
import { createTenant, type Lookup, LookupFailure, type NodeTenant, type TenantParts, type TenantSettings } from '../../src/node-api';
import type { FakeClock } from './clock';
import { ScriptedTenant } from '../support/servers';
import { FaultProxy } from '../support/tcp-proxy';

const open: { close(): Promise<void> }[] = [];

export const closeLater = <T extends { close(): Promise<void> }>(part: T): T => {
  open.push(part);
  return part;
};

/** For `afterEach`: clients first, servers last. */
export const closeAll = async (): Promise<void> => {
  for (const part of open.splice(0).reverse()) await part.close();
};

export const startServer = async (port?: number): Promise<ScriptedTenant> => closeLater(await ScriptedTenant.start({ ...(port !== undefined && { port }) }));
export const startProxy = async (target: { port: number }): Promise<FaultProxy> => closeLater(await FaultProxy.start(target));

export const CLIENT = { auth: 'client-credentials', clientId: 'the-client-id-4711', clientSecret: 'the-client-secret-0815' } as const;
export const TOKEN = 'the-fixed-access-token-of-these-tests';

/** A client of the server: with a fixed token unless the settings say otherwise. */
export const openTenant = ({ url }: { url: string }, settings: TenantSettings = {}, parts: TenantParts = {}): NodeTenant =>
  closeLater(createTenant({ domain: url, auth: 'token', token: TOKEN, proxy: false, ...settings }, parts));

export const byMobile = (tenant: Pick<NodeTenant, 'lookup'>, value: unknown, signal?: AbortSignal): Promise<Lookup> => tenant.lookup({ by: 'mobile', value }, { signal });

export const failureOf = async (promise: Promise<unknown>): Promise<LookupFailure> => {
  const outcome = await promise.catch((error: unknown) => error);
  expect(outcome).to.be.instanceOf(LookupFailure);
  return outcome as LookupFailure;
};

/** The codes that lookups ended with; `ok` for those that found somebody. */
export const codesOf = async (lookups: Promise<unknown>[]): Promise<string[]> =>
  (await Promise.allSettled(lookups)).map((outcome) => {
    if (outcome.status === 'fulfilled') return 'ok';
    expect(outcome.reason).to.be.instanceOf(LookupFailure);
    return (outcome.reason as LookupFailure).code;
  });

export const mobiles = (count: number): string[] => Array.from({ length: count }, (_, index) => String(13_800_000_000 + index));

/** Resolves once the condition holds, asked at each turn of the event loop; fails soon. */
export const eventually = async (condition: () => boolean): Promise<void> => {
  const end = performance.now() + 3000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`It has not come to that: ${String(condition)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
};

/** Lets time pass, little by little, until the condition holds; real sockets get their turns in between. */
export const pass = async (clock: FakeClock, condition: () => boolean, stepMs = 10): Promise<void> => {
  let turns = 0;
  await eventually(() => {
    if (condition()) return true;
    if (++turns % 5 === 0) clock.advance(stepMs);
    return false;
  });
};

/** Lets time pass until the promise is settled. */
export const passUntil = async <T>(clock: FakeClock, promise: Promise<T>, stepMs = 10): Promise<T> => {
  let isSettled = false;
  const settled = (): void => void (isSettled = true);
  promise.then(settled, settled);
  await pass(clock, () => isSettled, stepMs);
  return promise;
};
