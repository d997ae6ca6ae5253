/** The figures of all tenants in the text format of Prometheus. */
import type { Stats } from '../../src/node-api';
import { client } from '../shared/client';

/** A value, of its label if the metric has one; after the name of the metric: `_bucket`, `_sum`, `_count` of a histogram. */
type Sample = readonly [value: number, label?: string | number | undefined, suffix?: string];
type Metric = readonly [name: string, help: string, read: (stats: Stats) => number | null | Sample[], label?: string];

const histogram = ({ latencyMs: { buckets, sum, count } }: Stats): Sample[] => [
  ...buckets.map((bucket): Sample => [bucket.count, bucket.le / 1000, '_bucket']), [count, '+Inf', '_bucket'], [sum / 1000, undefined, '_sum'], [count, undefined, '_count'],
];

/** Names end in the base unit, and of counters in `_total`. */
const METRICS: readonly Metric[] = [
  ['ciam_tenant_state', '1 for the state that the tenant is in, 0 for the others.', ({ state }) => client().STATES.map((name) => [name === state ? 1 : 0, name]), 'state'],
  ['ciam_tenant_state_since_seconds', 'When that state began, in seconds since the epoch.', ({ since }) => Date.parse(since) / 1000],
  ['ciam_lookups_in_flight', 'Lookups in flight.', ({ inFlight }) => inFlight],
  ['ciam_lookups_queued', 'Lookups that wait for their turn.', ({ queued }) => queued],
  ['ciam_calls_limit', 'Calls a second that the limiter allows; missing while it does not bind.', ({ limit }) => limit],
  ['ciam_pause_seconds', 'Seconds until the tenant may be called again.', ({ heldMs }) => heldMs / 1000],
  ['ciam_token_expires_seconds', 'Seconds until the token expires; missing when that is not known.', ({ token }) => token.expiresIn],
  ['ciam_token_renewals_total', 'Tokens fetched after the first.', ({ token }) => token.renewals],
  ['ciam_lookups_total', 'Lookups by what became of them.', ({ lookups: { found, notFound, failed } }) => [[found, 'found'], [notFound, 'not-found'], [failed, 'failed']], 'result'],
  ['ciam_lookups_spared_total', 'Lookups that needed no call of their own, by where the answer came from.', ({ lookups: { shared, cached, stale } }) => [[shared, 'shared'], [cached, 'cache'], [stale, 'stale']], 'source'],
  ['ciam_retries_total', 'Calls made again.', ({ lookups }) => lookups.retried],
  ['ciam_mismatches_total', 'Answers that were about somebody else.', ({ lookups }) => lookups.mismatched],
  ['ciam_failures_total', 'Failed lookups by code.', ({ failures }) => Object.entries(failures).map(([code, count]) => [count, code]), 'code'],
  ['ciam_lookup_duration_seconds', 'How long lookups took that asked the tenant.', histogram, 'le'],
  ['ciam_cache_entries', 'Answers remembered.', ({ cache }) => cache.size],
  ['ciam_cache_bytes', 'Bytes of answers remembered.', ({ cache }) => cache.bytes],
];

const samplesOf = (values: ReturnType<Metric[2]>): readonly Sample[] => (typeof values === 'number' ? [[values]] : values ?? []);

const escaped = (text: string): string => text.replace(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`));

/** `id`: of the config node. */
export const prometheusText = (tenants: readonly { id: string; stats: Stats }[]): string => METRICS.flatMap(([name, help, read, label = '']) => {
  const lines = tenants.flatMap(({ id, stats }) => samplesOf(read(stats)).map(([value, of, suffix = '']) => {
    const own = of === undefined ? '' : `,${label}="${escaped(String(of))}"`;
    return `${name}${suffix}{id="${escaped(id)}",host="${escaped(stats.tenant)}"${own}} ${value}`;
  }));
  const type = read === histogram ? 'histogram' : name.endsWith('_total') ? 'counter' : 'gauge';
  return lines.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines];
}).join('\n').concat('\n');
