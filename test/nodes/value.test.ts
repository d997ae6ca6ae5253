/** Where the value to look up comes from: every type of the typed input. */
import { expect } from 'chai';
import { deployWith, type Flow, type Message, node, startServer, tearDown } from './support';
import type { ScriptedTenant } from '../support/servers';

describe('ciam-user, value', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(tearDown);

  const withValue = (value: unknown, valueType: string, more: object = {}): Promise<Flow> => deployWith(server, { user: { value, valueType, ...more } });
  const asked = async (flow: Flow, message: Message = {}): Promise<unknown> => {
    const { port, message: out } = await flow.send(message);
    expect(port, JSON.stringify(out.error)).to.equal('found');
    return (out.lookup as { value: unknown }).value;
  };
  const expectUnreadable = async (flow: Flow, message: Message = {}): Promise<void> => {
    const { port, message: out } = await flow.send(message);
    expect(port).to.equal('failed');
    expect(out.payload).to.equal('CIAM.INPUT');
    expect(out.lookup).to.include({ by: 'mobile', value: null, attempts: 0 });
    expect(server.connections).to.equal(0);
  };

  it('msg', async () => {
    expect(await asked(await withValue('number', 'msg'), { number: '13800001111' })).to.equal('13800001111');
  });

  it('msg, a path into it', async () => {
    const flow = await withValue('req.query["the number"][0]', 'msg');
    expect(await asked(flow, { req: { query: { 'the number': ['13800001111'] } } })).to.equal('13800001111');
    const { message } = await flow.send({ req: {} });
    expect(message.error).to.include({ code: 'CIAM.INPUT' });
  });

  it('msg, a path into nothing', async () => {
    await expectUnreadable(await withValue('a.b.c', 'msg'), { a: 1 });
  });

  it('msg, a path that another property names', async () => {
    expect(await asked(await withValue('people[msg.who].mobile', 'msg'), { who: 'her', people: { her: { mobile: '13800001111' } } })).to.equal('13800001111');
  });

  it('flow and global', async () => {
    for (const type of ['flow', 'global'] as const) {
      const flow = await withValue('people.her', type);
      node('user').context()[type].set('people', { her: '13800001111' });
      expect(await asked(flow)).to.equal('13800001111');
      await tearDown();
      server = await startServer();
    }
  });

  it('flow, where there is nothing', async () => {
    await expectUnreadable(await withValue('nobody', 'flow'));
  });

  it('str and num', async () => {
    expect(await asked(await withValue('+86 138 0000 1111', 'str'))).to.equal('+8613800001111');
    await tearDown();
    server = await startServer();
    expect(await asked(await withValue('13800001111', 'num'))).to.equal('13800001111');
    await tearDown();
    server = await startServer();
    expect(await asked(await withValue('1.38e10', 'num'))).to.equal('13800000000');
    await tearDown();
    server = await startServer();
    expect(await asked(await withValue(13800001111, 'num'))).to.equal('13800001111');
  });

  it('num that is none', async () => {
    await expectUnreadable(await withValue('many', 'num'));
  });

  it('env', async () => {
    process.env['CIAM_TEST_VALUE'] = '13800001111';
    try {
      expect(await asked(await withValue('CIAM_TEST_VALUE', 'env'))).to.equal('13800001111');
    } finally {
      delete process.env['CIAM_TEST_VALUE'];
    }
  });

  it('env that is not set', async () => {
    await expectUnreadable(await withValue('CIAM_TEST_UNSET', 'env'));
  });

  it('jsonata', async () => {
    expect(await asked(await withValue('"+86-" & payload.number', 'jsonata'), { payload: { number: 13800001111 } })).to.equal('+86-13800001111');
  });

  it('jsonata that reads a context, which takes its time', async () => {
    const flow = await withValue('$flowContext("mine").mobile', 'jsonata');
    node('user').context().flow.set('mine', { mobile: '13800001111' });
    expect(await asked(flow)).to.equal('13800001111');
  });

  it('jsonata that gives a list', async () => {
    const flow = await withValue('people.mobile', 'jsonata');
    const { found } = await flow.sendList({ people: [{ mobile: '13800001111' }, { mobile: '13800001112' }] });
    expect(found?.payload).to.have.length(2);
  });

  it('jsonata that fails', async () => {
    const flow = await withValue('$number("abc")', 'jsonata');
    await expectUnreadable(flow);
    expect((await flow.send({})).message.error).to.have.property('message').that.includes('jsonata');
  });

  it('jsonata that gives nothing', async () => {
    await expectUnreadable(await withValue('payload.nobody', 'jsonata'), { payload: {} });
  });

  it('jsonata that is none: every message says so', async () => {
    const flow = await withValue('((', 'jsonata');
    const { message } = await flow.send({ payload: 1 });
    expect(message.error).to.include({ code: 'CIAM.CONFIG', category: 'config' }).and.to.have.property('message').that.matches(/^value: /);
  });

  it('does not take the way of looking up from the message unless told so', async () => {
    const flow = await withValue('payload', 'msg');
    await flow.send({ payload: 'zhangsan', by: 'username' });
    expect(server.lookups[0]?.path).to.match(/user-by-mobile$/);
  });

  describe('with msg.by', () => {
    it('looks up by what each message says', async () => {
      const flow = await deployWith(server, { user: { by: 'msg' } });
      const ways: [string, string][] = [['mobile', '/user-by-mobile'], ['username', '/user-by-username'], ['email', '/user-by-email'], ['id', '/zhangsan']];
      for (const [by, path] of ways) {
        const { message } = await flow.send({ payload: 'zhangsan', by });
        expect(message.lookup).to.include({ by });
        expect(server.lookups.at(-1)?.path).to.equal(`/api/v2/tenant/users${path}`);
      }
    });

    it('refuses what it does not know, whatever it is', async () => {
      const flow = await deployWith(server, { user: { by: 'msg' } });
      for (const by of [undefined, null, '', 'Mobile', 'constructor', 'msg', 1, {}, [], Object.create(null)] as unknown[]) {
        const { port, message } = await flow.send({ payload: 'zhangsan', by });
        expect(port).to.equal('failed');
        expect(message.error).to.include({ code: 'CIAM.INPUT', category: 'invalid-input' });
        expect(message.lookup).to.include({ value: null, attempts: 0 });
      }
      expect(server.connections).to.equal(0);
    });
  });
});
