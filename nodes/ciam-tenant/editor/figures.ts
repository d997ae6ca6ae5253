/** Live figures of a deployed tenant, fresh for as long as the dialog is open. */
import { textsOf } from '../../shared/editor/texts';

const text = textsOf('ciam-tenant');
const EVERY_MS = 2_000;

/** The answer of `GET ciam-tenant/:id/stats`. */
interface Stats {
  inFlight: number;
  queued: number;
  circuit: string;
  token: { renewals: number; expiresIn: number | null };
  lookups: Record<'found' | 'notFound' | 'failed' | 'shared' | 'cached' | 'retried', number>;
  latencyMs: Record<'p50' | 'p95' | 'p99', number | null>;
}

const CIRCUITS = ['closed', 'open', 'half-open'];
const format = (value: number | null): string => (value === null ? '–' : new Intl.NumberFormat(RED.i18n.lang(), { maximumFractionDigits: 1 }).format(value));

const percentiles = ({ p50, p95, p99 }: Stats['latencyMs']): string =>
  (p50 === null ? '–' : text('figures.percentiles', { p50: format(p50), p95: format(p95), p99: format(p99) }));

const rows = ({ inFlight, queued, circuit, token, lookups, latencyMs }: Stats): [string, string][] => [
  [text('figures.in-flight'), format(inFlight)],
  [text('figures.queued'), format(queued)],
  [text('figures.circuit'), CIRCUITS.includes(circuit) ? text(`figures.circuit-${circuit}`) : circuit],
  [text('figures.renewals'), format(token.renewals)],
  [text('figures.expires'), token.expiresIn === null ? '–' : text('figures.seconds', { n: format(token.expiresIn) })],
  [text('figures.found'), format(lookups.found)],
  [text('figures.not-found'), format(lookups.notFound)],
  [text('figures.failed'), format(lookups.failed)],
  [text('figures.cached'), format(lookups.cached)],
  [text('figures.shared'), format(lookups.shared)],
  [text('figures.retried'), format(lookups.retried)],
  [text('figures.latency'), percentiles(latencyMs)],
];

const show = (stats: Stats): void => {
  const list = $('#ciam-tenant-figures dl').empty();
  for (const [name, value] of rows(stats)) list.append($('<div>').append($('<dt>').text(name), $('<dd>').text(value)));
  $('#ciam-tenant-figures').show();
};

/** Asks every two seconds, one question at a time. The function it gives stops that: the dialog closes. */
export const startFigures = (id: string): (() => void) => {
  $('#ciam-tenant-figures').hide();
  // A node the editor does not know yet cannot be deployed.
  if (!RED.nodes.node(id) || !RED.user.hasPermission('ciam-tenant.read')) return () => undefined;
  let stopped = false;
  let timer: number | undefined;
  let request: JQuery.jqXHR<Stats> | undefined;
  const ask = (): void => {
    request = $.getJSON(`ciam-tenant/${encodeURIComponent(id)}/stats`) as JQuery.jqXHR<Stats>;
    request.done((stats) => {
      if (stopped) return;
      show(stats);
      timer = window.setTimeout(ask, EVERY_MS);
    });
    // Without an answer the figures go, rather than grow old; a node that is not deployed (404) will not be while its dialog is open.
    request.fail(({ status }) => {
      if (stopped) return;
      $('#ciam-tenant-figures').hide();
      if (status === 0 || status >= 500) timer = window.setTimeout(ask, EVERY_MS);
    });
  };
  ask();
  return () => {
    stopped = true;
    window.clearTimeout(timer);
    request?.abort();
  };
};
