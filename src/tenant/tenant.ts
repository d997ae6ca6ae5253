/** Puts the parts of one tenant together. */
import { AsyncResource } from 'node:async_hooks';
import { Redactor } from '../api/redact';
import { ClientToken, fixedToken, type TokenSource } from '../auth/access-token';
import { type Clock, SleepWatch, systemClock } from '../clock';
import { closedFailure, isFailedCall, LookupFailure } from '../failures/failure';
import { createTransport, type Transport } from '../http/transport';
import { type Cache, createCache } from '../lookup/cache';
import type { ListOutcome, ListRequest } from '../lookup/list';
import { Lookups } from '../lookup/lookups';
import { Mismatches } from '../lookup/mismatches';
import { Figures } from '../lookup/figures';
import type { Stats } from '../lookup/stats';
import type { Lookup, LookupRequest, Settle } from '../lookup/waiter';
import { Condition } from '../resilience/condition';
import type { TenantEventName } from '../resilience/states';
import { Deadlines } from '../resilience/deadlines';
import { Pause } from '../resilience/pause';
import { RequestQueue } from '../resilience/request-queue';
import { checkedSettings, type Settings, type TenantSettings } from '../settings/settings';
import { USER_AGENT } from '../version';
import { type TenantCondition, TenantEvents, type TenantListener } from './events';

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

export interface NodeCondition extends TenantCondition {
  /** The failure behind the state, whose advice and category tell its causes apart; `null` without one. */
  cause: LookupFailure | null;
}

/** What the nodes need besides. */
export interface NodeTenant extends Tenant {
  /** `lookup` without a promise: `settle` is called exactly once, possibly before `ask` returns. */
  ask(request: LookupRequest, signal: AbortSignal | undefined, settle: Settle): void;
  condition(): NodeCondition;
  /** Told of every change of the condition, those that are not worth an event included. What comes back ends that. */
  watch(watcher: () => void): () => void;
  /** Gets a token and opens a connection ahead of the first lookup, once, if the settings want it. */
  warmUp(): void;
}

/** Time, chance and transport, for tests. */
export interface TenantParts {
  clock?: Clock;
  /** From 0 up to, but not including, 1. */
  random?: () => number;
  transport?: (settings: Settings, clock: Clock) => Transport;
}

/** `ask` as a promise. */
export const promised = (ask: NodeTenant['ask']): Tenant['lookup'] => (request, { signal } = {}) => new Promise((resolve, reject) => {
  ask(request, signal, (failure, found) => (found ? resolve(found) : reject(failure ?? closedFailure())));
});

const redactorOf = ({ credentials }: Settings): Redactor => {
  const redactor = new Redactor();
  if (credentials.kind === 'token') {
    redactor.add(credentials.token, 'token');
  } else {
    redactor.add(credentials.clientId, 'client-id');
    redactor.add(credentials.clientSecret, 'client-secret');
    redactor.add(Buffer.from(`${credentials.clientId}:${credentials.clientSecret}`).toString('base64'), 'client-secret');
  }
  return redactor;
};

/** The context in which the client was loaded: a tenant may be created for a message or a request, and outlives it. */
const outside = new AsyncResource('CiamTenant', { requireManualDestroy: true });

/** The parts of one tenant, each complete when it is made. */
class ConnectedTenant {
  readonly label: string;
  readonly timezone: string;
  readonly lookup: Tenant['lookup'];
  private readonly figures = new Figures();
  private readonly events: TenantEvents;
  private readonly condition: Condition;
  private readonly queue: RequestQueue;
  private readonly transport: Transport;
  private readonly token: TokenSource;
  private readonly cache: Cache | null;
  private readonly lookups: Lookups;
  private readonly sleep: SleepWatch;
  private isWarm = false;

