/** Results → the table of the README. */
import type { Trips, Versions } from './job';
import type { Memory, Palette, RowResult, Size } from './measure';
import { SIZES } from './rows';
import { cpu, type Figure, figure, middle, ratio, wall, type Sample } from './statistics';

export interface Measured {
  versions: Versions;
  rows: Record<string, RowResult>;
  trips?: Trips;
  memory?: Memory;
  palette?: Palette;
  size?: Size;
}

/** The README's languages; a word each that a cell needs. */
const WORDS = {
  en: { what: 'what', against: 'against', toReach: 'to reach', cpu: 'by CPU time', and: 'against', bytes: 'bytes', deploy: 'first deployment', own: 'of that Node-RED', withOwn: 'with that', heap: 'heap', process: 'process', packages: 'dependencies', never: 'fails' },
  zh: { what: '内容', against: '对照', toReach: '目标', cpu: '按 CPU 时间', and: '对', bytes: '字节', deploy: '首次部署', own: '其中 Node-RED', withOwn: '计入', heap: '堆', process: '进程', packages: '个依赖', never: '失败' },
} as const;
export type Language = keyof typeof WORDS;
export const LANGUAGES = Object.keys(WORDS) as Language[];
type Words = (typeof WORDS)[Language];

/** What is compared, with what, and what is to be reached. */
type Texts = [what: string, against: string, toReach: string];

interface Line {
  en: Texts;
  zh: Texts;
  /** The result of one major, if it was measured. */
  cell: (measured: Measured, words: Words) => string | undefined;
}

const two = (value: number): string => value.toFixed(2);
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const times = ({ median, low, high }: Figure): string => `**${two(median)}** (${two(low)}–${two(high)})`;
const perSecond = (samples: Sample[]): number => 1000 / figure(samples.map(wall)).median;
const of = ({ samples }: RowResult, name: string): Sample[] => samples[name] ?? [];

const row = (name: string, cell: (result: RowResult, words: Words) => string): Line['cell'] => ({ rows }, words) => (rows[name] ? cell(rows[name], words) : undefined);

const rival = (name: string) => (result: RowResult, words: Words): string =>
  `${times(ratio(wall, of(result, 'ours'), of(result, name)))}; ${whole(perSecond(of(result, 'ours')))} ${words.and} ${whole(perSecond(of(result, name)))}`;

/** Against the node with the bare call. */
const limit = (result: RowResult, words: Words): string =>
  `${rival('node')(result, words)}; ${words.cpu} ${two(ratio(cpu, of(result, 'ours'), of(result, 'node')).median)}`;

/** Against what undici and a node that does nothing take together. */
const sum = (result: RowResult, words: Words): string => {
  const [bare, pass, ours] = [of(result, 'bare'), of(result, 'pass'), of(result, 'ours')];
  const most = 1 / (1 / perSecond(bare) + 1 / perSecond(pass));
  return `${times(ratio(wall, ours, bare, pass))}; ${whole(perSecond(ours))} ${words.and} ${whole(most)}`;
};

/** By the median time of one message, against what these take together. */
const oneAtATime = (...rivals: string[]) => (result: RowResult, words: Words): string => {
  const [ours, others] = [of(result, 'ours'), rivals.map((name) => of(result, name))];
  const us = (samples: Sample[]): string => whole(figure(samples.map(middle)).median * 1000);
  return `${times(ratio(middle, ours, ...others))}; ${us(ours)} µs ${words.and} ${others.map(us).join(' + ')} µs`;
};

const list = (result: RowResult, words: Words): string => {
  const seconds = (name: string): string => two(figure(of(result, name).map(({ ms }) => ms)).median / 1000);
  return `${times(ratio(wall, of(result, 'ours'), of(result, 'core')))}; ${seconds('ours')} s ${words.and} ${seconds('core')} s`;
};

