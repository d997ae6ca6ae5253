/** The tables of `docs/scale.md`, calculated again from the formulas of that page. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { tables } from './support/markdown';
import { root } from './support/versions';

/** The first number of a cell: `1,667`, `17 %`, `111 calls/s`, `每秒 111 次`. */
const numberIn = (cell: string): number => Number(/\d[\d,]*/.exec(cell)?.[0].replaceAll(',', ''));
const rounded = (value: number, digits: number): number => Number(value.toPrecision(digits));

const OVER_MQTT = 1500;
const OVER_HTTP = 500;
/** Seconds through the broker. */
const WAY = 0.01;
const workers = (perSecond: number, latency: number, concurrency: number, perCore: number): number =>
  Math.ceil(Math.max(perSecond * latency / concurrency, perSecond / perCore));
/** Of lookups for the same user, asked for so often. */
const remembered = (times: number, count: number): number => 1 - count * (1 - (1 - 1 / count) ** times) / times;
const MEMORY_BYTES = 64 * 2 ** 20;

for (const page of ['docs/scale.md', 'docs/scale.zh-CN.md']) {
  describe(page, () => {
    const all = tables(readFileSync(join(root, page), 'utf8'));
    const rowsOf = (column: RegExp): string[][] => all.find(({ header }) => header.some((cell) => column.test(cell)))?.rows ?? [];

    it('has as many workers, calls and places in the window as the formulas give', () => {
      const rows = rowsOf(/^`concurrency`$/);
      expect(rows).to.have.length(7);
      for (const row of rows) {
        const [perSecond = 0, concurrency = 0, ...rest] = row.map(numberIn);
        const mqtt = [0.05, 0.2, 0.5].map((latency) => workers(perSecond, latency, concurrency, OVER_MQTT));
        expect(rest, row.join(' | ')).to.deep.equal([
          Math.round(perSecond / 0.9), ...mqtt, Math.round(perSecond * (0.05 + WAY)), workers(perSecond, 0.05, concurrency, OVER_HTTP), perSecond * 0.05,
        ]);
      }
    });

    it('says what memory helps as the formula does', () => {
      const rows = rowsOf(/10 workers in turn|10 个轮流/);
      expect(rows).to.have.length(3);
      for (const row of rows) {
        const [times = 0, ...parts] = row.map(numberIn);
        expect(parts, row.join(' | ')).to.deep.equal([1, 3, 10].map((count) => Math.round(100 * remembered(times, count))));
      }
    });

    it('counts a million devices, and ten million users', () => {
      const devices = rowsOf(/a million devices ask|一百万台设备/).map((row) => row.slice(1).map(numberIn));
      expect(devices).to.deep.equal([86_400, 3600, 600, 300].map((seconds) => [Math.round(1e6 / seconds), workers(1e6 / seconds, 0.05, 64, OVER_MQTT)]));
      const users = rowsOf(/ten million users|一千万用户/).map((row) => row[2] ?? '');
      const held = rounded(MEMORY_BYTES / 1e4, 2);
      const hours = 1e7 / 900 / 3600;
      expect(users.map(numberIn)).to.deep.equal([Math.round(1e7 / 14_400), Math.round(1e7 / 90 / 3600), Math.floor(hours), held, held, rounded(1e7 / held, 3), rounded(67 * held, 3)]);
      expect(users[2]).to.match(new RegExp(`${Math.round((hours % 1) * 60)} (minutes|分钟)$`));
    });
  });
}
