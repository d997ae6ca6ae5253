/** A tenant that cannot be used, because of its settings: every lookup ends in the failure that says why. */
import { nothingChecked } from './connection-test';
import { type LookupFailure, type LookupInfo } from '../failures/failure';
import { lookupList } from '../lookup/list';
import { type LookupRequest } from '../lookup/lookups';
import { systemClock } from '../clock';
import { toQuery } from '../api/query';
import { Figures } from '../lookup/stats';
import { promised, type Tenant } from './tenant';

const valueOf = ({ by, value }: LookupRequest): string | null => {
  try {
    return toQuery(by, value).value;
  } catch {
    return null; // nothing could be sent, which is no news here
  }
};

/** `label`: of the tenant that would have been asked. */
export const unusableTenant = (failure: LookupFailure, label = ''): Tenant => {
  const figures = new Figures();
  const ask: Tenant['ask'] = (request, _signal, settle) => {
    const info: LookupInfo = { by: typeof request.by === 'string' ? request.by : '', value: valueOf(request), tenant: label, attempts: 0, durationMs: 0, source: 'tenant' };
    const own = failure.for(info);
    figures.count(own, info);
    settle(own, null);
  };
  const lookup = promised(ask);
  return {
    label,
    timezone: '+08:00',
    lookup,
    ask,
    lookupList: (request, signal) => lookupList(request, signal, { label, concurrency: 1, clock: systemClock, lookup, pacing: { whenRoom: (next) => next() } }),
    check: () => Promise.resolve({ ...nothingChecked, error: failure }),
    stats: () => ({
      inFlight: 0, queued: 0, circuit: 'closed', token: { renewals: 0, expiresIn: null },
      lookups: { ...figures.lookups }, latencyMs: figures.percentiles(),
    }),
    close: () => Promise.resolve(),
  };
};
