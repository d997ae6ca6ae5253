/** The package in a real Node-RED, of both majors, behind an nginx that is restarted, reloaded or loses its worker process: no message fails. */
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { closeAll, closeLater, CLIENT } from '../src/support';
import { skipReason } from '../support/program';
import { type FlowNode, MAJORS, type NodeRed, startNodeRed } from '../support/runtime';
import { found, ScriptedTenant } from '../support/servers';
import { Gateway } from './gateway';
import { report } from './report';
import { codes, failed, type Outcome, PER_SECOND, RECOVERY_MS, TIMEOUT_MS } from './traffic';

const MANY = 1500;
const LATENCY_MS = 20;

interface Order { count?: number; perSecond?: number; list?: boolean }

/** The body of a request says what to send; the outcomes are counted in the status of `book`, and can be read. */
const SEND = `
const { count = 0, perSecond = 0, list = false } = msg.payload;
const next = () => {
  const number = flow.get('number') || 13000000000;
  flow.set('number', number + 1);
  flow.set('sent', (flow.get('sent') || 0) + 1);
  return { payload: String(number), sentAt: Date.now() };
};
clearInterval(context.get('timer'));
if (perSecond) context.set('timer', setInterval(() => node.send([next()]), 1000 / perSecond));
const messages = Array.from({ length: count }, next);
if (list) node.send([null, { payload: messages.map(({ payload }) => payload), sentAt: Date.now() }]);
else for (const message of messages) node.send([message]);
node.send([null, null, { ...msg, payload: flow.get('sent') || 0 }]);
`;
const BOOK = `
const entries = Array.isArray(msg.payload) ? msg.payload.map(({ error }) => error) : [msg.error];
const outcomes = flow.get('outcomes') || [];
for (const error of entries) outcomes.push({ code: error ? error.code : 'ok', sentAt: msg.sentAt, endedAt: Date.now(), attempts: msg.lookup.attempts || 0 });
flow.set('outcomes', outcomes);
node.status({ text: String(outcomes.length) });
`;
const READ = `
msg.payload = flow.get('outcomes') || [];
flow.set('outcomes', []);
flow.set('sent', 0);
return msg;
`;

const flowsOf = (gateway: Gateway): FlowNode[] => [
  { id: 'tab', type: 'tab', label: 'Traffic' },
  { id: 'tenant', type: 'ciam-tenant', domain: gateway.url },
  { id: 'order', type: 'http in', z: 'tab', url: '/send', method: 'post', wires: [['send']] },
  { id: 'send', type: 'function', z: 'tab', outputs: 3, func: SEND, wires: [['user'], ['list'], ['answer']] },
  { id: 'user', type: 'ciam-user', z: 'tab', tenant: 'tenant', wires: [['book'], ['book']] },
  { id: 'list', type: 'ciam-user', z: 'tab', tenant: 'tenant', list: 'together', wires: [['book'], ['book']] },
  { id: 'book', type: 'function', z: 'tab', outputs: 0, func: BOOK, wires: [] },
  { id: 'wanted', type: 'http in', z: 'tab', url: '/outcomes', method: 'get', wires: [['read']] },
  { id: 'read', type: 'function', z: 'tab', outputs: 1, func: READ, wires: [['answer']] },
  { id: 'answer', type: 'http response', z: 'tab', wires: [] },
];

