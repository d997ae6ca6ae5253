/** Every text a person reads is in the catalogues: complete, the same in both languages, and all of it in use. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { ADVICE, CATEGORIES } from '../src/failures/advice';
import { MESSAGES } from '../src/failures/messages';
import { NUMBER_NAMES, NUMBERS } from '../src/settings/schema';

const NODES = resolve(__dirname, '../nodes');
const TYPES = ['ciam-tenant', 'ciam-user', 'ciam-status'] as const;
const LANGUAGES = ['en-US', 'zh-CN'] as const;
type Type = (typeof TYPES)[number];

const read = (...path: string[]): string => readFileSync(join(NODES, ...path), 'utf8');
const help = (type: Type, language: string): string => read(type, 'locales', language, `${type}.html`);

/** `{ a: { b: 'text' } }` → `a.b` → `text` */
const flatten = (value: unknown, path = ''): [string, string][] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => flatten(inner, path ? `${path}.${key}` : key))
    : [[path, String(value)]];

const catalogue = (type: Type, language: string): Map<string, string> => {
  const whole = JSON.parse(read(type, 'locales', language, `${type}.json`)) as Record<string, unknown>;
  expect(Object.keys(whole)).to.deep.equal([type]);
  return new Map(flatten(whole[type]));
};

const sources = (folder: string): string =>
  readdirSync(folder).map((name) => join(folder, name))
    .map((path) => (statSync(path).isDirectory() ? sources(path) : path.endsWith('.ts') ? readFileSync(path, 'utf8') : ''))
    .join('\n');

/** What stands between the parentheses after each `name(`. */
const argumentsOf = (name: string, source: string): string[] =>
  [...source.matchAll(new RegExp(`\\b${name}\\(`, 'g'))].map(({ index }) => {
    const start = index + name.length + 1;
    let depth = 1;
    let end = start;
    while (depth > 0) {
      if (source[end] === '(') depth++;
      if (source[end] === ')') depth--;
      end++;
    }
    return source.slice(start, end - 1);
  });

/** A key, or a pattern where part of it is computed. */
const asPattern = (literal: string): RegExp =>
  new RegExp(`^${literal.split(/\$\{.*?\}/).map((part) => part.replace(/[.*+?^$()[\]\\|]/g, '\\$&')).join('[\\w-]+')}$`);

const literals = (code: string): string[] =>
  [...code.matchAll(/'([^'\n]*)'|`([^`\n]*)`/g)].map(([, plain, template]) => plain ?? template ?? '');

