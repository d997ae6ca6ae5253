/** Whoever has the log and the canvas only can name the cause of each fault, in both languages: the table in docs/trouble.md, made again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { page, type Sight, sights } from '../../scripts/faults';
import type { Language } from '../support/catalogue';
import type { Major } from '../support/runtime';
import { root } from '../support/versions';

const RUNS: [major: Major, lang: string, language: Language][] = [[4, 'en_US.UTF-8', 'en-US'], [5, 'en_US.UTF-8', 'en-US'], [5, 'zh_CN.UTF-8', 'zh-CN'], [4, 'zh', 'zh-CN']];

for (const [major, lang, language] of RUNS) {
  describe(`faults in Node-RED ${major} with LANG=${lang}`, () => {
    let seen: Sight[];
    before(async () => {
      seen = await sights(language, major, lang);
    });

    it('look as the page says: npm run faults', () => {
      const { path, text } = page(language, seen);
      expect(text).to.equal(readFileSync(join(root, path), 'utf8'));
    });

    it('are at least twenty, and no two of them look the same', () => {
      expect(seen).to.have.lengthOf.at.least(20);
      const looks = seen.map(({ log, status, events, state, failure }) => JSON.stringify({ log, status, events, state, failure }));
      // The host of a row is its own, which would tell any two apart.
      const bare = looks.map((look) => look.replace(/tenant\.example\.com|no-such-host\.invalid/g, 'host'));
      expect(bare.filter((look, index) => bare.indexOf(look) !== index)).to.deep.equal([]);
    });

    it('of a tenant that cannot work are in the log, with its code and what to do', () => {
      for (const { name, log, events, failure } of seen.filter(({ events }) => events.at(-1) !== 'ready')) {
        const trouble = log.filter(({ level }) => level !== 'info');
        expect(trouble, name).to.not.be.empty;
        expect(trouble.at(-1)?.text, name).to.match(/[（(](CIAM\.|invalid_|unauthorized)/);
        if (events.at(-1) === 'failing') expect(log.map(({ level }) => level), name).to.deep.equal(['warn', 'error']);
        else if (failure && events.at(-1) !== 'misconfigured') expect(trouble.at(-1)?.text, name).to.include(failure.advice);
      }
    });

    it('of a tenant that cannot work are told by Test connection in the words of the log', () => {
      for (const { name, log, events, tested } of seen.filter(({ events }) => events.at(-1) !== 'ready')) {
        const line = log.filter(({ level }) => level !== 'info').at(-1)?.text ?? '';
        if (tested === null) expect(name).to.match(/missing|不存在/);
        else if (events.at(-1) === 'misconfigured' && !line.endsWith(tested)) expect(tested, name).to.match(/^(Correct the property|请在租户节点或查询节点中修正)/);
        else expect(line, name).to.include(tested).and.satisfy(() => tested !== '');
      }
    });

    it('are told in its language', () => {
      for (const { name, log, failure, tested } of seen) {
        for (const text of [...log.map((line) => line.text), ...(failure ? [failure.message, failure.advice] : []), ...(tested ? [tested] : [])]) expect(/[\u4e00-\u9fff]/.test(text), `${name}: ${text}`).to.equal(language === 'zh-CN');
      }
    });

    it('are told without a number, a name or a secret', () => {
      expect(JSON.stringify(seen)).to.not.match(/1380000|7Q2W|a-secret-that|a-token-of/);
    });
  });
}
