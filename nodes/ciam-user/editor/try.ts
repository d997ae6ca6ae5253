/** "Try it": looks one value up with what is on screen, deployed or not, and shows what would enter the message. */
import { type Failure, failureLines, line } from '../../shared/editor/answers';
import { asText, STORED } from '../../shared/editor/form';
import { post, wireRequestButton } from '../../shared/editor/request-button';
import { textsOf } from '../../shared/editor/texts';
import { canBeKept, kept, learn, pathsOf } from './fields';

const text = textsOf('ciam-user');
/** A lookup may take its whole timeout; closing the dialog ends the wait. */
const USER = ['by', 'item', 'list', 'output', 'fields', 'onFailure'];

/** The answer of `POST ciam-user/try`. */
interface TryAnswer {
  output: 1 | 2;
  payload?: unknown;
  lookup?: { durationMs?: number; total?: number; found?: number };
  error?: Failure;
}

/** As the editor holds it, deployed or not; a secret that it does not hold is the stored one. */
const tenantValues = (id: string): Record<string, unknown> => {
  const node = RED.nodes.node(id);
  if (!node) return { id };
  const { defaults, credentials = {} } = node._def;
  const values: Record<string, unknown> = { id, z: node['z'] ?? '' };
  for (const name of Object.keys(defaults)) values[name] = node[name];
  for (const name of Object.keys(credentials)) values[name] = node.credentials?.[name] ?? STORED;
  return values;
};

/** A list or an object can be tried too, written as JSON. */
const parsed = (value: string): unknown => {
  if (!/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
};

const question = (): object => {
  const value = parsed(String($('#ciam-user-try-value').val() ?? ''));
  const user: Record<string, unknown> = Object.fromEntries(USER.map((name) => [name, $(`#node-input-${name}`).val()]));
  // What msg.by would say is chosen beside the value; a single value stands for what `item` would lead to.
  if (user['by'] === 'msg') user['by'] = $('#ciam-user-try-by').val();
  if (typeof value === 'string') user['item'] = '';
  user['normalise'] = $('#node-input-normalise').prop('checked') === true;
  return { tenant: tenantValues(asText($('#node-input-tenant').val())), user, value };
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const shownValue = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** One field of the user: ticked, it is kept. An object is told by the rows that follow it. */
const row = ([path, value]: [string, unknown]): JQuery => {
  const words = isRecord(value) && Object.keys(value).length > 0 ? '' : shownValue(value);
  const name = $('<code>').text(path);
  const label = canBeKept(path) ? $('<label class="ciam-pick">').append($('<input type="checkbox">').val(path), name) : $('<span class="ciam-pick">').append(name);
  return $('<div class="ciam-result-row">').attr('data-path', path).append(label, $('<span class="ciam-result-value">').text(words));
};

const userLines = (user: Record<string, unknown>): JQuery[] => {
  const paths = pathsOf(user);
  // Fields that are left out are not in the answer: there is nothing new to pick then.
  const hint = kept().length === 0 ? [$('<div class="ciam-hint">').text(text('try.pick'))] : [];
  return [...hint, $('<div class="ciam-result" role="group">').attr('aria-label', text('try.user')).append(paths.map(row))];
};

const asJson = (value: unknown): JQuery => $('<pre class="ciam-result" tabindex="0">').attr('aria-label', text('try.result')).text(JSON.stringify(value, null, 2));

/** Where the message goes, in the words of the row "On failure". */
const way = (): string => ($('#node-input-onFailure').val() === 'catch' ? text('try.to-catch') : text('try.to-second'));

const failedLines = (failure: Failure): JQuery[] => {
  const calm = failure.category === 'not-found' || failure.category === 'invalid-input';
  return [...failureLines(failure, calm ? 'caution' : 'bad'), $('<div class="ciam-detail">').text(way())];
};

const answerLines = ({ output, payload, lookup, error }: TryAnswer): JQuery[] => {
  if (isRecord(payload) && output === 1) return [line('good', text('try.found', { ms: Math.round(lookup?.durationMs ?? 0) })), ...userLines(payload)];
  if (Array.isArray(payload)) return [line(output === 1 ? 'good' : 'caution', text('try.list', { found: lookup?.found ?? 0, total: lookup?.total ?? 0 })), asJson(payload)];
  return error ? failedLines(error) : [asJson(payload)];
};

/** Wires the row. The function it gives ends a try under way: the dialog closes. */
export const startTry = (): (() => void) => {
  const button = $('#ciam-user-try');
  const field = $('#ciam-user-try-value');
  const asking = wireRequestButton<TryAnswer>({
    button, result: $('#ciam-user-try-result'), icon: 'fa-search', words: (key) => text(`try.${key}`),
    ask: () => ({
      request: post<TryAnswer>('ciam-user/try', question()),
      lines: answerLines,
      shown: ({ output, payload }) => {
        if (output === 1 && isRecord(payload)) learn(pathsOf(payload).map(([path]) => path));
      },
    }),
  });
  if (!asking) return () => undefined;
  field.on('keydown', (event) => {
    if (event.key !== 'Enter' || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (!asking.isRunning()) asking.start();
  });
  // A result is about the values that were on screen then; picking fields from it, or leaving the field of the value for it, leaves it there.
  button.closest('.ciam-form').on('input change', 'input, select', (event: JQuery.TriggeredEvent<HTMLElement, undefined, HTMLElement, HTMLElement>) => {
    const stays = '#node-input-fields, #node-input-name, .ciam-pick > input';
    if (!$(event.target).is(event.type === 'change' ? `${stays}, #ciam-user-try-value` : stays)) asking.stop();
  });
  return asking.stop;
};
