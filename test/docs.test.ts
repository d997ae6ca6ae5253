/** The pages keep what they promise: both languages say the same things, and what they name exists. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import { anchors, codeBlocks, codeSpans, headings, links, pictures, prose, tables } from './support/markdown';

const root = resolve(__dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as { scripts: Record<string, string>; bin: Record<string, string> };

const markdownIn = (folder: string): string[] =>
  readdirSync(join(root, folder)).filter((name) => name.endsWith('.md')).map((name) => join(folder, name));
const PAGES = [...markdownIn('.'), ...markdownIn('docs'), ...markdownIn('examples/mqtt'), ...markdownIn('examples/http')];

const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder)).map((name) => join(folder, name)).flatMap((path) => (statSync(join(root, path)).isDirectory() ? filesIn(path) : [path]));

/** Where the Flow Library and npm find what a README shows; a clone has the same file. */
const ADDRESS = /^https:\/\/(?:github\.com\/ciam-flows\/node-red-ciam\/blob|raw\.githubusercontent\.com\/ciam-flows\/node-red-ciam)\/HEAD\//;

/** Files that a reader makes. */
const STRANGERS: ReadonlySet<string> = new Set(['users.json', 'flow.json', 'test/flow.test.js']);

const FOLDERS = ['bench', 'docs', 'examples', 'nodes', 'scripts', 'src', 'test'];
const FILES = [...readdirSync(root), ...FOLDERS.flatMap(filesIn)];
/** Not those that begin elsewhere (`dist/src/…`, an address), nor patterns (`src/*.ts`). */
const PATH = new RegExp(`(?<![\\w./@-])(?:\\.\\.?/)*(?:${FOLDERS.join('|')})/[\\w./-]*\\.(?:ts|mjs|json|md|html|png)\\b`, 'g');

