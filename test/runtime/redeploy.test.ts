/** Redeploying and stopping a real Node-RED with lookups in flight and waiting: nothing lost without a word, nothing left behind. */
import { join } from 'node:path';
import { expect } from 'chai';
import { type FlowNode, MAJORS, type NodeRed, startNodeRed } from '../support/runtime';
import { found, ScriptedTenant, silent } from '../support/servers';

interface Books {
  received: number;
  done: number;
  open: number;
  outcomes: Record<string, number>;
  violations: string[];
}

const MESSAGES = 40;
const IN_FLIGHT = 16;
const SECRET = 'a-token-that-nobody-may-see';
const PLACE = { x: 100, y: 100 };

/** `versions` are names: another one is a change, and what is changed is redeployed. */
const flowsOf = (server: ScriptedTenant, versions: { tenant?: string; user?: string; debug?: string } = {}): FlowNode[] => [
  { id: 'tab', type: 'tab', label: 'Lookups' },
  { id: 'tab2', type: 'tab', label: 'Others' },
  { id: 'tenant', type: 'ciam-tenant', name: versions.tenant ?? '', domain: server.url, auth: 'token', timeout: 5, concurrency: IN_FLIGHT, warmUp: false },
  ...[['', '138'], ['2', '139']].flatMap(([which, prefix]): FlowNode[] => [
    { id: `go${which}`, type: 'inject', z: `tab${which}`, ...PLACE, props: [], repeat: '', once: false, wires: [[`burst${which}`]] },
    {
      id: `burst${which}`, type: 'function', z: `tab${which}`, ...PLACE, outputs: 1, wires: [[`user${which}`]],
      func: `for (let i = 0; i < ${which ? 5 : MESSAGES}; i++) node.send({ payload: '${prefix}' + String(10000000 + i) });`,
    },
    { id: `user${which}`, type: 'ciam-user', z: `tab${which}`, ...PLACE, name: which ? '' : versions.user ?? '', tenant: 'tenant', wires: [[`debug${which}`], [`debug${which}`]] },
    { id: `debug${which}`, type: 'debug', z: `tab${which}`, ...PLACE, name: which ? '' : versions.debug ?? '', active: true, tosidebar: true, complete: 'payload', targetType: 'msg', wires: [] },
  ]),
];

