/** Puts the parts of one tenant together. */
import { AsyncResource } from 'node:async_hooks';
import { Redactor } from '../api/redact';
import { ClientToken, fixedToken } from '../auth/access-token';
import { type Clock, SleepWatch, systemClock } from '../clock';
import { closedFailure, isFailedCall, LookupFailure } from '../failures/failure';
import { createTransport, type Transport } from '../http/transport';
import { createCache } from '../lookup/cache';
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

/** Throws a `CIAM.CONFIG` failure for settings that make no sense. Each part is complete when it is made. */
export const createClient = (raw: TenantSettings, { clock = systemClock, random = Math.random, transport: connect = createTransport }: TenantParts): NodeTenant => {
  const settings = checkedSettings(raw);
  const { label, timezone, credentials, timeoutMs, queueTimeoutMs, retries } = settings;
  const sleep = new SleepWatch(clock);
  const events = new TenantEvents(clock);
  const pause = new Pause();
  const condition = new Condition(clock, (event, now) => events.tell({ event, tenant: label, heldMs: pause.remainingMs(clock.now()), ...now }));
  const queue = new RequestQueue(settings, clock, random, condition, pause);
  const transport = connect(settings, clock);
  const cache = createCache(settings, clock);
  const redactor = redactorOf(settings);
  const figures = new Figures();
  const token = credentials.kind === 'token'
    ? fixedToken(credentials.token, USER_AGENT)
    : new ClientToken(credentials, { clock, random, transport, redactor, queue, condition, timeoutMs, userAgent: USER_AGENT, outside });
  const lookups = new Lookups({
    settings, cache, condition,
    call: {
      clock, random, queue, token, transport, redactor, figures, mismatches: new Mismatches(clock),
      deadlines: new Deadlines(timeoutMs, clock), queueTimeouts: queueTimeoutMs > 0 ? new Deadlines(queueTimeoutMs, clock) : null,
      retries, timeoutMs, outside,
    },
  });

  /** After a suspend the wall clock is right, and what is kept is that much older. */
  const noticeSleep = (now: number): void => {
    const slept = sleep.sleptMs(now);
    if (slept === 0) return;
    cache?.age(slept);
    token.age(slept);
    transport.closeSilent(0);
  };
  const ask: NodeTenant['ask'] = (request, signal, settle) => {
    const now = clock.now();
    noticeSleep(now);
    lookups.ask(request, signal, settle, null, now);
  };

  let isWarm = !settings.warmUp;
  /** Refused credentials have been told by the token. */
  const warmedUp = (failure: LookupFailure | null): void => {
    if (failure?.category === 'untrusted') queue.refuseAll(failure);
    else if (failure && isFailedCall(failure)) queue.warmUpFailed(failure);
  };
  const close = async (): Promise<void> => {
    lookups.close();
    token.close();
    events.close();
    await transport.close();
  };
  return {
    label,
    timezone,
    lookup: promised(ask),
    ask,
    lookupList: (request, { signal } = {}) => {
      noticeSleep(clock.now());
      return lookups.askList(request, signal);
    },
    stats: () => {
      const { state, since } = condition.snapshot();
      const { inFlight, limit, queued, circuit, heldMs, heldBy } = queue;
      return {
        tenant: label, state, since, inFlight, limit, queued, circuit, heldMs, heldBy: heldBy?.code ?? null,
        token: { renewals: token.renewals, expiresIn: token.expiresIn }, ...figures.snapshot(), cache: { size: cache?.size ?? 0, bytes: cache?.bytes ?? 0 },
      };
    },
    on: (event, listener) => events.on(event, listener),
    watch: (watcher) => events.watch(watcher),
    condition: () => ({ ...condition.snapshot(), tenant: label, heldMs: queue.heldMs, cause: condition.cause }),
    warmUp: () => {
      if (isWarm) return;
      isWarm = true;
      queue.probeLike(lookups.probeCall());
      if (credentials.kind === 'token') outside.runInAsyncScope(() => transport.open(warmedUp));
      else token.prepare((result) => warmedUp(result instanceof LookupFailure ? result : null));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
};
