/** One message in: exactly one outcome, and it is the right one. */
import { expect } from 'chai';
import { answer, found, notFound, silent } from '../support/servers';
import { deploy, deployWith, startServer, tearDown, TOKEN } from './support';

describe('ciam-user, outcomes', () => {
  afterEach(tearDown);

  it('sends a found user out of the first output', async () => {
    const server = await startServer();
    const flow = await deployWith(server);
    const { port, message } = await flow.send({ payload: '138 0000 1111', topic: 'kept' });
    expect(port).to.equal('found');
    expect(message.payload).to.deep.equal({ user_id: 'id of 13800001111', name: '张三', extension: { age: '28' } });
    expect(message.lookup).to.include({ by: 'mobile', value: '13800001111', tenant: `127.0.0.1:${server.port}`, attempts: 1, source: 'tenant' })
      .and.to.have.property('durationMs').that.is.a('number').and.is.above(0);
    expect(message.topic).to.equal('kept');
    expect(message).to.not.have.property('error');
    expect(server.lookups[0]?.headers.authorization).to.equal(`Bearer ${TOKEN}`);
  });

  it('sends a failure out of the second output, with all that a flow needs to go on', async () => {
    const server = await startServer();
    server.onLookup = notFound;
    const flow = await deployWith(server, { user: { name: 'who is it' } });
    const { port, message } = await flow.send({ payload: '13800001111', topic: 'kept' });
    expect(port).to.equal('failed');
    expect(message.payload).to.equal('IDAAS.TENANT.USER.0001');
    expect(message.error).to.deep.equal({
      code: 'IDAAS.TENANT.USER.0001',
      message: 'The tenant does not know this user (IDAAS.TENANT.USER.0001).',
      detail: 'User not found',
      category: 'not-found',
      status: 400,
      retryable: false,
      advice: 'Check that this user exists in the tenant, in the form the tenant stores it.',
      source: { id: 'user', type: 'ciam-user', name: 'who is it' },
    });
    expect(message.lookup).to.include({ value: '13800001111', attempts: 1 });
    expect(message.topic).to.equal('kept');
  });

  it('gives failures to Catch nodes when told so', async () => {
    const server = await startServer();
    server.onLookup = answer(503, '<html>');
    const flow = await deployWith(server, { user: { onFailure: 'catch', wires: [['found']] }, tenant: { retries: 0 } });
    const { port, message } = await flow.send({ payload: '13800001111' });
    expect(port).to.equal('caught');
    expect(message.payload).to.equal('CIAM.HTTP.503');
    expect(message.lookup).to.include({ value: '13800001111', attempts: 1 });
    expect(message.error).to.include({ code: 'CIAM.HTTP.503', message: 'CIAM.HTTP.503: The tenant answered HTTP 503 without an error code.' })
      .and.to.have.property('source').that.includes({ id: 'user', type: 'ciam-user' });
    server.onLookup = found;
    expect((await flow.send({ payload: '13800001111' })).port).to.equal('found');
  });

  it('gives Catch nodes the cause as well', async () => {
    const server = await startServer();
    const { url } = server;
    await server.close();
    const flow = await deployWith({ url }, { user: { onFailure: 'catch' }, tenant: { retries: 0 } });
    const { message } = await flow.send({ payload: '13800001111' });
    expect(message.error).to.have.deep.property('cause', {
      code: 'CIAM.NETWORK', category: 'unavailable', status: null, retryable: true, system: 'ECONNREFUSED',
      advice: `Check host and port: nobody listens at ${url.replace('http://', '')}.`,
    });
  });

  it('hands Catch nodes an Error whose code and cause are its own', async () => {
    const server = await startServer();
    const { url } = server;
    await server.close();
    const flow = await deployWith({ url }, { user: { onFailure: 'catch' }, tenant: { retries: 0 } });
    const errors: unknown[] = [];
    flow.user.on('call:error', ({ args: [error] }: { args: [unknown] }) => errors.push(error));
    await flow.send({ payload: '13800001111' });
    expect(errors).to.have.length(1);
    expect(errors[0]).to.be.instanceOf(Error).with.own.property('code', 'CIAM.NETWORK');
    expect(errors[0]).to.have.property('message').that.matches(/^CIAM\.NETWORK: /);
    expect(String(errors[0])).to.match(/^CIAM\.NETWORK: /);
    expect(errors[0]).to.have.own.property('cause');
  });

  it('fires no Catch node when failures go to the second output, and Complete nodes all the same', async () => {
    const server = await startServer();
    server.onLookup = notFound;
    const flow = await deployWith(server);
    const ports = (await flow.sendList({ payload: '13800001111' }));
    expect(ports).to.have.all.keys('failed', 'completed');
  });

  it('ends a message without a value in CIAM.INPUT, and asks nobody', async () => {
    const server = await startServer();
    const flow = await deployWith(server);
    for (const payload of [undefined, null, '', '  ', '\u200b', {}, true, -1, 1.5, Buffer.from([0xff]), 'x'.repeat(257), 'a\u0000b']) {
      const { port, message } = await flow.send({ payload });
      expect(port).to.equal('failed');
      expect(message.payload).to.equal('CIAM.INPUT');
      expect(message.error).to.include({ category: 'invalid-input', status: null, retryable: false });
      expect(message.lookup).to.include({ value: null, attempts: 0 });
    }
    expect(server.connections).to.equal(0);
  });

  it('names the deadline that passed', async () => {
    const server = await startServer();
    server.onLookup = silent;
    const flow = await deployWith(server, { tenant: { timeout: 0.3, queueTimeout: 0.1, concurrency: 1 } });
    const [first, second] = await Promise.all([flow.send({ payload: '1' }), flow.send({ payload: '2' })]);
    expect(first.message.error).to.include({ code: 'CIAM.TIMEOUT', category: 'timeout', retryable: true }).and.to.have.property('message').that.includes('timeout of 0.3 s');
    expect(second.message.error).to.include({ code: 'CIAM.TIMEOUT' }).and.to.have.property('message').that.includes('queueTimeout of 0.1 s');
  });

  it('counts a retry and a shared call', async () => {
    const server = await startServer();
    let asked = 0;
    server.onLookup = (seen, response) => (++asked === 1 ? answer(503, '') : found)(seen, response);
    const flow = await deployWith(server);
    const [first, second] = await Promise.all([flow.send({ payload: '13800001111' }), flow.send({ payload: '13800001111' })]);
    expect(first.message.lookup).to.include({ attempts: 2, source: 'tenant' });
    expect(second.message.lookup).to.include({ attempts: 0, source: 'shared' });
    expect(first.message.payload).to.deep.equal(second.message.payload);
    expect(first.message.payload).to.not.equal(second.message.payload);
    expect(server.lookups).to.have.length(2);
  });

  it('remembers answers when told so, and gives each message an object of its own', async () => {
    const server = await startServer();
    const flow = await deployWith(server, { tenant: { cacheTtl: 60, cacheMissTtl: 60 } });
    const first = await flow.send({ payload: '13800001111' });
    (first.message.payload as { name: string }).name = 'changed by the flow';
    const second = await flow.send({ payload: '13800001111' });
    expect(second.message.payload).to.have.property('name', '张三');
    expect(second.message.lookup).to.include({ source: 'cache', attempts: 0 });
    server.onLookup = notFound;
    for (const source of ['tenant', 'cache']) {
      const { message } = await flow.send({ payload: '13800001112' });
      expect(message.lookup).to.include({ source });
      expect(message.error).to.include({ category: 'not-found' });
    }
  });

  it('looks up in the demo tenant with no account', async () => {
    const flow = await deploy({ tenant: { demo: true, auth: 'client-credentials' }, credentials: {} });
    const { message } = await flow.send({ payload: '13800001111' });
    expect(message.payload).to.include({ user_id: '20220126153857263-A04D-60E0D446C', name: '张三' });
    expect(message.lookup).to.include({ tenant: 'demo' });
  });

  it('answers hundreds of messages at once, each exactly once and with its own user', async () => {
    const server = await startServer();
    const flow = await deployWith(server);
    const values = Array.from({ length: 500 }, (_, index) => String(13_800_000_000 + index));
    const users = await Promise.all(values.map(async (payload) => (await flow.send({ payload })).message.payload));
    expect(users.map((user) => (user as { user_id: string }).user_id)).to.deep.equal(values.map((value) => `id of ${value}`));
    expect(server.mostInFlight).to.be.at.most(16);
    expect(server.mostConnected).to.be.at.most(16);
  });
});