const reason = skipReason('nginx');
for (const major of MAJORS) {
  (reason ? describe.skip : describe)(`Node-RED ${major} behind nginx, at the defaults${reason}`, () => {
    let gateway: Gateway;
    let red: NodeRed;

    before(async () => {
      const server = closeLater(await ScriptedTenant.start());
      server.onLookup = (seen, response) => void globalThis.setTimeout(() => found(seen, response), LATENCY_MS);
      gateway = closeLater(await Gateway.start('nginx', server));
      const { clientId, clientSecret } = CLIENT;
      red = await startNodeRed({ major, flows: flowsOf(gateway), credentials: { tenant: { clientId, clientSecret } } });
    });
    after(async () => {
      await red.stop();
      await closeAll();
    });

    /** Gives how many have been sent. */
    const send = async (order: Order): Promise<number> => {
      const response = await fetch(`${red.url}send`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(order) });
      return await response.json() as number;
    };
    const until = (count: number): Promise<true> =>
      red.until(() => (Number(red.status.get('book')?.text ?? 0) >= count ? true : undefined), `${count} outcomes`, 60_000);
    /** Sends no more; gives the outcome of each message. */
    const settled = async (trouble: string): Promise<Outcome[]> => {
      const sent = await send({});
      await until(sent);
      const outcomes = await (await fetch(`${red.url}outcomes`)).json() as Outcome[];
      red.status.delete('book');
      report(`${trouble}, Node-RED ${major}`, '', `${failed(outcomes).length} failures of ${outcomes.length}`);
      expect(outcomes).to.have.length(sent);
      return outcomes;
    };
    const nobodyFails = async (trouble: string): Promise<void> => {
      const outcomes = await settled(trouble);
      expect(codes(outcomes)).to.deep.equal({ ok: outcomes.length });
    };

    // With the 5 s that may pass until the next probe it is back before anybody's 10 s are over.
    for (const seconds of [1.1, 2, 4]) {
      it(`away for ${seconds} s at ${PER_SECOND} messages a second: nobody fails`, async () => {
        await send({ perSecond: PER_SECOND });
        await until(PER_SECOND / 2);
        const from = Date.now();
        await gateway.away(seconds * 1000);
        const away = Date.now() - from;
        await until(Math.ceil(PER_SECOND * (seconds + 1)));
        await nobodyFails(`away for ${seconds} s (${away} ms until it listened), ${PER_SECOND}/s`);
      });
    }

    it('reloaded ten times with 1,500 waiting: nobody fails', async () => {
      await send({ count: MANY });
      for (let reloads = 0; reloads < 10; reloads++) {
        await setTimeout(150);
        gateway.reload();
      }
      await nobodyFails('reloaded ten times');
    });

    for (const list of [false, true]) {
      it(`away for 1.1 s with ${list ? 'a list of 1,500' : '1,500 waiting'}: nobody fails`, async () => {
        await send({ count: MANY, list });
        await setTimeout(400);
        await gateway.away(1100);
        await nobodyFails(`away for 1.1 s, ${list ? 'a list of 1,500' : '1,500 waiting'}`);
      });
    }

    it('its worker process killed with 1,500 waiting: nobody fails', async () => {
      await send({ count: MANY });
      await until(200);
      gateway.killWorker();
      await nobodyFails('worker process killed, 1,500 waiting');
    });

    it('a single message while connections are refused for 2 s is found', async () => {
      await gateway.stop();
      await send({ count: 1 });
      await setTimeout(2000);
      await gateway.start();
      await nobodyFails('a single message, away for 2 s');
    });

    it('away for 16 s: nobody fails before timeout, and nobody once it has been back for the interval of a probe', async () => {
      await send({ perSecond: PER_SECOND });
      await until(PER_SECOND / 2);
      const from = Date.now();
      await gateway.away(16_000);
      const back = Date.now();
      await setTimeout(RECOVERY_MS + 1500);
      const outcomes = await settled(`away for 16 s, ${PER_SECOND}/s`);
      const ends = failed(outcomes).map(({ endedAt }) => endedAt);
      expect(ends).to.not.be.empty;
      expect(Math.min(...ends) - from, 'the first failure').to.be.at.least(TIMEOUT_MS - 100);
      expect(Math.max(...ends) - back, 'the last failure').to.be.at.most(RECOVERY_MS);
      expect(codes(outcomes)).to.have.all.keys('ok', ...Object.keys(codes(failed(outcomes))));
    });
  });
}
