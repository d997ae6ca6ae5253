/** The figures of all tenants in the text format of Prometheus. */
import type { Stats } from '../../src/node-api';
import { client } from '../shared/client';

type Labels = Record<string, string>;
interface Sample {
  /** After the name of the metric: `_bucket`, `_sum`, `_count` of a histogram. */
  suffix?: string;
  labels: Labels;
  value: number;
}
interface Metric {
  name: string;
  type: 'gauge' | 'counter' | 'histogram';
  help: string;
  samples: (stats: Stats) => Sample[];
}

const one = (value: number | null, labels: Labels = {}): Sample[] => (value === null ? [] : [{ labels, value }]);
const gauge = (name: string, help: string, samples: Metric['samples']): Metric => ({ name, type: 'gauge', help, samples });
const counter = (name: string, help: string, samples: Metric['samples']): Metric => ({ name, type: 'counter', help, samples });

const histogram = ({ latencyMs: { buckets, sum, count } }: Stats): Sample[] => [
  ...buckets.map((bucket) => ({ suffix: '_bucket', labels: { le: String(bucket.le / 1000) }, value: bucket.count })),
  { suffix: '_bucket', labels: { le: '+Inf' }, value: count },
  { suffix: '_sum', labels: {}, value: sum / 1000 },
  { suffix: '_count', labels: {}, value: count },
];

/** Names end in the base unit, and of counters in `_total`. */
const METRICS: readonly Metric[] = [
  gauge('ciam_tenant_state', '1 for the state that the tenant is in, 0 for the others.', ({ state }) => client().STATES.map((name) => ({ labels: { state: name }, value: name === state ? 1 : 0 }))),
  gauge('ciam_tenant_state_since_seconds', 'When that state began, in seconds since the epoch.', ({ since }) => one(Date.parse(since) / 1000)),
  gauge('ciam_lookups_in_flight', 'Lookups in flight.', ({ inFlight }) => one(inFlight)),
  gauge('ciam_lookups_queued', 'Lookups that wait for their turn.', ({ queued }) => one(queued)),
  gauge('ciam_calls_limit', 'Calls a second that the limiter allows; missing while it does not bind.', ({ limit }) => one(limit)),
  gauge('ciam_pause_seconds', 'Seconds until the tenant may be called again.', ({ heldMs }) => one(heldMs / 1000)),
  gauge('ciam_token_expires_seconds', 'Seconds until the token expires; missing when that is not known.', ({ token }) => one(token.expiresIn)),
  counter('ciam_token_renewals_total', 'Tokens fetched after the first.', ({ token }) => one(token.renewals)),
  counter('ciam_lookups_total', 'Lookups by what became of them.', ({ lookups }) => [
    ...one(lookups.found, { result: 'found' }), ...one(lookups.notFound, { result: 'not-found' }), ...one(lookups.failed, { result: 'failed' }),
  ]),
  counter('ciam_lookups_spared_total', 'Lookups that needed no call of their own, by where the answer came from.', ({ lookups }) => [
    ...one(lookups.shared, { source: 'shared' }), ...one(lookups.cached, { source: 'cache' }), ...one(lookups.stale, { source: 'stale' }),
  ]),
  counter('ciam_retries_total', 'Calls made again.', ({ lookups }) => one(lookups.retried)),
  counter('ciam_mismatches_total', 'Answers that were about somebody else.', ({ lookups }) => one(lookups.mismatched)),
  counter('ciam_failures_total', 'Failed lookups by code.', ({ failures }) => Object.entries(failures).flatMap(([code, count]) => one(count, { code }))),
  { name: 'ciam_lookup_duration_seconds', type: 'histogram', help: 'How long lookups took that asked the tenant.', samples: histogram },
  gauge('ciam_cache_entries', 'Answers remembered.', ({ cache }) => one(cache.size)),
  gauge('ciam_cache_bytes', 'Bytes of answers remembered.', ({ cache }) => one(cache.bytes)),
];

const escaped = (text: string): string => text.replace(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`));
const lineOf = (name: string, { suffix = '', labels, value }: Sample, own: Labels): string => {
  const pairs = Object.entries({ ...own, ...labels }).map(([key, text]) => `${key}="${escaped(text)}"`);
  return `${name}${suffix}{${pairs.join(',')}} ${value}`;
};

/** `id`: of the config node. */
export const prometheusText = (tenants: readonly { id: string; stats: Stats }[]): string => METRICS.flatMap(({ name, type, help, samples }) => {
  const lines = tenants.flatMap(({ id, stats }) => samples(stats).map((sample) => lineOf(name, sample, { id, host: stats.tenant })));
  return lines.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines];
}).join('\n').concat('\n');
