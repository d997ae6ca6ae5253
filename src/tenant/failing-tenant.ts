/** A tenant that cannot be used, because of its settings: every lookup ends in the failure that says why. */
import { type LookupFailure, type LookupInfo } from '../failures/failure';
import { itemAt, type ListOutcome } from '../lookup/list';
import { type LookupRequest } from '../lookup/waiter';
import { AT_ONCE, systemClock } from '../clock';
import { byGiven, toQuery } from '../api/query';
import { Figures } from '../lookup/figures';
import { type NodeTenant, promised } from './tenant';

const valueOf = ({ by, value }: LookupRequest): string | null => {
  try {
    return toQuery(by, value).value;
  } catch {
    return null; // the failure is about the tenant, not about the value
  }
};

/** `label`: of the tenant that would have been asked. */
export const failingTenant = (failure: LookupFailure, label = ''): NodeTenant => {
  const figures = new Figures();
  const since = new Date().toISOString();
  const fail = (request: LookupRequest): { own: LookupFailure; info: LookupInfo } => {
    const info: LookupInfo = { by: byGiven(request.by), value: valueOf(request), tenant: label, attempts: 0, durationMs: 0, source: 'tenant' };
    const own = failure.for(info);
    figures.count(own, info, systemClock);
    return { own, info };
  };
  const ask: NodeTenant['ask'] = (request, _signal, settle) => settle(fail(request).own, null);
  const lookupList: NodeTenant['lookupList'] = async ({ by, values, progress }) => {
    const failed: ListOutcome['failed'] = [];
    for (let index = 0; index < values.length; index++) {
      if (index % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
      const { own, info } = fail({ by, value: itemAt(values, index) });
      failed.push({ index, value: info.value, error: own });
      progress?.(failed.length);
    }
    return { found: [], failed, attempts: 0, lookup: { by: byGiven(by), tenant: label, total: failed.length, found: 0, failed: failed.length, durationMs: 0 } };
  };
  const lookup = promised(ask);
  return {
    label,
    timezone: '+08:00',
    lookup,
    ask,
    lookupList,
    stats: () => ({
      tenant: label, state: 'misconfigured', since, inFlight: 0, limit: null, queued: 0, circuit: 'closed', heldMs: 0, heldBy: null,
      token: { renewals: 0, expiresIn: null }, ...figures.snapshot(), cache: { size: 0, bytes: 0 },
    }),
    on: () => () => undefined,
    watch: () => () => undefined,
    warmUp: () => undefined,
    condition: () => ({ state: 'misconfigured', tenant: label, code: failure.code, since, heldMs: 0, failed: figures.lookups.failed, cause: failure }),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
};
