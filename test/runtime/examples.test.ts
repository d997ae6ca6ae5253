/** Every example is clicked through, and must give what docs/examples.md says of it. */
import { expect } from 'chai';
import { startSimulator } from '../../src/simulator/simulator';
import { EXAMPLES, example, needsBroker, nodeOf, sectionOf } from '../support/examples';
import { MAJORS, startNodeRed, type DebugMessage, type FlowNode, type NodeRed } from '../support/runtime';

interface Promised {
  /** Name of the debug node. */
  debug: string;
  /** What the page sets as code: all of it must be in the messages. */
  terms: string[];
}

/** The rows `| button | debug | what you see |` of the page, by button. Names of message properties are no values. */
const promises = (section: string): Map<string, Promised[]> => {
  const table = new Map<string, Promised[]>();
  for (const [, button = '', debug = '', text = ''] of section.matchAll(/^\| (.+?) \| (.+?) \| (.+?) \|$/gm)) {
    const terms = [...text.matchAll(/`([^`]+)`/g)].map(([, term = '']) => term).filter((term) => !term.startsWith('msg.'));
    table.set(button, [...table.get(button) ?? [], { debug, terms }]);
  }
  return table;
};

/** One without properties begins the flow by itself. */
const buttonsOf = (flow: FlowNode[]): FlowNode[] => flow.filter(({ type, props }) => type === 'inject' && Array.isArray(props) && props.length > 0);

const clickable = EXAMPLES.map((file) => ({ file, flow: example(file) }))
  .filter(({ flow }) => !needsBroker(flow) && buttonsOf(flow).length > 0);

for (const major of MAJORS) {
  describe(`the examples in Node-RED ${major}`, () => {
    let nodeRed: NodeRed;
    before(async () => {
      nodeRed = await startNodeRed({ major });
    });
    after(() => nodeRed.stop());

    /** Clicks, and waits until each debug node of the page's rows has shown what it should. */
    const click = async (file: string, inject: FlowNode): Promise<DebugMessage[]> => {
      const promised = promises(sectionOf(file)).get(String(inject['name'])) ?? [];
      expect(promised, `the page says nothing of the button ${String(inject['name'])}`).to.not.be.empty;
      nodeRed.debug.length = 0;
      await nodeRed.inject(inject.id);
      const isKept = ({ debug, terms }: Promised): boolean => {
        const shown = nodeRed.debug.filter(({ name }) => name === debug).map(({ msg }) => JSON.stringify(msg));
        return shown.length > 0 && terms.every((term) => shown.some((text) => text.includes(`"${term}"`)));
      };
      await nodeRed.until(() => promised.every(isKept) || undefined, `what the page says of ${String(inject['name'])}: ${JSON.stringify(promised)}`);
      for (const { name } of nodeRed.debug) expect(promised.map(({ debug }) => debug)).to.include(name);
      return [...nodeRed.debug];
    };

    for (const { file, flow } of clickable) {
      it(`${file} gives what the page says of it`, async () => {
        await nodeRed.deploy(flow);
        for (const inject of buttonsOf(flow)) await click(file, inject);
        expect(nodeRed.log()).to.not.match(/\[error\]/);
      });
    }

    it('a table comes out as it went in, with account and state, line for line', async () => {
      const file = '13-rows-of-a-table.json';
      const flow = example(file);
      await nodeRed.deploy(flow);
      const csv = async (button: string): Promise<unknown> => (await click(file, nodeOf(flow, 'inject', button))).find(({ name }) => name === 'csv')?.msg;
      expect(await csv('a table of four')).to.equal([
        'name,phone,account,state', 'Zhang San,152 0000 0000,zhangsan,active', 'Wang Wu,,,CIAM.INPUT',
        'Li Si,+86-13900002222,lisi,disabled', 'No One,13800000404,,IDAAS.TENANT.USER.0001', '',
      ].join('\r\n'));
      expect(await csv('a table of one')).to.equal('name,phone,account,state\r\nZhang San,15200000000,zhangsan,active\r\n');
    });

    it('a door opens for who was known when the tenant is away, and for nobody else', async () => {
      const flow = example('14-door.json');
      const simulator = await startSimulator();
      const credentials = { clientId: 'id', clientSecret: 'secret' };
      // Remembered for an instant only, so that what opens later is the last known answer.
      await nodeRed.deploy(flow.map((node) => (node.type === 'ciam-tenant' ? { ...node, demo: false, domain: simulator.url, credentials, cacheTtl: 0.001, timeout: 1 } : node)));
      const decided = async (): Promise<unknown> => {
        nodeRed.debug.length = 0;
        await nodeRed.inject(nodeOf(flow, 'inject', '15200000000').id);
        return (await nodeRed.until(() => nodeRed.debug.find(({ name }) => name === 'open' || name === 'stay shut'), 'a decision')).msg;
      };
      expect(await decided()).to.deep.equal({ door: 'open', user: 'zhangsan', source: 'tenant' });
      await simulator.close();
      expect(await decided()).to.deep.equal({ door: 'open', user: 'zhangsan', source: 'stale' });
      nodeRed.debug.length = 0;
      await nodeRed.inject(nodeOf(flow, 'inject', '+86-13900002222').id);
      expect((await nodeRed.until(() => nodeRed.debug.find(({ name }) => name === 'stay shut'), 'a refusal')).msg).to.deep.equal({ door: 'shut', why: 'tenant' });
    });

    it('a door stays shut for a word of the tenant that nobody knows', async () => {
      const flow = example('14-door.json');
      const simulator = await startSimulator({ users: [{ user_id: '1', user_name: 'odd', mobile: '15200000000', disabled: 'Y' }] });
      await nodeRed.deploy(flow.map((node) => (node.type === 'ciam-tenant' ? { ...node, demo: false, domain: simulator.url, credentials: { clientId: 'id', clientSecret: 'secret' } } : node)));
      nodeRed.debug.length = 0;
      await nodeRed.inject(nodeOf(flow, 'inject', '15200000000').id);
      expect((await nodeRed.until(() => nodeRed.debug.find(({ name }) => name === 'open' || name === 'stay shut'), 'a decision')).msg).to.deep.equal({ door: 'shut', why: 'disabled' });
      await simulator.close();
    });

    it('an alert mentions a mobile number without its dialling code', async () => {
      const file = '15-alert-the-owner.json';
      const flow = example(file);
      await nodeRed.deploy(flow);
      const [shown] = await click(file, nodeOf(flow, 'inject', 'an alert of pump 7'));
      expect(shown?.msg).to.deep.equal({ msgtype: 'text', text: { content: 'pump 7: pressure 9.2 bar. Owner: 李四', mentioned_mobile_list: ['13900002222'] } });
    });

    it('a list keeps its order and the place of each item', async () => {
      const file = '06-a-list.json';
      const flow = example(file);
      await nodeRed.deploy(flow);
      const places = (messages: DebugMessage[]): unknown =>
        Object.fromEntries(messages.map(({ name, msg }) => [name, (msg as { index: number }[]).map(({ index }) => index)]));
      const shown = async (button: string): Promise<unknown> => places(await click(file, nodeOf(flow, 'inject', button)));
      expect(await shown('four numbers')).to.deep.equal({ found: [0, 1, 3], failed: [2] });
      expect(await shown('passing troubles')).to.deep.equal({ found: [0, 1, 2, 3] });
      expect(await shown('usernames, none right')).to.deep.equal({ failed: [0, 1] });
      expect(await shown('an empty list')).to.deep.equal({ found: [] });
    });
  });
}
