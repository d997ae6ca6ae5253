/** The lookup's dialog: what the form does between opening and closing. */
import { closeForm, explain, nameConfigButtons, nameTypedInput, openForm, showDefaults } from '../../shared/editor/form';
import { textsOf } from '../../shared/editor/texts';
import { MODES } from './checks';

const text = textsOf('ciam-user');
const VALUE_TYPES = ['msg', 'flow', 'global', 'str', 'num', 'env', 'jsonata'];

/** Fields that the vendors document, offered while one types; any other name may be written too. */
const KNOWN_FIELDS = [
  'attr_birthday', 'attr_gender', 'attr_nick_name', 'created_at', 'disabled', 'email', 'extension', 'external_id', 'first_name',
  'grade', 'head_img', 'industry', 'last_name', 'locked', 'mailing_address', 'middle_name', 'mobile', 'name', 'org_id',
  'pwd_change_at', 'pwd_must_modify', 'updated_at', 'user_id', 'user_name', 'user_org_relation_list', 'usr_auth_times',
  'usr_last_login', 'zip_code',
];

/** How many outputs a choice of `onFailure` shows. */
export const outputsFor = (onFailure: unknown): number => (onFailure === 'catch' ? 1 : 2);

/** Completes the last name of the list; names that are there already are not offered again. */
const completions = (list: string): Completion[] => {
  const names = list.split(',').map((name) => name.trim());
  const begun = names.pop() ?? '';
  const before = names.map((name) => `${name}, `).join('');
  return KNOWN_FIELDS.filter((name) => name.startsWith(begun) && name !== begun && !names.includes(name))
    .map((name) => ({ value: before + name, label: name }));
};

export const prepare = (node: EditorNode): void => {
  showDefaults(node, 'node-input');
  openForm(node, 'node-input');

  $('#node-input-value').typedInput({ types: VALUE_TYPES, typeField: $('#node-input-valueType'), default: 'msg' });
  $('#node-input-output').typedInput({ types: ['msg'] });
  nameTypedInput($('#node-input-value'), text('aria.value-type'));
  nameTypedInput($('#node-input-output'), text('aria.value-type'));
  nameConfigButtons('node-input', 'tenant', { edit: text('aria.edit-tenant'), add: text('aria.add-tenant') });
  $('#node-input-fields').autoComplete({ search: completions });

  const onFailure = $('#node-input-onFailure');
  const showChoice = (): void => {
    const choice = onFailure.val();
    // The editor reads this field, removes the wires of an output that went, and undoes both together.
    $('#node-input-outputs').val(outputsFor(choice));
    $('.ciam-failure-output').toggle(choice !== 'catch');
    $('.ciam-failure-catch').toggle(choice === 'catch');
  };
  onFailure.on('change', showChoice);

  const by = $('#node-input-by');
  const showMode = (): void => {
    for (const mode of MODES) $(`.ciam-by-${mode}`).toggle(by.val() === mode);
  };
  by.on('change', showMode);

  explain(node, 'node-input');
};

/** The values stay in the plain fields, where the editor reads them after this. */
export const close = (): void => {
  closeForm();
  $('#node-input-value, #node-input-output').typedInput('destroy');
  $('#node-input-fields').autoComplete('destroy');
};
