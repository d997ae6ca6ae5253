/**
 * `npm run tables`: writes what follows from the tables of settings, failures and the demo tenant into the pages that show it.
 * A test says whether they are up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ADVICE } from '../src/failures/advice';
import { codeFacts } from '../src/failures/codes';
import { httpFailure, isPublished, LookupFailure, tenantFailure } from '../src/failures/failure';
import { NUMBER_NAMES, NUMBERS, type NumberName } from '../src/settings/schema';
import { DEMO_CASES, DEMO_ROWS, type DemoCase } from '../src/simulator/table';

const root = resolve(__dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const LANGUAGES = {
  'en-US': {
    readme: 'README.md', reference: 'docs/reference.md', range: ' to ', yes: 'yes', no: 'no', and: ', ',
    codes: ['code', 'category', 'what to do'], demo: ['look up', 'get'], mobile: 'mobile', username: 'username',
  },
  'zh-CN': {
    readme: 'docs/README.zh-CN.md', reference: 'docs/reference.zh-CN.md', range: ' – ', yes: '是', no: '否', and: '，',
    codes: ['错误码', '类别', '处理办法'], demo: ['查询', '结果'], mobile: '手机号', username: '用户名',
  },
} as const;

/** The codes that the README shows. */
const MET_FIRST = ['USER.0001', 'CIAM.INPUT', 'CIAM.CONFIG', 'invalid_client', 'CIAM.HTTP.403', 'CIAM.NETWORK', 'CIAM.TLS', 'CIAM.TIMEOUT'];

const DEMO_TEXTS: Readonly<Record<'en-US' | 'zh-CN', Readonly<Record<DemoCase, string>>>> = {
  'en-US': DEMO_CASES,
  'zh-CN': {
    found: '一个用户',
    disabled: '一个已停用且已锁定的用户',
    notFound: '用户未找到',
    malformed: '不符合手机号校验规则',
    abroad: '国际区号未开放',
    limited: '先返回 429 和 Retry-After: 1，然后找到',
    busy: '先返回系统繁忙，然后找到',
    down: '始终返回 503 和 HTML',
    slow: '30 秒后才响应',
    expired: '先返回访问凭据过期，然后找到',
  },
};

type Language = keyof typeof LANGUAGES;
const NAMES = Object.keys(LANGUAGES) as Language[];

interface TenantTexts { unit: Record<NumberName, string> }
const tenantTexts = (language: Language): TenantTexts =>
  (JSON.parse(read(`nodes/ciam-tenant/locales/${language}/ciam-tenant.json`)) as { 'ciam-tenant': TenantTexts })['ciam-tenant'];

/** The English stands in the code. */
export const adviceTexts = (language: Language): Record<string, string> => (language === 'en-US' ? ADVICE
  : (JSON.parse(read(`nodes/ciam-user/locales/${language}/ciam-user.json`)) as { 'ciam-user': { advice: Record<string, string> } })['ciam-user'].advice);

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
  if (!codeFacts(name)) return undefined;
  return isPublished(name) ? tenantFailure(name, 400) : new LookupFailure(name, { message: 'http' });
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

const markdownTable = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Puts lines between `<!-- name -->` and `<!-- /name -->`. */
const between = (page: string, name: string, lines: string): string => {
  const [before, rest, ...more] = page.split(`<!-- ${name} -->\n`);
  const after = rest?.split(`<!-- /${name} -->`)[1];
  if (before === undefined || after === undefined || more.length > 0) throw new Error(`There is no place, or more than one, for ${name}.`);
  return `${before}<!-- ${name} -->\n${lines}\n<!-- /${name} -->${after}`;
};

const withCodesMetFirst = (page: string, language: Language): string => {
  const advice = adviceTexts(language);
  const rows = MET_FIRST.map((name) => {
    const failure = failureOf(name);
    return [`\`${name}\``, failure?.category ?? '', advice[failure?.adviceKey ?? ''] ?? ''];
  });
  return between(page, 'codes', markdownTable(LANGUAGES[language].codes, rows));
};

const withDemo = (page: string, language: Language): string => {
  const { demo, mobile, username, and } = LANGUAGES[language];
  const rows = DEMO_ROWS.map((row) =>
    [`${mobile} \`${row.mobile}\`${row.username === null ? '' : `${and}${username} \`${row.username}\``}`, DEMO_TEXTS[language][row.demoCase]]);
  return between(page, 'demo', markdownTable(demo, rows));
};

/** Every file with tables in it, as it is to be. */
export const files = (): Map<string, string> => new Map([
  ...NAMES.flatMap((language): [string, string][] => {
    const { readme, reference } = LANGUAGES[language];
    return [
      [readme, withCodesMetFirst(read(readme), language)],
      [reference, withDemo(withCodes(withSettings(read(reference), language), language), language)],
    ];
  }),
]);

if (require.main === module) for (const [path, text] of files()) writeFileSync(join(root, path), text);
