/** The examples as they are kept: complete, tidy, and free of anything that belongs to one installation. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { init, lint } from 'nrlint/lib/linter.js';
import rules from 'nrlint/lib/rules/index.js';
import functionRules from 'nrlint/lib/rules/function-eslint/index.js';
import { files } from '../scripts/examples';
import { NUMBERS } from '../src/settings/schema';
import { anchorOf, DASHBOARD, EXAMPLES, example, sectionOf } from './support/examples';
import type { FlowNode } from './support/runtime';

const TENANT = ['name', 'demo', 'domain', 'auth', 'clientAuth', 'tls', 'proxy', 'warmUp', 'timezone', ...Object.keys(NUMBERS)];
const USER = ['name', 'tenant', 'by', 'value', 'valueType', 'item', 'output', 'list', 'fields', 'normalise', 'onFailure', 'outputs'];
const STATUS = ['name', 'tenant'];
/** What Node-RED brings along; the dashboard's nodes are named in its example. */
const CORE = [
  'tab', 'comment', 'inject', 'debug', 'change', 'switch', 'function', 'template', 'split', 'join', 'delay', 'trigger', 'catch', 'status', 'json', 'csv', 'batch', 'filter', 'rbe', 'range',
  'http in', 'http response', 'http request', 'mqtt in', 'mqtt out', 'mqtt-broker', 'tls-config', 'link in', 'link out', 'link call', 'complete', 'exec', 'file', 'file in', 'global-config',
];
/** As wide as a node may be drawn, with room between two: what `nrlint` asks for. */
const WIDTH = 170;
const HEIGHT = 40;
const OF_NODE_RED = ['id', 'type', 'z', 'x', 'y', 'wires'];

/** What a function node may use besides the language itself, and the node gives it. */
const FUNCTION_GLOBALS = { Buffer: 'readonly', URL: 'readonly' };
const functionRule = { ...functionRules['function-eslint'].meta.options.config.default, globals: FUNCTION_GLOBALS };
const LINT = { rules: { ...Object.fromEntries(Object.keys(rules).map((name) => [name, true])), 'function-eslint': { config: functionRule } } };

const isOnCanvas = ({ x }: FlowNode): boolean => typeof x === 'number';
const targets = ({ wires }: FlowNode): string[] => (Array.isArray(wires) ? (wires as string[][]).flat() : []);

describe('examples', () => {
  before(() => init({ resolveRule: (name) => ({ ...rules, ...functionRules })[name] }));

  it('have short ids that no two nodes share, so that several can be imported into one Node-RED', () => {
    const ids = [...EXAMPLES, DASHBOARD].flatMap(example).map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const id of ids) expect(id).to.match(/^c(\d\d|d)-\d+$/);
  });

  it('are kept as `npm run examples` writes them', () => {
    for (const [path, text] of files()) expect(readFileSync(path, 'utf8'), path).to.equal(text);
  });

  it('have demo tenants that nobody mistakes for those of another example', () => {
    const names = [...EXAMPLES, DASHBOARD].flatMap((file) => example(file).filter(({ type, demo }) => type === 'ciam-tenant' && demo === true).map(({ name }) => name));
    expect(new Set(names).size, names.join()).to.equal(names.length);
  });

  for (const file of [...EXAMPLES, DASHBOARD]) {
    describe(file, () => {
      const flow = example(file);
      const canvas = flow.filter(isOnCanvas);
      const tab = flow[0];

      it('is one tab with the number of the file, and a comment that says what it shows', () => {
        expect(flow.filter(({ type }) => type === 'tab')).to.deep.equal([tab]);
        expect(tab?.['label']).to.match(file === DASHBOARD ? /^Dashboard: / : new RegExp(`^${file.slice(0, 2)} `));
        expect(flow[1]).to.have.property('type', 'comment');
        expect(flow[1]).to.have.property('info').that.has.length.above(200);
      });

      it('leads to its part of the page, in English and in Chinese', () => {
        const address = 'https://github.com/ciam-flows/node-red-ciam/blob/HEAD/';
        const [english, chinese] = ['docs/examples.md', 'docs/examples.zh-CN.md'].map((page) => `${address}${page}#${anchorOf(file, page)}`);
        expect(flow[1]).to.have.property('name').that.matches(/双击看说明$/);
        expect(flow[1]).to.have.property('info').that.satisfies((info: string) => info.endsWith(`\n\n[In full](${english}) · [中文说明](${chinese})`));
        expect(sectionOf(file).split('\n')[0]).to.equal(`## ${String(tab?.['label'])}`);
      });

      it('names every node', () => {
        for (const node of flow) if (node.type !== 'tab') expect(node['name'], node.type).to.be.a('string').that.is.not.empty;
      });

      it('needs no nodes but those of Node-RED and ours', () => {
        const foreign = flow.filter(({ type }) => !type.startsWith('ciam-') && !CORE.includes(type) && !(file === DASHBOARD && type.startsWith('ui-')));
        expect(foreign.map(({ type }) => type)).to.deep.equal([]);
      });

      it('is complete: wires and settings lead to nodes of its own', () => {
        const ids = new Set(flow.map(({ id }) => id));
        for (const node of canvas) {
          expect(node['z']).to.equal(tab?.id);
          for (const target of targets(node)) expect(ids).to.include(target);
          if (node.type === 'ciam-user' || node.type === 'ciam-status') expect(flow.find(({ id }) => id === node['tenant'])).to.have.property('type', 'ciam-tenant');
        }
      });

      it('has our nodes with every property, and no credentials', () => {
        for (const node of flow) {
          expect(node).to.not.have.property('credentials');
          if (node.type === 'ciam-tenant') expect(node).to.have.all.keys('id', 'type', ...TENANT);
          if (node.type === 'ciam-status') expect(node).to.have.all.keys(...OF_NODE_RED, ...STATUS);
          if (node.type !== 'ciam-user') continue;
          expect(node).to.have.all.keys(...OF_NODE_RED, ...USER);
          expect(node).to.have.property('outputs', node['onFailure'] === 'catch' ? 1 : 2).that.equals((node['wires'] as unknown[]).length);
        }
      });

      it('passes all rules of nrlint', () => {
        // The worker takes itself out of the share and back by messages to where its questions come in.
        const rulesFor = file === '08-mqtt-worker.json' ? { ...LINT.rules, 'no-loops': 'off' } : LINT.rules;
        expect(lint(flow, { rules: rulesFor })).to.deep.equal([]);
      });

      it('is laid out on the grid, without nodes upon each other', () => {
        const places = canvas.map(({ x, y }) => ({ x: Number(x), y: Number(y) }));
        places.forEach((place, index) => {
          expect(place.x % 10 + place.y % 20, JSON.stringify(place)).to.equal(0);
          expect(place.x).to.be.within(60, 1200);
          for (const other of places.slice(0, index)) {
            expect(Math.abs(place.x - other.x) >= WIDTH || Math.abs(place.y - other.y) >= HEIGHT, JSON.stringify([place, other])).to.equal(true);
          }
        });
      });
    });
  }
});
