/** A tenant that cannot be used, because of its settings: every lookup ends in the failure that says why. */
import { type LookupFailure, type LookupInfo } from '../failures/failure';
import { lookupList } from '../lookup/list';
import { type LookupRequest } from '../lookup/lookups';
import { systemClock } from '../clock';
import { toQuery } from '../api/query';
import { Figures } from '../lookup/stats';
import { type NodeTenant, promised } from './tenant';

const valueOf = ({ by, value }: LookupRequest): string | null => {
  try {
    return toQuery(by, value).value;
  } catch {
    return null; // nothing could be sent, which is no news here
  }
};

/** `label`: of the tenant that would have been asked. */
export const unusableTenant = (failure: LookupFailure, label = ''): NodeTenant => {
  const figures = new Figures();
  const since = new Date().toISOString();
  const ask: NodeTenant['ask'] = (request, _signal, settle) => {
    const info: LookupInfo = { by: typeof request.by === 'string' ? request.by : '', value: valueOf(request), tenant: label, attempts: 0, durationMs: 0, source: 'tenant' };
    const own = failure.for(info);
    figures.count(own, info, systemClock);
    settle(own, null);
  };
  const lookup = promised(ask);
  return {
    label,
    timezone: '+08:00',
    lookup,
    ask,
    lookupList: (request, { signal } = {}) => lookupList(request, signal, {
      label, queueTimeoutMs: 0, clock: systemClock, figures, queueTimeouts: null, ask,
      queue: { enterList: () => failure, leaveList: () => undefined, itemSettled: () => undefined },
    }),
    stats: () => ({
      tenant: label, state: 'misconfigured', since, inFlight: 0, limit: null, queued: 0, circuit: 'closed', heldMs: 0, heldBy: null,
      token: { renewals: 0, expiresIn: null }, lookups: { ...figures.lookups }, failures: figures.failures, lastFailure: figures.lastFailure,
      latencyMs: figures.latency, cache: { size: 0, bytes: 0 },
    }),
    on: () => () => undefined,
    watch: () => () => undefined,
    warmUp: () => undefined,
    condition: () => ({ state: 'misconfigured', tenant: label, code: failure.code, since, heldMs: 0, failed: figures.lookups.failed }),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
};