/** By how much a message takes longer in a large batch than in a small one, compared within each round: without what the node that fills messages takes, and with it. */
const growth = (result: RowResult, words: Words): string => {
  const costs = (name: string): number[][] => SIZES.map((size) => of(result, `${name} ${size}`).map((sample) => wall(sample) * 1000));
  const [ours, fill] = [costs('ours'), costs('fill')];
  const rest = ours.map((rounds, size) => rounds.map((cost, round) => cost - (fill[size]?.[round] ?? NaN)));
  const grown = ([small = [], large = []]: number[][]): Figure => figure(large.map((cost, round) => (cost / (small[round] ?? NaN) - 1) * 100));
  const arrows = (sizes: number[][]): string => sizes.map((rounds) => figure(rounds).median.toFixed(1)).join(' → ');
  const { median, low, high } = grown(rest);
  return `**${whole(median)} %** (${whole(low)} … ${whole(high)}), ${words.withOwn} ${whole(grown(ours).median)} %; ${arrows(ours)} µs; ${words.own} ${arrows(fill)} µs`;
};

/** Of the first answer and of the last one, where they differ. */
const trips = (situation: Exclude<keyof Trips['ours'], 'connections'>): Line['cell'] => ({ trips: counted }, words) => {
  if (!counted) return undefined;
  const text = (name: keyof Trips): string => [...new Set(counted[name][situation])].map((count) => (Number.isFinite(count) ? String(count) : words.never)).join('–');
  return `**${text('ours')}** ${words.and} ${text('core')}`;
};

const SUM = { en: ['the same', 'a loop around undici without Node-RED, and a node that does nothing, added up', ''], zh: ['同上', '不经 Node-RED 循环调用 undici，加上空节点', ''] } as const satisfies Pick<Line, 'en' | 'zh'>;

const CORE_WITH_TOKEN = { en: 'core: `http request` for the token, then for the user, with three function nodes', zh: '核心节点：`http request` 取令牌，再查用户，加三个 function 节点' };

const waiting: Line['cell'] = ({ memory }, words) => {
  if (!memory) return undefined;
  const [ours, core] = [memory.ours, memory.core].map((all) => figure(all.map(({ heap }) => heap)).median) as [number, number];
  return `**${(ours / core).toFixed(3)}**; ${whole(ours)} ${words.and} ${whole(core)} ${words.bytes}`;
};

const loading: Line['cell'] = ({ palette }, words) => {
  if (!palette) return undefined;
  const own = figure(palette.times.map(({ ours, empty }) => ours - empty)).median;
  const megabytes = (part: 'heap' | 'rss'): string => two(figure(palette.sizes.map((report) => report[part])).median / 1024 / 1024);
  const deploy = figure(palette.times.map((report) => report.deploy)).median;
  return `**${own.toFixed(1)} ms**; ${words.deploy} ${deploy.toFixed(1)} ms; ${words.heap} ${megabytes('heap')} MB, ${words.process} ${megabytes('rss')} MB`;
};

const size: Line['cell'] = ({ size: measured }, words) => measured && `**${whole(measured.unpacked / 1000)} kB**, ${measured.dependencies} ${words.packages}`;

