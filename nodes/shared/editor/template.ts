/**
 * The forms stand in the html in short, and are written out in full when the editor loads them: before it makes a dialog of them, fills the
 * fields, translates and watches them. In short, a row names its icon, a select its choices; a key of the catalogue goes without the node type.
 */
import type { NodeType } from './texts';

/** `node-config-input-domain` → `domain` */
const propertyOf = (id = ''): string => id.replace(/^node-(config-)?input-/, '');

/** The property's label goes before the field; a screen reader has no use for the icon. */
const completeRow = (row: JQuery): void => {
  const id = row.find('[id^="node-"]').attr('id') ?? '';
  row.addClass('form-row').wrapInner('<div class="ciam-control">').prepend(
    `<label for="${id}"><i class="fa fa-${row.attr('data-icon') ?? ''}" aria-hidden="true"></i> <span data-i18n="label.${propertyOf(id)}"></span></label>`);
};

const completeSelect = (select: JQuery): void => {
  const choices = (select.attr('data-choices') ?? '').split(' ');
  select.html(choices.map((choice) => `<option value="${choice}" data-i18n="${propertyOf(select.attr('id'))}.${choice}"></option>`).join(''));
};

/** `change`: what else the form needs. */
export const completeTemplate = (type: NodeType, change: (form: JQuery) => void = () => undefined): void => {
  const template = $(`script[data-template-name="${type}"]`);
  const form = $('<div>').html(template.html());
  form.find('[data-icon]').each((_index, row) => completeRow($(row)));
  form.find('[data-choices]').each((_index, select) => completeSelect($(select)));
  change(form);
  template.text(form.html().replace(/data-i18n="(\[[\w-]+\])?/g, `$&${type}.`));
};
