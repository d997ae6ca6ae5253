/** What the form of an open dialog holds, and what each field says about it. */
import { textsOf } from './texts';

const text = textsOf('ciam-user');

/** In place of a secret that is in the store. */
export const STORED = '__PWRD__';

export type Prefix = 'node-input' | 'node-config-input';

/** The reason why a value is refused, in the reader's language; `null` for a good one. */
export type Check = (node: EditorNode, value: unknown) => string | null;

interface OpenForm {
  id: string;
  /** Of a node that is new: the fields somebody has been in. `null`: the node was there before, and all count. */
  visited: Set<string> | null;
}

/** A tenant's dialog may lie over that of a lookup, which stays open. */
const open = new Map<Prefix, OpenForm>();
const openedFor = (node: EditorNode): [Prefix, OpenForm] | undefined => [...open].find(([, { id }]) => id === node.id);

/** The editor's buttons beside a config node's select have neither text nor a place in the tab order. */
const nameConfigButtons = (select: string, what: string): void => {
  for (const action of ['edit', 'add']) {
    $(`${select.replace('input-', 'input-btn-')}-${action}`)
      .attr({ role: 'button', tabindex: '0', 'aria-label': text(`aria.${action}`, { what }) })
      .on('keydown', function (event) {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        event.stopPropagation();
        $(this).trigger('click');
      });
  }
};

/** Validators see the stored node only: this lets them ask what is on screen while the dialog of that node is open. */
export const openForm = (node: EditorNode, prefix: Prefix): void => {
  const visited = RED.nodes.node(node.id) ? null : new Set<string>();
  open.set(prefix, { id: node.id, visited });
  for (const [name, { type, label = '' }] of Object.entries(node._def.defaults)) if (type) nameConfigButtons(`#${prefix}-${name}`, label);
};

/** A field of a new node that nobody has been in yet is empty for good reason. */
export const isAwaited = (node: EditorNode, property: string): boolean => openedFor(node)?.[1].visited?.has(property) === false;

export const closeForm = (prefix: Prefix): void => {
  open.delete(prefix);
};

/**
 * A new config node comes without the defaults that are 0 or empty, a flow written by hand or by an older version without the newer ones.
 * The settings file's `nodeDefaults` are for new nodes only: to the runtime a missing property means the package's own default.
 */
export const showDefaults = (node: EditorNode, prefix: Prefix): void => {
  const isStored = Boolean(RED.nodes.node(node.id));
  for (const [name, { value: forNew, type, _override, _originalValue }] of Object.entries(node._def.defaults)) {
    if (node[name] !== undefined || type !== undefined) continue;
    const value = isStored && _override ? _originalValue : forNew;
    const input = $(`#${prefix}-${name}`);
    if (typeof value === 'boolean') input.prop('checked', value);
    else if (typeof value === 'string' || typeof value === 'number') input.val(value);
  }
};

const shown = (input: JQuery): unknown => (input.is(':checkbox') ? input.prop('checked') : input.val());

/** The value of a property: on screen while the dialog of its node is open, stored otherwise. */
export const current = (node: EditorNode, property: string): unknown => {
  const [prefix] = openedFor(node) ?? [];
  const input = prefix ? $(`#${prefix}-${property}`) : $();
  return input.length > 0 ? shown(input) : node[property];
};

/** A validator as the editor wants it (two parameters): the reason, headed by the property's label where one is given. */
export const validator = (check: Check) =>
  function (this: EditorNode, value: unknown, options: { label?: string }): true | string {
    const reason = check(this, value);
    if (reason === null) return true;
    return options.label ? `${options.label}: ${reason}` : reason;
  };

/** What a field holds, or a flow written by hand: text, a number, or nothing of use. */
export const asText = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

/** `${NAME}` and nothing else: the runtime puts the environment variable in before a node sees its value, so no form can judge it. */
export const holdsEnv = (value: unknown): boolean => typeof value === 'string' && /^\$\{[^{}]+\}$/.test(value);

/** A value from a list; a missing one means its default. */
export const oneOf = (...choices: string[]): Check =>
  (_node, value) => (value === undefined || holdsEnv(value) || choices.includes(asText(value)) ? null : text('error.choice', { choices: choices.join(', ') }));

/** A name that somebody gave is told apart from the label that the node has without one. */
export function labelStyle(this: EditorNode): string {
  return this['name'] ? 'node_label_italic' : '';
}

/** The element that people see and reach by keyboard: a typed input hides the field it was made from. */
const control = (input: JQuery): JQuery => {
  const typed = input.next('.red-ui-typedInput-container').find('.red-ui-typedInput-input');
  return typed.length > 0 ? typed : input;
};

const isShown = (element: HTMLElement): boolean => element.style.display !== 'none';

/** What a screen reader says after the name of the field: the hints and the unit beside it that apply, and why its value is refused. */
const describe = (input: JQuery): void => {
  const texts = input.closest('.ciam-control').find('.ciam-hint, .ciam-unit, .ciam-reason').toArray();
  texts.forEach((element, index) => element.id ||= `${input.attr('id') ?? ''}-text-${index}`);
  control(input).attr('aria-describedby', texts.filter(isShown).map(({ id }) => id).join(' ') || null);
};

const showReason = (input: JQuery, id: string, reason: true | string): void => {
  // Looked for from the field: the form is out of the document while a config node's dialog lies over it.
  const place = input.closest('.ciam-control');
  const shownReason = place.children('.ciam-reason');
  control(input).attr('aria-invalid', reason === true ? null : 'true');
  if (reason === true) shownReason.remove();
  else if (shownReason.length === 0) $('<div class="ciam-reason" role="alert">').attr('id', id).text(reason).appendTo(place);
  else if (shownReason.text() !== reason) shownReason.text(reason);
};

/** Says under each field why its value is refused: the editor's own tooltip needs a mouse. A heading that folds such a field away opens. */
export const explain = (node: EditorNode, prefix: Prefix): void => {
  const properties = Object.entries({ ...node._def.defaults, ...node._def.credentials });
  const fields = properties.map(([name, property]) => ({ name, input: $(`#${prefix}-${name}`), id: `${prefix}-${name}-reason`, property }))
    // Nobody sees a hidden field, unless a typed input was made from it.
    .filter(({ input }) => input.length > 0 && (control(input) !== input || input.attr('type') !== 'hidden'));
  const refresh = (): void => {
    for (const { input, id, property } of fields) {
      if (property.validate) showReason(input, id, property.validate.call(node, shown(input), {}));
      describe(input);
    }
  };
  for (const { name, input } of fields) {
    // The editor itself sends `change` to every field when the dialog opens.
    input.add(control(input)).on('input blur', () => open.get(prefix)?.visited?.add(name));
    input.on('input change keyup paste blur', refresh);
  }
  refresh();
  $('.ciam-reason').closest('details').prop('open', true);
};

/** Names a typed input for screen readers, and lets its label lead to the field that is seen. */
export const nameTypedInput = (input: JQuery, label: string, typeName: string): void => {
  const target = control(input);
  const id = `${input.attr('id') ?? ''}-text`;
  $(`label[for="${input.attr('id') ?? ''}"]`).attr('for', id);
  target.attr('id', id);
  input.next().find('button').attr('aria-label', `${label}: ${typeName}`);
};
