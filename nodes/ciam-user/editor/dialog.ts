/** The lookup's dialog: what the form does between opening and closing. */
import { closeForm, explain, nameTypedInput, openForm, showDefaults } from '../../shared/editor/form';
import { textsOf } from '../../shared/editor/texts';
import { MODES } from './checks';
import { startFields } from './fields';
import { startTenant } from './tenant';
import { startTry } from './try';

const text = textsOf('ciam-user');
const VALUE_TYPES = ['msg', 'flow', 'global', 'str', 'num', 'env', 'jsonata'];

/** How many outputs a choice of `onFailure` shows. */
export const outputsFor = (onFailure: unknown): number => (onFailure === 'catch' ? 1 : 2);

const field = (name: string): JQuery => $(`#node-input-${name}`);

/** The hints that go with what is chosen. */
const showWhatApplies = (): void => {
  const by = field('by').val();
  for (const mode of MODES) $(`.ciam-by-${mode}`).toggle(by === mode);
  $('.ciam-value-jsonata').toggle(field('valueType').val() === 'jsonata');
  const toCatch = field('onFailure').val() === 'catch';
  // The editor reads this field, removes the wires of an output that went, and undoes both together.
  field('outputs').val(outputsFor(field('onFailure').val()));
  $('.ciam-failure-output').toggle(!toCatch);
  $('.ciam-failure-catch').toggle(toCatch);
  const together = field('list').val() === 'together';
  $('.ciam-list-split').toggle(!together);
  $('.ciam-list-together').toggle(together);
  const item = String(field('item').val() ?? '').trim();
  $('#ciam-user-list-digest').text([text(together ? 'digest.together' : 'digest.split'), ...(item ? [text('digest.item', { item })] : [])].join(text('digest.and')));
};

let stopTry = (): void => undefined;

export const prepare = (node: EditorNode): void => {
  showDefaults(node, 'node-input');
  openForm(node, 'node-input');

  field('value').typedInput({ types: VALUE_TYPES, typeField: field('valueType'), default: 'msg' });
  field('output').typedInput({ types: ['msg'] });
  nameTypedInput(field('value'), text('label.value'), text('aria.value-type'));
  nameTypedInput(field('output'), text('label.output'), text('aria.value-type'));

  $('.ciam-form').on('input change', 'input, select', showWhatApplies);
  showWhatApplies();
  startTenant(node);
  startFields();
  explain(node, 'node-input');
  stopTry = startTry();
};

/** The values stay in the plain fields, where the editor reads them after this. */
export const close = (): void => {
  stopTry();
  closeForm('node-input');
  $('#node-input-value, #node-input-output').typedInput('destroy');
  $('#node-input-fields').autoComplete('destroy');
};