const KEY = /^(palette|[a-z]\w*\.[\w${}?' -]+)$/;

/** Keys and patterns that the dialog and the runtime of a node type ask for. */
const used = (type: Type): string[] => {
  const form = read(type, 'editor.html');
  const written = [...form.matchAll(/data-i18n="(?:\[[\w-]+\])?([\w.-]+)"/g)].map(([, key]) => key ?? '');
  // What follows from the short form of rows and selects, and from the table of settings.
  const labels = [...form.matchAll(/data-icon="[\w-]+">[^]*?\bid="node-(?:config-)?input-(\w+)"/g)].map(([, name]) => `label.${name}`);
  const choices = [...form.matchAll(/id="node-(?:config-)?input-(\w+)" data-choices="([\w -]+)"/g)].flatMap(([, name, values = '']) => values.split(' ').map((value) => `${name}.${value}`));
  const numbers = [...form.matchAll(/data-numbers="(\w+)"/g)].flatMap(([, section]) =>
    NUMBER_NAMES.filter((name) => NUMBERS[name].section === section).flatMap((name) => [`label.${name}`, `unit.${name}`]));
  const dialogs = TYPES.flatMap((owner) => {
    // What the dialogs share has its texts with the lookup's.
    const code = [owner, ...(owner === 'ciam-user' ? ['shared'] : [])].map((folder) => sources(join(NODES, folder))).join('\n');
    return argumentsOf(owner === type ? 'text' : 'advice', code).flatMap(literals).filter((literal) => KEY.test(literal));
  });
  // The package's name may stand in front. Permissions and icon files begin like keys.
  const runtime = literals(sources(NODES)).map((literal) => literal.replace('${CATALOGUE}', '')).filter((literal) => literal.startsWith(`${type}.`) && !/\.(read|write|svg)$/.test(literal));
  return [...runtime.map((key) => key.slice(type.length + 1)), ...written, ...labels, ...choices, ...numbers, ...dialogs];
};

/** The English of what the runtime says stands in the code. */
const SENTENCES = flatten({ message: MESSAGES, advice: ADVICE });

describe('catalogues', () => {
  for (const type of TYPES) {
    describe(type, () => {
      it('has the same keys and the same insertions in English and Chinese, and no empty text', () => {
        const english = new Map([...catalogue(type, 'en-US'), ...(type === 'ciam-user' ? SENTENCES : [])]);
        const chinese = catalogue(type, 'zh-CN');
        expect([...chinese.keys()].sort()).to.deep.equal([...english.keys()].sort());
        for (const [key, text] of english) {
          const translated = chinese.get(key) ?? '';
          expect(text.trim(), key).to.not.equal('');
          expect(translated.trim(), key).to.not.equal('');
          const insertions = (words: string): string[] => (words.match(/__\w+?__/g) ?? []).sort();
          expect(insertions(translated), key).to.deep.equal(insertions(text));
        }
      });

      it('has every key that form, dialog and runtime use', () => {
        const keys = [...catalogue(type, 'zh-CN').keys()];
        const missing = used(type).filter((key) => !keys.some((known) => asPattern(key).test(known)));
        expect(missing).to.deep.equal([]);
      });

      it('has no key that nobody uses', () => {
        const patterns = used(type).map(asPattern);
        const idle = [...catalogue(type, 'en-US').keys()].filter((key) => !patterns.some((pattern) => pattern.test(key)));
        expect(idle).to.deep.equal([]);
      });

      it('has help of the same structure in both languages, with every property that the dialog does not explain beside it', () => {
        const marks = (language: string): string[] => help(type, language).split('\n').map((line) => /^(#+|-|\d\.|: \S+|<.*|)/.exec(line)?.[0] ?? '');
        expect(marks('zh-CN')).to.deep.equal(marks('en-US'));
        const links = (language: string): number => help(type, language).split('](https://').length;
        expect(links('zh-CN')).to.equal(links('en-US'));
        for (const language of LANGUAGES) {
          expect(help(type, language)).to.include(`<script type="text/markdown" data-help-name="${type}">`);
          const texts = catalogue(type, language);
          for (const [key, text] of texts) {
            const isPlain = ['label.name', 'label.tenant'].includes(key) || texts.has(key.replace('label.', 'unit.'));
            if (key.startsWith('label.') && !isPlain) expect(help(type, language), `${language} ${key}`).to.include(text);
          }
        }
      });

      it('has help that the editor reads as it is meant: colons make properties of a line only where it begins with one', () => {
        for (const language of LANGUAGES) {
          for (const line of help(type, language).split('\n')) {
            if (line.startsWith(':')) expect(line).to.match(/^: [^:]+ \([^:()]+\) : [^:]+$/);
            else expect(line).to.not.match(/:[^:]+\([^:]+\).*?:(?!\/\/)/);
          }
        }
      });

      it('is the only place of texts: the form has none of its own', () => {
        const words = read(type, 'editor.html').replace(/<style>.*?<\/style>|<!--.*?-->|<[^>]*>/gs, ' ').trim();
        expect(words).to.equal('');
        const spoken = [...read(type, 'editor.html').matchAll(/\b(?:title|placeholder|aria-label|alt)="/g)];
        expect(spoken).to.deep.equal([]);
      });
    });
  }

  it('have advice for every category', () => {
    expect(ADVICE).to.include.all.keys(...CATEGORIES);
  });

  it('explains every category in the help', () => {
    for (const language of LANGUAGES) {
      for (const category of CATEGORIES) expect(help('ciam-user', language), language).to.include(`\n- \`${category}\``);
    }
  });

  it('leaves colours to the theme', () => {
    for (const type of TYPES) {
      const styles = [...read(type, 'editor.html').matchAll(/<style>(.*?)<\/style>|style="(.*?)"/gs)].map(([, sheet, inline]) => sheet ?? inline ?? '').join(';');
      const colours = [...styles.matchAll(/(?:color|background|border(?:-\w+)*|fill|stroke)\s*:\s*([^;}]+)/g)].map(([, value]) => (value ?? '').trim());
      for (const colour of colours) expect(colour).to.match(/var\(--red-ui-[\w-]+\)$/);
      expect(styles).to.not.match(/#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(/i);
    }
  });
});