for (const major of MAJORS) {
  describe(`redeploying Node-RED ${major}`, () => {
    let red: NodeRed;
    let server: ScriptedTenant;

    before(async () => {
      server = await ScriptedTenant.start();
      red = await startNodeRed({
        major, flows: flowsOf(server), credentials: { tenant: { token: SECRET } }, settings: { nodesDir: join(__dirname, '../support/ledger') },
      });
    });
    after(async () => {
      await red.stop();
      await server.close();
    });

    const books = async (): Promise<Books> => await (await fetch(`${red.url}ledger`)).json() as Books;
    const shown = (id: string, payload?: string): number => red.debug.filter((line) => line.id === id && (payload === undefined || line.msg === payload)).length;
    const warnings = (): number[] => [...red.log().matchAll(/Lookups ended because the flow was redeployed or stopped: (\d+)/g)].map(([, count]) => Number(count));

    /** As many lookups in flight as may be, the rest waiting for their turn. */
    const burst = async (): Promise<void> => {
      server.onLookup = silent;
      server.lookups.length = 0;
      red.debug.length = 0;
      await red.inject('go');
      await server.until(() => server.lookups.length === IN_FLIGHT);
    };
    /** Deploys, and gives what the books say about the messages that were under way. */
    const redeploy = async (versions: Parameters<typeof flowsOf>[1], type: 'full' | 'flows' | 'nodes'): Promise<{ ended: number; warned: number[] }> => {
      const [before, told] = [await books(), warnings().length];
      expect(before.open).to.equal(MESSAGES);
      const start = performance.now();
      await red.deploy(flowsOf(server, versions), type);
      expect(performance.now() - start, 'milliseconds to deploy').to.be.below(1000);
      const after = await books();
      expect(after.violations).to.be.empty;
      expect(after.open).to.equal(0);
      return { ended: (after.outcomes['CIAM.CLOSED'] ?? 0) - (before.outcomes['CIAM.CLOSED'] ?? 0), warned: warnings().slice(told) };
    };
    const looksUpAgain = async (): Promise<void> => {
      server.onLookup = found;
      red.debug.length = 0;
      await red.inject('go');
      await red.until(() => (shown('debug') === MESSAGES ? true : undefined), 'the lookups after the deployment');
      expect(red.debug.every(({ msg }) => typeof msg === 'object')).to.equal(true);
    };

    it('in full ends every lookup, and the log tells how many', async () => {
      await burst();
      const { ended, warned } = await redeploy({}, 'full');
      expect(ended).to.equal(MESSAGES);
      expect(warned).to.deep.equal([MESSAGES]);
      await server.until(() => server.sockets.size === 0);
      await looksUpAgain();
    });

    it('a changed tenant alone ends every lookup, and those who are still there are told', async () => {
      await burst();
      const { ended, warned } = await redeploy({ tenant: 'changed' }, 'nodes');
      expect(ended).to.equal(MESSAGES);
      expect(warned).to.deep.equal([MESSAGES]);
      await red.until(() => (shown('debug', 'CIAM.CLOSED') === MESSAGES ? true : undefined), 'the failures');
      await server.until(() => server.sockets.size === 0);
      await looksUpAgain();
    });

    it('a changed tenant ends every lookup of the flows that use it', async () => {
      await burst();
      const { ended, warned } = await redeploy({ tenant: 'changed again' }, 'flows');
      expect(ended).to.equal(MESSAGES);
      expect(warned).to.deep.equal([MESSAGES]);
      await looksUpAgain();
    });

    it('a changed lookup node alone ends its own lookups, and no other', async () => {
      await burst();
      await red.inject('go2');
      await red.until(() => (red.status.get('user2')?.text === '5' ? true : undefined), 'the other node at work');
      const before = await books();
      server.onLookup = found;
      await red.deploy(flowsOf(server, { tenant: 'changed again', user: 'changed' }), 'nodes');
      await red.until(() => (shown('debug', 'CIAM.CLOSED') === MESSAGES && shown('debug2') === 5 ? true : undefined), 'both outcomes');
      const after = await books();
      expect(after.violations).to.be.empty;
      expect((after.outcomes['CIAM.CLOSED'] ?? 0) - (before.outcomes['CIAM.CLOSED'] ?? 0)).to.equal(MESSAGES);
      expect((after.outcomes['found'] ?? 0) - (before.outcomes['found'] ?? 0)).to.equal(5);
      expect(warnings().at(-1)).to.equal(MESSAGES);
      // Of the lookups that were waiting, none has begun meanwhile.
      expect(server.lookups).to.have.length(IN_FLIGHT + 5);
      await looksUpAgain();
    });

    it('another node disturbs no lookup', async () => {
      await burst();
      const told = warnings().length;
      const held = server.lookups.splice(0);
      await red.deploy(flowsOf(server, { tenant: 'changed again', user: 'changed', debug: 'changed' }), 'nodes');
      expect((await books()).open).to.equal(MESSAGES);
      server.onLookup = found;
      for (const { socket } of held) socket.destroy();
      await red.until(() => (shown('debug') === MESSAGES ? true : undefined), 'the outcomes');
      expect(warnings()).to.have.length(told);
      expect((await books()).violations).to.be.empty;
    });

    it('tells nothing when nothing was under way', async () => {
      const told = warnings().length;
      await red.deploy(flowsOf(server), 'full');
      expect(warnings()).to.have.length(told);
    });

    it('shows nothing of a user and no secret in the log', () => {
      expect(red.log()).to.not.match(/13[89]\d{8}/).and.not.include(SECRET);
    });

    it('and stopping ends the process within a second, with lookups under way', async () => {
      await burst();
      const start = performance.now();
      await red.stop();
      expect(performance.now() - start, 'milliseconds to stop').to.be.below(1500);
      expect(warnings().at(-1)).to.equal(MESSAGES);
      await server.until(() => server.sockets.size === 0);
    });
  });
}
