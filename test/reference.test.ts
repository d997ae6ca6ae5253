/** The reference's tables say what the code does: properties, defaults, ranges, failure codes, figures, the demo tenant. No page names a code that is not there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { buildSync } from 'esbuild';
import { adviceTexts, failureOf } from '../scripts/tables';
import { CATEGORIES, KNOWN_CODES } from '../src/failures/codes';
import { createTenant } from '../src/index';
import { EVENTS, STATES } from '../src/resilience/states';
import { NUMBERS } from '../src/settings/schema';
import { MOBILE } from '../src/simulator/table';
import { codeSpans, tables, type Table } from './support/markdown';

const root = resolve(__dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const LANGUAGES = { 'docs/reference.md': 'en-US', 'docs/reference.zh-CN.md': 'zh-CN' } as const;
type Page = keyof typeof LANGUAGES;
const PAGES = Object.keys(LANGUAGES) as Page[];

interface Definition { defaults: Record<string, { value: unknown }>; credentials?: Record<string, unknown> }

/** What the editor's own code registers. */
const definition = (type: string): Definition => {
  const [bundle] = buildSync({ entryPoints: [join(root, 'nodes', type, 'editor.ts')], bundle: true, write: false, format: 'iife' }).outputFiles;
  const registered: Definition[] = [];
  runInNewContext(bundle?.text ?? '', {
    RED: { nodes: { registerType: (_type: string, given: Definition) => registered.push(given) }, events: { on: () => undefined }, _: (key: string) => key },
  });
  const [found] = registered;
  if (!found) throw new Error(`${type} registers nothing`);
  return found;
};

const table = (page: Page, ...firstCodes: string[]): Table => {
  const found = tables(read(page)).find(({ rows }) => firstCodes.every((code, index) => codeSpans(rows[index]?.[0] ?? '')[0] === code));
  if (!found) throw new Error(`${page} has no table that begins with ${firstCodes.join(', ')}`);
  return found;
};

const code = (cell = ''): string => codeSpans(cell)[0] ?? '';

for (const page of PAGES) {
  describe(`tables of ${page}`, () => {
    it('list the properties of the tenant node with their defaults and ranges', () => {
      const { defaults, credentials = {} } = definition('ciam-tenant');
      const { rows } = table(page, 'name', 'demo');
      expect(rows.map(([name]) => code(name))).to.deep.equal(Object.keys(defaults));
      for (const [name, value, range] of rows) {
        const property = code(name);
        expect(code(value), property).to.equal(JSON.stringify(defaults[property]?.value));
        const numbers = Object.entries(NUMBERS).find(([number]) => number === property)?.[1];
        expect((range ?? '').match(/[\d.]+/g)?.map(Number) ?? [], property).to.deep.equal(numbers ? [numbers.min, numbers.max] : []);
      }
      for (const name of Object.keys(credentials)) expect(read(page)).to.include(`\`${name}\``);
    });

    it('list the properties of the lookup node with their defaults', () => {
      const { defaults } = definition('ciam-user');
      const { rows } = table(page, 'name', 'tenant');
      // How many outputs it shows follows from onFailure.
      expect(rows.map(([name]) => code(name))).to.deep.equal(Object.keys(defaults).filter((name) => name !== 'outputs'));
      for (const [name, value] of rows) expect(code(value), name).to.equal(JSON.stringify(defaults[code(name)]?.value));
    });

    for (const first of ['CIAM.INPUT', 'USER.0001']) {
      it(`say of each code what the client says: ${first} and the others`, () => {
        const yes = LANGUAGES[page] === 'en-US' ? 'yes' : '是';
        const no = LANGUAGES[page] === 'en-US' ? 'no' : '否';
        for (const [names, category, retryable, , whatToDo] of table(page, first).rows) {
          for (const name of codeSpans(names ?? '')) {
            const failure = failureOf(name);
            expect({ category, retryable, whatToDo }, name).to.deep.equal({
              category: failure?.category, retryable: failure?.retryable ? yes : no, whatToDo: adviceTexts(LANGUAGES[page])[failure?.adviceKey ?? ''],
            });
          }
        }
      });
    }

    it('name every code there is', () => {
      const named = [...table(page, 'CIAM.INPUT').rows, ...table(page, 'USER.0001').rows].flatMap(([names]) => codeSpans(names ?? ''));
      expect(named).to.include.members(KNOWN_CODES);
    });

    it('name every category, state and event there is', () => {
      expect(codeSpans(read(page))).to.include.members([...CATEGORIES, ...STATES, ...EVENTS]);
    });

    it('list the figures in the order in which they come', async () => {
      await using tenant = createTenant({ demo: true, warmUp: false });
      const { rows } = table(page, 'tenant', 'inFlight');
      const stats = tenant.stats();
      expect(rows.flatMap(([names]) => codeSpans(names ?? ''))).to.deep.equal(Object.keys(stats));
      const parts = [stats.token, stats.lookups, stats.latencyMs, stats.cache].map((part) => `{ ${Object.keys(part).join(', ')} }`);
      expect(rows.flatMap(([, is]) => codeSpans(is ?? ''))).to.include.members(parts);
    });
  });
}

describe('pages, helps and examples', () => {
  const helps = Object.values(LANGUAGES).flatMap((language) => ['ciam-tenant', 'ciam-user', 'ciam-status'].map((type) => `nodes/${type}/locales/${language}/${type}.html`));
  const others = ['docs', 'examples', 'examples/mqtt', 'examples/http'].flatMap((folder) => readdirSync(join(root, folder)).filter((name) => /\.(md|json)$/.test(name)).map((name) => `${folder}/${name}`));

  const all = ['README.md', 'docs/README.zh-CN.md', ...helps, ...others];

  it('tell of numbers that the demo tenant knows', () => {
    const known: string[] = Object.values(MOBILE).map((number) => number.replace('+86-', ''));
    const catalogues = helps.map((name) => name.replace(/html$/, 'json'));
    for (const file of [...all.filter((name) => !name.endsWith('.json')), ...catalogues]) {
      expect((read(file).match(/(?<!\d)1[3-9]\d{9}(?!\d)/g) ?? []).filter((number) => !known.includes(number)), file).to.deep.equal([]);
    }
  });

  it('name codes of the client and the tenants only', () => {
    for (const file of all) {
      const named = read(file).replaceAll('&lt;', '<').replaceAll('&gt;', '>')
        .match(/\bCIAM\.[A-Z]+(\.(\w+|<\w+>))*|\b(IDAAS\.TENANT\.)?(USER|MOBILE|COM|APP)\.\d+/g) ?? [];
      expect([...new Set(named)].filter((name) => failureOf(name) === undefined), file).to.deep.equal([]);
    }
  });
});