const LINES: Line[] = [
  {
    en: ['64 in flight through a flow, calls/s', 'the limit: a node that makes the bare undici call and nothing else', '1.00'],
    zh: ['经流程同时 64 个查询，次/秒', '极限：只做这一次 undici 调用的节点', '1.00'], cell: row('flight', limit),
  },
  { ...SUM, cell: row('flight', sum) },
  { en: ['the same', 'core `http request` with two function nodes', '8 on 4.1, 6 on 5.0'], zh: ['同上', '核心节点 `http request` 加两个 function 节点', '4.1：8；5.0：6'], cell: row('flight', rival('core')) },
  { en: ['one at a time, p50', 'the same limit', '1.00'], zh: ['逐个查询，p50', '同一极限', '1.00'], cell: row('single', oneAtATime('node')) },
  { ...SUM, cell: row('single', oneAtATime('bare', 'pass')) },
  { en: ['64 in flight over TLS, calls/s', 'the same limit, over TLS', '1.00'], zh: ['经 TLS 同时 64 个，次/秒', '经 TLS 的同一极限', '1.00'], cell: row('tls', limit) },
  { ...SUM, cell: row('tls', sum) },
  { en: ['64 in flight, answers of 14 kB, calls/s', 'the same limit', '0.95'], zh: ['同时 64 个，每个响应 14 kB，次/秒', '同一极限', '0.95'], cell: row('large', limit) },
  { en: ['64 in flight with the seventeenth token, calls/s', 'itself with its first one', '0.95'], zh: ['使用第 17 个令牌，同时 64 个，次/秒', '使用首个令牌的自身', '0.95'], cell: row('renewed', rival('fresh')) },
  { en: ['a remembered answer, messages/s', 'the node that does nothing', '0.5'], zh: ['缓存命中，消息/秒', '空节点', '0.5'], cell: row('remembered', rival('pass')) },
  { en: ['a list of 10,000', 'split → `http request` → join', '8'], zh: ['10,000 项的列表', 'split → `http request` → join', '8'], cell: row('list', list) },
  { en: ['100,000 messages waiting: memory of one', 'core `http request` doing the same', '≤ 0.5'], zh: ['100,000 条消息等待：每条内存', '核心节点 `http request`', '≤ 0.5'], cell: waiting },
  {
    en: ['1,000 → 100,000 messages at once: growth of the time of one, without what Node-RED takes to carry it and its answer', 'itself', '≤ 10 %'],
    zh: ['一次 1,000 → 100,000 条消息：每条用时的增长，不计 Node-RED 传递消息及其结果所需', '自身', '≤ 10 %'], cell: row('scale', growth),
  },
  { en: ['round trips, TCP and TLS among them: the first message at once after a deployment', CORE_WITH_TOKEN.en, '≤ 4'], zh: ['往返次数（含 TCP 与 TLS）：部署后立即到来的首条消息', CORE_WITH_TOKEN.zh, '≤ 4'], cell: trips('atOnce') },
  { en: ['the first message a second after a deployment', 'the same', '1'], zh: ['部署一秒后的首条消息', '同上', '1'], cell: trips('aSecondAfter') },
  { en: ['16 messages at once a second after a deployment, first and last', 'the same', '1, ≤ 4'], zh: ['部署一秒后同时 16 条，首条与末条', '同上', '1，≤ 4'], cell: trips('many') },
  { en: ['the next 16 at once', 'the same', '1'], zh: ['随后同时 16 条', '同上', '1'], cell: trips('manyAgain') },
  { en: ['a message after the server has closed idle connections', 'the same', '≤ 3'], zh: ['服务器关闭空闲连接后的一条消息', '同上', '≤ 3'], cell: trips('closed') },
  { en: ['a message whose connection, used before, is reset', 'the same', '1 + 3'], zh: ['所用的旧连接被重置的一条消息', '同上', '1 + 3'], cell: trips('reset') },
  { en: ['loading the palette', 'an empty package', '< 10 ms, < 2 MB, no undici'], zh: ['加载到节点面板', '空软件包', '< 10 ms，< 2 MB，不加载 undici'], cell: loading },
  { en: ['size', '', '≤ 500 kB unpacked, readable, ≤ 3 dependencies'], zh: ['大小', '', '解包后 ≤ 500 kB，可读，≤ 3 个依赖'], cell: size },
];

export const table = (results: Measured[], language: Language): string => {
  const words = WORDS[language];
  const head = [words.what, words.against, words.toReach, ...results.map(({ versions }) => `Node-RED ${versions.nodeRed}, Node.js ${versions.node}`)];
  const lines = LINES.map(({ cell, ...texts }) => ({ texts: texts[language], cells: results.map((measured) => cell(measured, words)) }))
    .filter(({ cells }) => cells.some(Boolean))
    .map(({ texts, cells }) => [...texts, ...cells.map((cell) => cell ?? '')]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
};