describe('pages', () => {
  for (const page of PAGES) {
    describe(page, () => {
      const text = read(page);

      it('links to what exists', () => {
        for (const target of links(text)) {
          const inRoot = target.replace(ADDRESS, '');
          if (/^(https?|mailto):/.test(inRoot)) continue;
          const [path = '', anchor] = inRoot.split('#');
          const from = inRoot === target ? dirname(page) : '.';
          const file = path === '' ? page : join(from, path);
          expect(existsSync(join(root, file)), target).to.equal(true);
          if (anchor !== undefined) expect(anchors(read(file)), target).to.include(anchor);
        }
      });

      it('names files that exist', () => {
        const named = codeSpans(text).filter((code) => /^(\.ci|bench|docs|examples|nodes|scripts|src|test)\/[\w./-]+$/.test(code) || /^[\w-]+\.(ts|mjs|md|json)$/.test(code));
        for (const name of named.filter((one) => !STRANGERS.has(one))) {
          const found = existsSync(join(root, name)) || FILES.some((path) => path.endsWith(`/${name}`));
          expect(found, name).to.equal(true);
        }
      });

      it('names commands that exist', () => {
        const commands = [...text.matchAll(/\bnpm (?:run (?:--silent )?)?([\w:]+)/g)].filter(([whole, name]) => whole.includes(' run ') || name === 'start' || name === 'test');
        for (const [whole, name = ''] of commands) expect(manifest.scripts, whole).to.have.property(name);
      });

      it('names examples that exist', () => {
        const examples = readdirSync(join(root, 'examples'));
        for (const code of codeSpans(text).filter((span) => /^\d\d-[\w-]+$/.test(span))) expect(examples).to.include(`${code}.json`);
      });

      it('leaves nothing to be written later', () => {
        expect(prose(text)).to.not.match(/\b(TODO|TBD|FIXME|XXX|lorem ipsum|coming soon)\b/i);
      });
    });
  }

  it('name paths that exist, as programs and their comments do', () => {
    const exists = (path: string): boolean => existsSync(join(root, path));
    for (const file of FILES.filter((name) => /\.(md|ts|mjs)$/.test(name))) {
      const lost = (read(file).match(PATH) ?? []).filter((path) =>
        // The build makes types of each source.
        ![path, join(dirname(file), path), path.replace(/\.d\.ts$/, '.ts')].some(exists));
      expect(lost, file).to.deep.equal([]);
    }
  });

  it('name files that exist, also where a comment names one without its folder', () => {
    const known = new Set(FILES.map((path) => basename(path)));
    for (const file of FILES.filter((name) => /^(src|nodes|bench|scripts)\/.*\.(ts|mjs)$/.test(name))) {
      const lost = (read(file).match(/(?<![\w./@-])[a-z][a-z-]+\.(?:ts|mjs)\b/g) ?? []).filter((name) => !known.has(name));
      expect(lost, file).to.deep.equal([]);
    }
  });

  it('say in ARCHITECTURE.md what each folder is for', () => {
    const layers = tables(read('ARCHITECTURE.md')).filter(({ header }) => header[0] === 'layer').flatMap(({ rows }) => rows.flatMap(([name]) => codeSpans(name ?? '')));
    const folders = readdirSync(join(root, 'src')).filter((name) => statSync(join(root, 'src', name)).isDirectory()).map((name) => `src/${name}/`);
    expect(folders.filter((folder) => !layers.includes(folder))).to.deep.equal([]);
    expect(layers.filter((path) => !existsSync(join(root, path)))).to.deep.equal([]);
  });

  it('shows pictures small enough to read a page over a slow line', () => {
    const images = readdirSync(join(root, 'docs/images'));
    const size = images.reduce((sum, name) => sum + statSync(join(root, 'docs/images', name)).size, 0);
    expect(size).to.be.within(1, 800_000);
    const shown = PAGES.flatMap((page) => pictures(read(page))).map((path) => path.replace(/^.*\//, ''));
    expect(images.filter((name) => !shown.includes(name)), 'pictures that no page shows').to.deep.equal([]);
  });
});

describe('CONTRIBUTING.md', () => {
  const rows = tables(read('CONTRIBUTING.md')).find(({ header }) => header[0] === 'tests')?.rows ?? [];

  it('lists every command that runs tests', () => {
    const scripts = Object.keys(manifest.scripts).filter((name) => name.startsWith('test:')).map((name) => `npm run ${name}`);
    expect(codeSpans(read('CONTRIBUTING.md'))).to.include.members(scripts);
  });

  it('lists every folder of tests, with the command that runs it', () => {
    const folders = readdirSync(join(root, 'test')).filter((name) => statSync(join(root, 'test', name)).isDirectory() && filesIn(`test/${name}`).some((file) => file.endsWith('.test.ts')));
    expect(rows.flatMap(([folder]) => codeSpans(folder ?? '')).sort()).to.deep.equal(['test', ...folders.map((name) => `test/${name}`)].sort());
    for (const [folder = '', , command = ''] of rows.filter(([name]) => name !== '`test` (files beside the folders)')) {
      expect(manifest.scripts[command.replaceAll('`', '').replace('npm run ', '')], command).to.include(`"${codeSpans(folder)[0]}/**/`);
    }
  });
});

describe('README', () => {
  it('has addresses that work where no other file of the repository is', () => {
    for (const page of ['README.md', 'docs/README.zh-CN.md']) expect(links(read(page)).filter((target) => !/^(https:|#)/.test(target)), page).to.deep.equal([]);
  });
});

describe('docs/security.md', () => {
  it('names for each attacker a test that exists', () => {
    const rows = tables(read('docs/security.md')).find(({ header }) => header[0] === 'attacker')?.rows ?? [];
    expect(rows).to.have.lengthOf.above(9);
    for (const [attacker, , , shown = ''] of rows) {
      const [file = '', ...names] = codeSpans(shown);
      expect(names, attacker).to.have.lengthOf.above(0);
      const text = read(file);
      for (const name of names) expect(["it('", "describe('", 'it(`', 'describe(`'].some((start) => text.includes(start + name)), `${file}: ${name}`).to.equal(true);
    }
  });
});

/** The Chinese README stands in `docs`: npm puts every README of the root into the package. */
const inEnglish = (page: string): string => page.replace('docs/README.zh-CN', 'README').replace('.zh-CN', '');

/** Pages that exist in both languages. */
const PAIRS = PAGES.filter((page) => page.endsWith('.zh-CN.md')).map((page) => [inEnglish(page), page] as const);

for (const [englishPage, chinesePage] of PAIRS) {
  describe(`${englishPage} in English and Chinese`, () => {
    const english = read(englishPage);
    const chinese = read(chinesePage);
    /** Pictures and pages may exist once for each language; a heading is named by its place in the page. */
    const neutral = (page: string) => (target: string): string => {
      const inRoot = target.replace(ADDRESS, '');
      if (/^https?:/.test(inRoot)) return target;
      const [path = '', anchor] = inRoot.split('#');
      const file = path === '' ? page : join(inRoot === target ? dirname(page) : '.', path);
      return `${inEnglish(file)}#${anchor === undefined ? '' : anchors(read(file)).indexOf(anchor)}`;
    };

    it('has the same headings', () => {
      expect(headings(chinese).map(({ level }) => level)).to.deep.equal(headings(english).map(({ level }) => level));
    });

    it('shows the same commands and programs', () => {
      const code = (page: string): object[] => codeBlocks(page).filter(({ language }) => !['', 'json', 'mermaid'].includes(language))
        .map(({ language, text }) => ({ language, text: text.replace(/ *(#|\/\/) .*$/gm, '') }));
      expect(code(chinese)).to.deep.equal(code(english));
    });

    it('has tables of the same shape, with the same first column of code', () => {
      const shape = (page: string): object[] => tables(page).map(({ header, rows }) => ({ columns: header.length, rows: rows.map((row) => codeSpans(row[0] ?? '')) }));
      expect(shape(chinese)).to.deep.equal(shape(english));
    });

    it('names the same properties, codes and files in each section', () => {
      const sections = (page: string): string[][] => prose(page).split(/^#+ .*$/m).map((section) => codeSpans(section).map((span) => span.replace('.zh-CN', '')).sort());
      expect(sections(chinese)).to.deep.equal(sections(english));
    });

    it('has the same links and pictures', () => {
      const targets = (page: string): string[] => links(read(page)).map(neutral(page)).sort();
      expect(targets(chinesePage)).to.deep.equal(targets(englishPage));
    });

    it('has a picture of its own for each language', () => {
      for (const path of pictures(chinese)) expect(path).to.include('.zh-CN');
      expect(pictures(english)).to.have.lengthOf(pictures(chinese).length);
    });
  });
}
