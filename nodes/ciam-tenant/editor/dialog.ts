/** The tenant's dialog: what the form does between opening and closing. */
import { NUMBERS } from '../../../src/settings/schema';
import { closeForm, explain, openForm, showDefaults, STORED } from '../../shared/editor/form';
import { textsOf } from '../../shared/editor/texts';
import { startConnectionTest } from './connection';
import { startFigures } from './figures';

const text = textsOf('ciam-tenant');
const PREFIX = 'node-config-input';
const SECRETS = ['clientId', 'clientSecret', 'token'];

const field = (name: string): JQuery => $(`#${PREFIX}-${name}`);

/** What does not apply to the demo, or to the chosen way of signing in, is out of the way. */
const showWhatApplies = (): void => {
  const demo = field('demo').prop('checked') === true;
  const way = String(field('auth').val());
  $('.ciam-real').toggle(!demo);
  $('.ciam-demo').toggle(demo);
  $('.ciam-auth-client').toggle(!demo && way !== 'token');
  $('.ciam-auth-token').toggle(!demo && way === 'token');
};

/** The folded sections say in a line what is set, so that nobody need open them to see. */
const showDigests = (): void => {
  const values = Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, String(field(name).val())]));
  $('#ciam-tenant-limits-digest').text(text('digest.limits', values));
  const remembers = ['cacheTtl', 'cacheMissTtl', 'cacheStale'].some((name) => values[name] !== '0');
  $('#ciam-tenant-cache-digest').text(text(remembers ? 'digest.cache' : 'digest.no-cache', values));
  $('#ciam-tenant-formats-digest').text(String(field('timezone').val()));
};

/** A secret in the store never comes to the browser: its field holds a mark, and typing replaces it as a whole. */
const showStored = (): void => {
  for (const name of SECRETS) {
    const input = field(name);
    const mark = $(`#ciam-tenant-${name}-stored`);
    const update = (): void => {
      mark.toggle(input.val() === STORED);
    };
    input.on('input change', update).on('focus', () => {
      if (input.val() === STORED) input.trigger('select');
    });
    update();
  }
};

/** Which app the stored client id is: its end, told by the runtime that has it. */
const showApp = (id: string): void => {
  if (!RED.nodes.node(id) || !RED.user.hasPermission('ciam-tenant.read')) return;
  const request = $.getJSON(`ciam-tenant/${encodeURIComponent(id)}/app`) as JQuery.jqXHR<{ app: string | null }>;
  request.done(({ app }) => {
    if (app) $('#ciam-tenant-clientId-stored').text(text('hint.stored-app', { app }));
  });
};

let stopTest = (): void => undefined;
let stopFigures = (): void => undefined;

export const prepare = (node: EditorNode): void => {
  showDefaults(node, PREFIX);
  openForm(node, PREFIX);
  field('demo').add(field('auth')).on('change', showWhatApplies);
  $('.ciam-section input').on('input change', showDigests);
  showWhatApplies();
  showDigests();
  showStored();
  explain(node, PREFIX);
  showApp(node.id);
  stopTest = startConnectionTest(node.id);
  stopFigures = startFigures(node.id);
};

export const close = (): void => {
  closeForm(PREFIX);
  stopTest();
  stopFigures();
};
