/** Live figures of a deployed tenant, fresh for as long as the dialog is open. */
import type { Stats } from '../../../src/lookup/stats';
import { textsOf } from '../../shared/editor/texts';

const text = textsOf('ciam-tenant');
/** A state has the same words here as under a ciam-status node. */
const stateText = textsOf('ciam-status');
const EVERY_MS = 2_000;
/** A limit finer than this is of no use to a reader. */
const DIGITS = { maximumFractionDigits: 1 };

/** Two beside each other, but for what may be long. */
type Row = [name: string, value: string, width?: 'wide'];

const format = (value: number | null): string => (value === null ? '–' : new Intl.NumberFormat(RED.i18n.lang(), DIGITS).format(value));
const seconds = (value: number): string => text('figures.seconds', { n: format(value) });

const percentiles = ({ p50, p95, p99 }: Stats['latencyMs']): string =>
  (p50 === null ? '–' : text('figures.percentiles', { p50: format(p50), p95: format(p95), p99: format(p99) }));

const stateWords = ({ state, heldMs }: Stats): string => {
  const words = stateText(`status.${state}`);
  return heldMs > 0 ? text('figures.left', { state: words, n: format(Math.ceil(heldMs / 1000)) }) : words;
};

const lastWords = ({ code, at }: { code: string; at: string }): string =>
  `${code} · ${new Intl.DateTimeFormat(RED.i18n.lang(), { timeStyle: 'medium' }).format(new Date(at))}`;

/** Rare things have a row only once they have happened. */
const whenAny = (name: string, value: number): Row[] => (value > 0 ? [[name, format(value)]] : []);

const rows = (stats: Stats): Row[] => {
  const { inFlight, queued, limit, token, lookups, failures, lastFailure, latencyMs } = stats;
  return [
    [text('figures.state'), stateWords(stats), 'wide'],
    [text('figures.in-flight'), format(inFlight)],
    [text('figures.queued'), format(queued)],
    [text('figures.limit'), limit === null ? text('figures.no-limit') : text('figures.per-second', { n: format(limit) })],
    [text('figures.retried'), format(lookups.retried)],
    [text('figures.found'), format(lookups.found)],
    [text('figures.not-found'), format(lookups.notFound)],
    [text('figures.cached'), format(lookups.cached)],
    [text('figures.shared'), format(lookups.shared)],
    ...whenAny(text('figures.stale'), lookups.stale),
    ...whenAny(text('figures.mismatched'), lookups.mismatched),
    [text('figures.failed'), format(lookups.failed), 'wide'],
    ...Object.entries(failures).map(([code, count]): Row => [`· ${code === 'other' ? text('figures.other') : code}`, format(count), 'wide']),
    ...(lastFailure ? [[text('figures.last-failure'), lastWords(lastFailure), 'wide'] satisfies Row] : []),
    [text('figures.latency'), percentiles(latencyMs), 'wide'],
    [text('figures.renewals'), format(token.renewals)],
    [text('figures.expires'), token.expiresIn === null ? '–' : seconds(token.expiresIn)],
  ];
};

const list = (stats: Stats): JQuery =>
  $('<dl>').append(rows(stats).map(([name, value, width]) => $('<div>').toggleClass('ciam-wide', width === 'wide').append($('<dt>').text(name), $('<dd>').text(value))));

/** A tenant inside a subflow runs once in each instance of it: they are told apart by number. */
const show = (all: Stats[]): void => {
  const heading = ({ tenant }: Stats, index: number): JQuery[] =>
    (all.length > 1 ? [$('<div class="ciam-instance">').text(text('figures.instance', { n: index + 1, of: all.length, tenant }))] : []);
  $('#ciam-tenant-figures-all').empty().append(all.flatMap((stats, index) => [...heading(stats, index), list(stats)]));
  $('#ciam-tenant-figures').show();
};

/** Asks every two seconds, one question at a time. The function it gives stops that: the dialog closes. */
export const startFigures = (id: string): (() => void) => {
  $('#ciam-tenant-figures').hide();
  // A node the editor does not know yet cannot be deployed.
  if (!RED.nodes.node(id) || !RED.user.hasPermission('ciam-tenant.read')) return () => undefined;
  let stopped = false;
  let timer: number | undefined;
  let request: JQuery.jqXHR<Stats | Stats[]> | undefined;
  const ask = (): void => {
    request = $.getJSON(`ciam-tenant/${encodeURIComponent(id)}/stats`) as JQuery.jqXHR<Stats | Stats[]>;
    request.done((answer) => {
      if (stopped) return;
      show(Array.isArray(answer) ? answer : [answer]);
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
