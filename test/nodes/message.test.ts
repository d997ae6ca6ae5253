/** What the node does to a message, and what it leaves alone. */
import { expect } from 'chai';
import { answer, found, notFound, type ScriptedTenant } from '../support/servers';
import { deployWith, type Message, node, startServer, tearDown } from './support';

describe('ciam-user, message', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(tearDown);

  describe('result property', () => {
    it('may be any of the message', async () => {
      const flow = await deployWith(server, { user: { output: 'user' } });
      const good = await flow.send({ payload: '13800001111' });
      expect(good.message.user).to.include({ user_id: 'id of 13800001111' });
      expect(good.message.payload).to.equal('13800001111');
      server.onLookup = notFound;
      const bad = await flow.send({ payload: '13800001111' });
      expect(bad.message.user).to.equal('IDAAS.TENANT.USER.0001');
      expect(bad.message.payload).to.equal('13800001111');
    });

    it('may be a path, which is made where it is missing', async () => {
      const flow = await deployWith(server, { user: { output: 'answers.people[0].user' } });
      const { message } = await flow.send({ payload: '13800001111', answers: { kept: true } });
      expect(message.answers).to.have.nested.property('people[0].user.user_id', 'id of 13800001111');
      expect(message.answers).to.have.property('kept', true);
    });

    for (const onFailure of ['output', 'catch']) {
      it(`that the message has no room for is a failure, and the message survives (${onFailure})`, async () => {
        const flow = await deployWith(server, { user: { output: 'payload.user', onFailure } });
        const { port, message } = await flow.send({ payload: '13800001111', topic: 'kept' });
        expect(port).to.equal(onFailure === 'output' ? 'failed' : 'caught');
        expect(message.error).to.include({ code: 'CIAM.CONFIG' }).and.to.have.property('message').that.matches(/output: /);
        expect(message).to.include({ payload: '13800001111', topic: 'kept' });
        expect(message.lookup).to.include({ value: '13800001111' });
      });
    }

    it('that the message has no room for is a failure of a list, too', async () => {
      const flow = await deployWith(server, { user: { output: 'topic.users' } });
      const { failed } = await flow.sendList({ payload: ['13800001111'], topic: 'text' });
      expect(failed?.error).to.include({ code: 'CIAM.CONFIG' });
      expect(failed?.lookup).to.include({ total: 1, found: 1 });
    });
  });

  it('removes the error that an earlier lookup left, and its own only', async () => {
    const flow = await deployWith(server);
    server.onLookup = notFound;
    const { message: failed } = await flow.send({ payload: '13800001111' });
    server.onLookup = found;
    const { message: second } = await flow.send({ ...failed, payload: '13800001111' });
    expect(second).to.not.have.property('error');
    for (const error of ['text', { code: 'OTHER', source: { type: 'http request' } }, { source: null }, null, 7] as unknown[]) {
      const { message } = await flow.send({ payload: '13800001111', error });
      expect(message.error).to.deep.equal(error);
    }
  });

  it('removes it from a list as well', async () => {
    const flow = await deployWith(server);
    const { found: out } = await flow.sendList({ payload: ['13800001111'], error: { code: 'CIAM.INPUT', source: { type: 'ciam-user' } } });
    expect(out).to.not.have.property('error');
  });

  it('leaves every other property alone, and reads no address or header from it', async () => {
    const flow = await deployWith(server);
    const others = {
      headers: { authorization: 'Bearer of somebody else', 'x-mine': '1', host: 'evil.example.com' }, url: 'https://evil.example.com', method: 'DELETE',
      domain: 'evil.example.com', token: 'another', timeout: 1, statusCode: 418, topic: 't', req: { a: 1 }, parts: { id: 1 },
    };
    for (const script of [found, notFound]) {
      server.onLookup = script;
      const { message } = await flow.send({ payload: '13800001111', ...structuredClone(others) });
      for (const [name, value] of Object.entries(others)) expect(message[name], name).to.deep.equal(value);
    }
    expect(server.lookups).to.have.length(2);
    for (const { method, path, headers } of server.lookups) {
      expect({ method, path }).to.deep.equal({ method: 'POST', path: '/api/v2/tenant/users/user-by-mobile' });
      expect(headers).to.not.have.property('x-mine');
      expect(headers.authorization).to.not.include('somebody');
    }
  });

  for (const make of [Object.freeze, Object.seal, Object.preventExtensions] as ((message: Message) => Message)[]) {
    it(`answers a message that nobody may change (${make.name})`, async () => {
      const flow = await deployWith(server, { user: { value: 'number', valueType: 'jsonata' } });
      const message = make({ number: '13800001111', topic: 'kept', error: { source: { type: 'ciam-user' } }, _msgid: '1' });
      const out = new Promise<Message>((resolve) => {
        for (const port of ['found', 'failed', 'caught']) flow.on(port as 'found', resolve);
      });
      flow.user.receive(message);
      expect(await out).to.have.nested.property('payload.user_id', 'id of 13800001111');
      expect(await out).to.include({ topic: 'kept', _msgid: '1' });
    });
  }

  it('ends in one failure when reading the message throws', async () => {
    const flow = await deployWith(server);
    const arrivals: Message[] = [];
    for (const port of ['found', 'failed', 'caught'] as const) flow.on(port, (message) => arrivals.push(message));
    const { user } = flow;
    let reads = 0;
    user.receive({ get payload(): unknown { if (reads++ === 0) throw new Error('not now'); return 1; }, set payload(_value) { /* takes everything */ } });
    await flow.until(() => arrivals.length > 0);
    expect(arrivals).to.have.length(1);
    await flow.until(() => flow.statuses.at(-1)?.fill !== 'blue');
  });

  describe('fields', () => {
    const record = { user_id: '1', name: '张三', mobile: '13800001111', disabled: 'false', usr_auth_times: '4', created_at: '2022-02-10 12:23:23' };
    beforeEach(() => {
      server.onLookup = answer(200, record);
    });

    it('keeps those that are named', async () => {
      const flow = await deployWith(server, { user: { fields: ' user_id, name ,nothing，disabled' } });
      expect((await flow.send({ payload: '13800001111' })).message.payload).to.deep.equal({ user_id: '1', name: '张三', disabled: 'false' });
    });

    it('keeps all when none is named', async () => {
      const flow = await deployWith(server, { user: { fields: ' ' } });
      expect((await flow.send({ payload: '13800001111' })).message.payload).to.deep.equal(record);
    });

    it('have the same types when told so', async () => {
      const flow = await deployWith(server, { user: { normalise: true, fields: 'disabled,usr_auth_times,created_at' }, tenant: { timezone: '-03:30', cacheTtl: 60 } });
      for (const source of ['tenant', 'cache']) {
        const { message } = await flow.send({ payload: '13800001111' });
        expect(message.payload).to.deep.equal({ disabled: false, usr_auth_times: 4, created_at: '2022-02-10T12:23:23-03:30' });
        expect(message.lookup).to.include({ source });
      }
    });

    it('are kept, and have their types, in lists', async () => {
      const flow = await deployWith(server, { user: { normalise: true, fields: 'disabled' } });
      const { found: out } = await flow.sendList({ payload: ['13800001111', '13800001111'] });
      expect(out?.payload).to.deep.equal([0, 1].map((index) => ({ index, value: '13800001111', user: { disabled: false } })));
    });

    it('of one answer are shaped for one node, and stay as they are for the other that shares it, or has it remembered', async () => {
      const answers = server.hold();
      const flow = await deployWith(server, {
        user: { normalise: true }, tenant: { cacheTtl: 60 },
        more: [{ id: 'plain', type: 'ciam-user', z: 'tab', x: 0, y: 0, tenant: 'tenant', wires: [['plain-found'], []] }, { id: 'plain-found', type: 'helper', z: 'tab', x: 0, y: 0, wires: [] }],
      });
      const plain = new Promise<Message>((resolve) => node('plain-found').on('input', resolve));
      const shaped = flow.send({ payload: '13800001111' });
      node('plain').receive({ payload: '13800001111' });
      await server.until(() => answers.length === 1);
      answers[0]?.(answer(200, record));
      const even = { ...record, disabled: false, usr_auth_times: 4, created_at: '2022-02-10T12:23:23+08:00' };
      expect((await shaped).message.payload).to.deep.equal(even);
      expect((await plain).payload).to.deep.equal(record);
      for (const expected of [even, even]) expect((await flow.send({ payload: '13800001111' })).message.payload).to.deep.equal(expected);
      const again = new Promise<Message>((resolve) => node('plain-found').on('input', resolve));
      node('plain').receive({ payload: '13800001111' });
      expect((await again).payload).to.deep.equal(record);
      expect(server.lookups).to.have.length(1);
    });

    it('take the offset +08:00 unless told another', async () => {
      const flow = await deployWith(server, { user: { normalise: true } });
      expect((await flow.send({ payload: '13800001111' })).message.payload).to.include({ created_at: '2022-02-10T12:23:23+08:00' });
    });
  });
});
