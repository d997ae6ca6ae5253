/** Puts the parts of one tenant together. */
import { createCaller } from '../lookup/caller';
import { type Check, checkLookups } from './connection-test';
import { Circuit } from '../resilience/circuit';
import { type Clock, systemClock } from '../clock';
import { closedFailure, type LookupFailure } from '../failures/failure';
import type { Lookup, Settle } from '../lookup/call';
import { type ListOutcome, type ListRequest, lookupList } from '../lookup/list';
import { type LookupRequest, Lookups } from '../lookup/lookups';
import { createMemory } from '../lookup/cache';
import { Pacing } from '../resilience/request-queue';
import { createSecrets } from '../api/redact';
import { checkedSettings, type Settings, type TenantSettings } from '../settings/settings';
import { Figures, type Stats } from '../lookup/stats';
import type { TenantCondition, TenantEventName, TenantListener } from './events';
import { ClientToken, fixedToken } from '../auth/access-token';
import { createTransport, type Transport } from '../http/transport';
import { USER_AGENT } from '../version';

/** `signal`: ends the lookup with `CIAM.CLOSED`. */
export interface LookupOptions {
  signal?: AbortSignal | undefined;
}

export interface Tenant {
  /** Host and port, or the label given in the settings. */
  readonly label: string;
  readonly timezone: string;
  /** Rejects with a `LookupFailure`, and with nothing else. */
  lookup(request: LookupRequest, options?: LookupOptions): Promise<Lookup>;
  /** One lookup per item, order kept, duplicates asked once. Failures of items are part of the outcome: it never rejects. */
  lookupList(request: ListRequest, options?: LookupOptions): Promise<ListOutcome>;
  stats(): Stats;
  /** Calls `listener` at each event of that name, or at every one (`"change"`); what comes back ends that. */
  on(event: TenantEventName | 'change', listener: TenantListener): () => void;
  /** Ends everything under way with `CIAM.CLOSED`; when it resolves no socket and no timer is left. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What the nodes need besides. @internal */
export interface NodeTenant extends Tenant {
  /** `lookup` without a promise: `settle` is called exactly once, possibly before `ask` returns. */
  ask(request: LookupRequest, signal: AbortSignal | undefined, settle: Settle): void;
  /** Gets a token and asks each lookup for somebody who cannot exist. Never rejects. */
  check(signal?: AbortSignal): Promise<Check>;
  condition(): TenantCondition;
}

/** Time, chance and transport, for tests. */
export interface TenantParts {
  clock?: Clock;
  /** From 0 up to, but not including, 1. */
  random?: () => number;
  transport?: (settings: Settings) => Transport;
}

/** `ask` as a promise. */
export const promised = (ask: NodeTenant['ask']): Tenant['lookup'] => (request, { signal } = {}) => new Promise((resolve, reject) => {
  ask(request, signal, (failure, found) => (found ? resolve(found) : reject(failure ?? closedFailure())));
});

export const createClient = (raw: TenantSettings, { clock = systemClock, random = Math.random, transport: connect = createTransport }: TenantParts): NodeTenant => {
  const settings = checkedSettings(raw);
  const { credentials, timeoutMs } = settings;
  const secrets = createSecrets();
  const figures = new Figures();
  const circuit: Circuit = new Circuit(clock, () => pacing.pump());
  const pacing = new Pacing(settings, clock, circuit);
  const transport = connect(settings);
  const report = (outage: boolean): void => circuit.report(outage);
  const hold = (ms: number, by: LookupFailure): void => {
    pacing.hold(ms, by);
    lookups.held();
  };

  if (credentials.kind === 'token') {
    secrets.add(credentials.token, true);
  } else {
    const { clientId, clientSecret } = credentials;
    for (const secret of [clientId, clientSecret, Buffer.from(`${clientId}:${clientSecret}`).toString('base64')]) secrets.add(secret, true);
  }
  const token = credentials.kind === 'token'
    ? fixedToken(credentials.token, USER_AGENT)
    : new ClientToken(credentials, { clock, transport, secrets, timeoutMs, userAgent: USER_AGENT, report, hold });

  const lookups: Lookups = new Lookups({ ...settings, clock, memory: createMemory(settings, clock), pacing, circuit, figures });
  lookups.caller = createCaller({
    clock, random, token, transport, secrets, circuit, pacing, retries: settings.retries,
    retried: () => figures.lookups.retried++,
    hold,
    late: (flight, until, failure) => lookups.late(flight, until, failure),
    done: (flight, result) => lookups.finish(flight, result),
  });

  const ask: NodeTenant['ask'] = (request, signal, settle) => lookups.ask(request, signal, settle);
  const lookup = promised(ask);

  const since = new Date(clock.date()).toISOString();
  const close = async (): Promise<void> => {
    lookups.close();
    token.close();
    await transport.close();
  };
  return {
    label: settings.label,
    timezone: settings.timezone,
    lookup,
    ask,
    lookupList: (request, { signal } = {}) => lookupList(request, signal, { label: settings.label, concurrency: settings.concurrency, clock, lookup: (one, own) => lookup(one, { signal: own }), pacing }),
    check: (signal) => checkLookups((request, own) => lookup(request, { signal: own }), token, signal),
    stats: () => ({
      tenant: settings.label,
      state: 'ready',
      since,
      inFlight: pacing.inFlight,
      limit: null,
      queued: pacing.waiting,
      circuit: circuit.state,
      heldMs: pacing.holdMs,
      heldBy: pacing.heldBy?.code ?? null,
      token: { renewals: token.renewals, expiresIn: token.expiresIn },
      lookups: { ...figures.lookups },
      failures: figures.failures,
      lastFailure: figures.lastFailure,
      latencyMs: figures.latency,
      cache: { size: 0, bytes: 0 },
    }),
    on: () => () => undefined,
    condition: () => ({ state: 'ready', tenant: settings.label, code: null, since, heldMs: pacing.holdMs, failed: 0 }),
    close,
    [Symbol.asyncDispose]: close,
  };
};