  constructor(private readonly settings: Settings, private readonly clock: Clock, random: () => number, connect: (settings: Settings, clock: Clock) => Transport) {
    const { label, timezone, credentials, timeoutMs, queueTimeoutMs, retries } = settings;
    this.label = label;
    this.timezone = timezone;
    this.lookup = promised((request, signal, settle) => this.ask(request, signal, settle));
    this.sleep = new SleepWatch(clock);
    this.events = new TenantEvents(clock);
    const pause = new Pause();
    this.condition = new Condition(clock, (event, now) => this.events.tell({ event, tenant: label, heldMs: pause.remainingMs(clock.now()), ...now }));
    this.queue = new RequestQueue(settings, clock, random, this.condition, pause);
    this.transport = connect(settings, clock);
    this.cache = createCache(settings, clock);
    const redactor = redactorOf(settings);
    const { queue, transport, condition, figures, cache } = this;
    this.token = credentials.kind === 'token'
      ? fixedToken(credentials.token, USER_AGENT)
      : new ClientToken(credentials, { clock, random, transport, redactor, queue, condition, timeoutMs, userAgent: USER_AGENT, outside });
    this.lookups = new Lookups({
      settings, cache, condition,
      call: {
        clock, random, queue, token: this.token, transport, redactor, figures, mismatches: new Mismatches(clock),
        deadlines: new Deadlines(timeoutMs, clock), queueTimeouts: queueTimeoutMs > 0 ? new Deadlines(queueTimeoutMs, clock) : null,
        retries, timeoutMs, outside,
      },
    });
  }

  ask(request: LookupRequest, signal: AbortSignal | undefined, settle: Settle): void {
    const now = this.clock.now();
    this.noticeSleep(now);
    this.lookups.ask(request, signal, settle, null, now);
  }

  lookupList(request: ListRequest, { signal }: LookupOptions = {}): Promise<ListOutcome> {
    this.noticeSleep(this.clock.now());
    return this.lookups.askList(request, signal);
  }

  stats(): Stats {
    const { queue, token, figures, cache } = this;
    const { state, since } = this.condition.snapshot();
    return {
      tenant: this.label, state, since,
      inFlight: queue.inFlight, limit: queue.limit, queued: queue.queued, circuit: queue.circuit,
      heldMs: queue.heldMs, heldBy: queue.heldBy?.code ?? null,
      token: { renewals: token.renewals, expiresIn: token.expiresIn },
      lookups: { ...figures.lookups }, failures: figures.failures, lastFailure: figures.lastFailure, latencyMs: figures.latency,
      cache: { size: cache?.size ?? 0, bytes: cache?.bytes ?? 0 },
    };
  }

  on(event: TenantEventName | 'change', listener: TenantListener): () => void {
    return this.events.on(event, listener);
  }

  watch(watcher: () => void): () => void {
    return this.events.watch(watcher);
  }

  now(): NodeCondition {
    return { ...this.condition.snapshot(), tenant: this.label, heldMs: this.queue.heldMs, cause: this.condition.cause };
  }

  warmUp(): void {
    if (this.isWarm || !this.settings.warmUp) return;
    this.isWarm = true;
    this.queue.expect(this.lookups.stranger());
    if (this.settings.credentials.kind === 'token') this.transport.open((failure) => this.warmedUp(failure));
    else this.token.prepare((result) => this.warmedUp(result instanceof LookupFailure ? result : null));
  }

  async close(): Promise<void> {
    this.lookups.close();
    this.token.close();
    this.events.close();
    await this.transport.close();
  }

  /** Refused credentials have been told by the token. */
  private warmedUp(failure: LookupFailure | null): void {
    if (failure?.category === 'untrusted') this.queue.refuseAll(failure);
    else if (failure && isFailedCall(failure)) this.queue.warmUpFailed(failure);
  }

  /** After a suspend the wall clock is right, and what is kept is that much older. */
  private noticeSleep(now: number): void {
    const slept = this.sleep.sleptMs(now);
    if (slept === 0) return;
    this.cache?.age(slept);
    this.token.age(slept);
    this.transport.closeSilent(0);
  }
}

/** Throws a `CIAM.CONFIG` failure for settings that make no sense. */
export const createClient = (raw: TenantSettings, { clock = systemClock, random = Math.random, transport = createTransport }: TenantParts): NodeTenant => {
  const tenant = new ConnectedTenant(checkedSettings(raw), clock, random, transport);
  const close = (): Promise<void> => tenant.close();
  return {
    label: tenant.label,
    timezone: tenant.timezone,
    lookup: tenant.lookup,
    ask: (request, signal, settle) => tenant.ask(request, signal, settle),
    lookupList: (request, options) => tenant.lookupList(request, options),
    stats: () => tenant.stats(),
    on: (event, listener) => tenant.on(event, listener),
    watch: (watcher) => tenant.watch(watcher),
    condition: () => tenant.now(),
    warmUp: () => tenant.warmUp(),
    close,
    [Symbol.asyncDispose]: close,
  };
};
