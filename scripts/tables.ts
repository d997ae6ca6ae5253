/**
 * `npm run tables`: writes what follows from the tables of settings and failures into the pages, forms and catalogues that show it.
 * A test says whether they are up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ADVICE } from '../src/failures/advice';
import { codeFacts } from '../src/failures/codes';
import { httpFailure, isPublished, LookupFailure, tenantFailure } from '../src/failures/failure';
import { NUMBER_NAMES, NUMBERS, type NumberName } from '../src/settings/schema';

const root = resolve(__dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const LANGUAGES = {
  'en-US': { readme: 'README.md', range: ' to ', yes: 'yes', no: 'no', end: '.', limits: (min: number, max: number, fallback: number) => `: ${min} to ${max}, default ${fallback}` },
  'zh-CN': { readme: 'README.zh-CN.md', range: ' – ', yes: '是', no: '否', end: '。', limits: (min: number, max: number, fallback: number) => `：${min} 到 ${max}，默认 ${fallback}` },
} as const;
type Language = keyof typeof LANGUAGES;
const NAMES = Object.keys(LANGUAGES) as Language[];

interface TenantTexts { label: Record<NumberName, string>; unit: Record<NumberName, string> }
const tenantTexts = (language: Language): TenantTexts =>
  (JSON.parse(read(`nodes/ciam-tenant/locales/${language}/ciam-tenant.json`)) as { 'ciam-tenant': TenantTexts })['ciam-tenant'];

/** The English stands in the code. */
const adviceTexts = (language: Language): Record<string, string> => (language === 'en-US' ? ADVICE
  : (JSON.parse(read(`nodes/ciam-user/locales/${language}/ciam-user.json`)) as { 'ciam-user': { advice: Record<string, string> } })['ciam-user'].advice);

/** Puts lines between `<!-- numbers section -->` and `<!-- /numbers -->`, indented as the marks are. */
const withNumbers = (page: string, lines: (name: NumberName) => string[]): string =>
  page.replace(/^( *)<!-- numbers (\w+) -->\n[\s\S]*?<!-- \/numbers -->/gm, (_all, indent: string, section: string) => {
    const names = NUMBER_NAMES.filter((name) => NUMBERS[name].section === section);
    return [`<!-- numbers ${section} -->`, ...names.flatMap(lines), '<!-- /numbers -->'].map((line) => indent + line).join('\n');
  });

const formRow = (name: NumberName): string[] => [
  '<div class="form-row">',
  `  <label for="node-config-input-${name}" data-i18n="ciam-tenant.label.${name}"></label>`,
  '  <div class="ciam-control ciam-amount">',
  `    <input type="text" inputmode="decimal" id="node-config-input-${name}">`,
  `    <span class="ciam-unit" data-i18n="ciam-tenant.unit.${name}"></span>`,
  '  </div>',
  '</div>',
];

const helpRow = (language: Language) => (name: NumberName): string[] => {
  const { label, unit } = tenantTexts(language);
  const { min, max, default: fallback } = NUMBERS[name];
  const { limits, end } = LANGUAGES[language];
  return [`<dt>${label[name]}</dt>`, `<dd>${unit[name]}${limits(min, max, fallback)}${end}</dd>`];
};

const settingRow = (language: Language) => (name: NumberName): string => {
  const { min, max, default: fallback } = NUMBERS[name];
  return `| \`${name}\` | \`${fallback}\` | ${min}${LANGUAGES[language].range}${max} | ${tenantTexts(language).unit[name]} |`;
};

const isNumberRow = (line: string): boolean => NUMBER_NAMES.some((name) => line.startsWith(`| \`${name}\` |`));

/** The rows of the numbers stand together, where the first of them stands. */
const withSettings = (page: string, language: Language): string => {
  const lines = page.split('\n');
  const first = lines.findIndex(isNumberRow);
  const rest = lines.filter((line) => !isNumberRow(line));
  return [...rest.slice(0, first), ...NUMBER_NAMES.map(settingRow(language)), ...rest.slice(first)].join('\n');
};

/** The failure that a page means by a code, as far as the code alone tells it. */
export const failureOf = (name: string): LookupFailure | undefined => {
  const status = /^CIAM\.HTTP\.(<status>|[45]\d\d)$/.exec(name)?.[1];
  if (status !== undefined) return httpFailure(status === '<status>' ? 418 : Number(status));
  const category = codeFacts(name)?.category;
  if (category === undefined) return undefined;
  return isPublished(name) ? tenantFailure(name, 400) : new LookupFailure(name, '', { category });
};

/** Category, retryable and advice of each code follow from the table of codes; what it is about stands in the page. */
const withCodes = (page: string, language: Language): string => {
  const { yes, no } = LANGUAGES[language];
  const advice = adviceTexts(language);
  return page.replace(/^\| (`[^|]+`) \| [\w-]+ \| (?:yes|no|是|否) \| ([^|]+) \| [^|]+ \|$/gm, (line, names: string, when: string) => {
    const failure = failureOf(/`([^`]+)`/.exec(names)?.[1] ?? '');
    if (!failure) return line;
    return `| ${names} | ${failure.category} | ${failure.retryable ? yes : no} | ${when} | ${advice[failure.adviceKey] ?? ''} |`;
  });
};

/** Every file with tables in it, as it is to be. */
export const files = (): Map<string, string> => new Map([
  ['nodes/ciam-tenant/editor.html', withNumbers(read('nodes/ciam-tenant/editor.html'), formRow)],
  ...NAMES.flatMap((language): [string, string][] => {
    const help = `nodes/ciam-tenant/locales/${language}/ciam-tenant.html`;
    const { readme } = LANGUAGES[language];
    return [
      [help, withNumbers(read(help), helpRow(language))],
      [readme, withCodes(withSettings(read(readme), language), language)],
    ];
  }),
]);

if (require.main === module) for (const [path, text] of files()) writeFileSync(join(root, path), text);
