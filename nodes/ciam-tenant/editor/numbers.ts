/** The rows of the tenant's numbers, from the table of settings. */
import { NUMBER_NAMES, NUMBERS, type NumberName } from '../../../src/settings/schema';

const row = (name: NumberName): string => `
  <div class="form-row">
    <label for="node-config-input-${name}" data-i18n="label.${name}"></label>
    <div class="ciam-control ciam-amount">
      <input type="text" inputmode="decimal" id="node-config-input-${name}">
      <span class="ciam-unit" data-i18n="unit.${name}"></span>
    </div>
  </div>`;

/** They stand where the form names their section. */
export const completeNumbers = (form: JQuery): void => {
  form.find('[data-numbers]').each((_index, place) => {
    const names = NUMBER_NAMES.filter((name) => NUMBERS[name].section === $(place).attr('data-numbers'));
    $(place).replaceWith(names.map(row).join(''));
  });
};
