/** Every example is clicked through, and must give what its own comment says. */
import { expect } from 'chai';
import { EXAMPLES, example, needsBroker, nodeOf } from '../support/examples';
import { MAJORS, startNodeRed, type DebugMessage, type FlowNode, type NodeRed } from '../support/runtime';

interface Promised {
  /** Name of the debug node. */
  debug: string;
  /** What the comment sets as code: all of it must be in the messages. */
  terms: string[];
}

/** The rows `| button | debug | what you see |` of the comment, by button. Names of message properties are no values. */
const promises = (comment: FlowNode): Map<string, Promised[]> => {
  const table = new Map<string, Promised[]>();
  for (const [, button = '', debug = '', text = ''] of String(comment['info']).matchAll(/^\| (.+?) \| (.+?) \| (.+?) \|$/gm)) {
    const terms = [...text.matchAll(/`([^`]+)`/g)].map(([, term = '']) => term).filter((term) => !term.startsWith('msg.'));
    table.set(button, [...table.get(button) ?? [], { debug, terms }]);
  }
  return table;
};

const clickable = EXAMPLES.map((file) => ({ file, flow: example(file) }))
  .filter(({ flow }) => !needsBroker(flow) && flow.some(({ type }) => type === 'inject'));

for (const major of MAJORS) {
  describe(`the examples in Node-RED ${major}`, () => {
    let nodeRed: NodeRed;
    before(async () => {
      nodeRed = await startNodeRed({ major });
    });
    after(() => nodeRed.stop());

    /** Clicks, and waits until each debug node of the comment has shown what it should. */
    const click = async (flow: FlowNode[], inject: FlowNode): Promise<DebugMessage[]> => {
      const promised = promises(nodeOf(flow, 'comment')).get(String(inject['name'])) ?? [];
      expect(promised, `the comment says nothing of the button ${String(inject['name'])}`).to.not.be.empty;
      nodeRed.debug.length = 0;
      await nodeRed.inject(inject.id);
      const isKept = ({ debug, terms }: Promised): boolean => {
        const shown = nodeRed.debug.filter(({ name }) => name === debug).map(({ msg }) => JSON.stringify(msg));
        return shown.length > 0 && terms.every((term) => shown.some((text) => text.includes(`"${term}"`)));
      };
      await nodeRed.until(() => promised.every(isKept) || undefined, `what the comment says of ${String(inject['name'])}: ${JSON.stringify(promised)}`);
      for (const { name } of nodeRed.debug) expect(promised.map(({ debug }) => debug)).to.include(name);
      return [...nodeRed.debug];
    };

    for (const { file, flow } of clickable) {
      it(`${file} gives what its comment says`, async () => {
        await nodeRed.deploy(flow);
        for (const inject of flow.filter(({ type }) => type === 'inject')) await click(flow, inject);
        expect(nodeRed.log()).to.not.match(/\[error\]/);
      });
    }

    it('a list keeps its order and the place of each item', async () => {
      const flow = example('06-a-list.json');
      await nodeRed.deploy(flow);
      const places = (messages: DebugMessage[]): unknown =>
        Object.fromEntries(messages.map(({ name, msg }) => [name, (msg as { index: number }[]).map(({ index }) => index)]));
      const shown = async (button: string): Promise<unknown> => places(await click(flow, nodeOf(flow, 'inject', button)));
      expect(await shown('four numbers')).to.deep.equal({ found: [0, 1, 3], failed: [2] });
      expect(await shown('passing troubles')).to.deep.equal({ found: [0, 1, 2, 3] });
      expect(await shown('usernames, none right')).to.deep.equal({ failed: [0, 1] });
      expect(await shown('an empty list')).to.deep.equal({ found: [] });
    });
  });
}
