/** The row "Fields": names to keep, written by hand or picked from what is known of a user record. */
import { textsOf } from '../../shared/editor/texts';

const text = textsOf('ciam-user');

/** Fields that the vendors document, those asked for most first. */
const KNOWN = [
  'user_id', 'user_name', 'name', 'mobile', 'email', 'disabled', 'locked', 'org_id', 'extension', 'user_org_relation_list', 'employee_id', 'external_id',
  'attr_manager_id', 'attr_nick_name', 'first_name', 'middle_name', 'last_name', 'attr_gender', 'attr_birthday', 'attr_hire_date', 'attr_user_type',
  'attr_work_place', 'attr_city', 'attr_area', 'attr_identity_type', 'attr_identity_number', 'mailing_address', 'zip_code', 'industry', 'head_img', 'grade',
  'usr_auth_times', 'usr_last_login', 'last_login_at', 'last_login_ip', 'pwd_must_modify', 'pwd_change_at', 'created_at', 'updated_at',
] as const;

/** Names and paths that a try has shown; no values. They last as long as the page. */
const seen = new Set<string>();

const input = (): JQuery => $('#node-input-fields');
export const kept = (): string[] => String(input().val() ?? '').split(/[,，\s]+/).filter(Boolean);

const write = (names: string[]): void => {
  input().val(names.join(', ')).trigger('input');
};

export const keep = (name: string, keeping: boolean): void => {
  const others = kept().filter((other) => other !== name);
  write(keeping ? [...others, name] : others);
};

/** A record's own names, and the paths to what lies in its objects. */
export const pathsOf = (record: object, prefix = ''): [path: string, value: unknown][] =>
  Object.entries(record).flatMap(([name, value]: [string, unknown]): [string, unknown][] => {
    const path = prefix + name;
    const inner = typeof value === 'object' && value !== null && !Array.isArray(value) ? pathsOf(value, `${path}.`) : [];
    return [[path, value], ...inner];
  });

/** What a name or a path means; a path into an object means what the object does. */
const meaning = (name: string): string => {
  const known = KNOWN.find((field) => field === name.split('.')[0]);
  return known ? text(`field.${known}`) : '';
};

/** A name with a comma, a dot or a blank in it cannot be told from a list or a path. */
export const canBeKept = (path: string): boolean => /^[^\s,，]+$/.test(path);

const pick = (name: string): JQuery =>
  $('<label class="ciam-pick">').append($('<input type="checkbox">').val(name), $('<code>').text(name), $('<span>').text(meaning(name)));

const picker = (): JQuery => $('#ciam-user-fields-known');

const tick = (): void => {
  const names = kept();
  $('#node-input-fields').closest('.ciam-form').find<HTMLInputElement>('.ciam-pick > input').each((_index, box) => {
    box.checked = names.includes(box.value);
  });
  $('.ciam-result-row').each((_index, row) => {
    const path = $(row).attr('data-path') ?? '';
    const stays = names.length === 0 || names.some((name) => path === name || path.startsWith(`${name}.`) || name.startsWith(`${path}.`));
    $(row).toggleClass('ciam-left-out', !stays);
  });
};

/** Everything that can be picked: the list anew, since a try may have shown more. */
const fill = (): void => {
  const extra = [...seen, ...kept()].filter((name) => !KNOWN.some((known) => known === name));
  const names: string[] = [...KNOWN.slice(0, 9), ...extra, ...KNOWN.slice(9)];
  picker().empty().append([...new Set(names)].map(pick));
  tick();
};

/** A try has shown these fields: from now on they can be picked. */
export const learn = (paths: string[]): void => {
  for (const path of paths.filter(canBeKept)) seen.add(path);
  fill();
};

/** Completes the last name of the list; names that are there already are not offered again. */
const completions = (list: string): Completion[] => {
  const names = list.split(',').map((name) => name.trim());
  const begun = names.pop() ?? '';
  const before = names.map((name) => `${name}, `).join('');
  return [...new Set([...KNOWN, ...seen])].filter((name) => name.startsWith(begun) && name !== begun && !names.includes(name))
    .map((name) => ({ value: before + name, label: name }));
};

export const startFields = (): void => {
  input().autoComplete({ search: completions }).on('input change', tick);
  $('.ciam-form').on('change', '.ciam-pick > input', (event: JQuery.ChangeEvent<HTMLElement, undefined, HTMLElement, HTMLInputElement>) => {
    keep(event.target.value, event.target.checked);
  });
  fill();
};
