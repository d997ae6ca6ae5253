/** ciam-status and the log: what a tenant is doing, told at each change of its state. */
import { expect } from 'chai';
import type { Red, Status } from '../../nodes/shared/red';
import { createLog } from '../../nodes/ciam-tenant/log';
import type { NodeCondition, TenantEvent } from '../../src/node-api';
import { httpFailure, LookupFailure, networkFailure, proxyPasswordFailure, responseFailure, tenantFailure, tlsFailure } from '../../src/failures/failure';
import { type Language, translator } from '../support/catalogue';
import { answer, found, inTurn, notFound, type ScriptedTenant } from '../support/servers';
import { deployWith, type Flow, flowOf, helper, LEVELS, logOf, type Message, node, startServer, tearDown } from './support';

interface Told {
  event: string;
  state: string;
  tenant: string;
  code: string | null;
  since: string;
  heldMs: number;
  failed: number;
}

const PLACE = { z: 'tab', x: 0, y: 0 };
const MORE = [{ id: 'status', type: 'ciam-status', ...PLACE, tenant: 'tenant', wires: [['told']] }, { id: 'told', type: 'helper', ...PLACE, wires: [] }];

describe('ciam-status', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(tearDown);

  /** What arrives after the status node, from the start of the flows on. */
  const deployStatus = async (tenant: object = {}, credentials?: Record<string, string>): Promise<{ flow: Flow; told: Message[]; until: (count: number) => Promise<void> }> => {
    const told: Message[] = [];
    let check = (): void => undefined;
    const flow = await deployWith(server, { tenant, more: MORE, ...(credentials && { credentials }) });
    node('told').on('input', (message: Message) => {
      told.push(message);
      check();
    });
    const until = (count: number): Promise<void> => new Promise((resolve) => {
      check = () => {
        if (told.length >= count) resolve();
      };
      check();
    });
    return { flow, told, until };
  };
  const payloads = (told: Message[]): Told[] => told.map(({ payload }) => payload as Told);

  it('tells the state once the flows have started, whichever it is', async () => {
    const { told, until } = await deployStatus();
    await until(1);
    expect(told[0]).to.include({ topic: 'unknown' });
    expect(payloads(told)[0]).to.include({ event: 'unknown', state: 'unknown', tenant: `127.0.0.1:${server.port}`, code: null, heldMs: 0, failed: 0 });
    expect(payloads(told)[0]?.since).to.match(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('gives the figures for a message', async () => {
    const { flow, told, until } = await deployStatus();
    await until(1);
    await flow.send({ payload: '13800001111' });
    await until(2);
    node('status').receive({ topic: 'kept', payload: 'any' });
    await until(3);
    expect(told[2]).to.include({ topic: 'kept' });
    expect(told[2]?.payload).to.include({ state: 'ready', inFlight: 0 }).and.to.have.deep.nested.property('lookups.found', 1);
    expect(JSON.stringify(told)).to.not.match(/1380000|张三/);
  });

  it('tells an outage and its end, and a pause; each is one line of the log', async () => {
    const { flow, told, until } = await deployStatus({ timeout: 5 });
    server.onLookup = (seen) => seen.socket.destroy();
    const waiting = flow.send({ payload: '13800001112' });
    await until(2);
    server.onLookup = found;
    expect((await waiting).port).to.equal('found');
    await until(3);
    server.onLookup = inTurn(answer(429, '', { 'retry-after': '1' }), found);
    expect((await flow.send({ payload: '13800001113' })).port).to.equal('found');
    await until(5);
    expect(payloads(told).map(({ event, state, code }) => [event, state, code])).to.deep.equal([
      ['unknown', 'unknown', null], ['unreachable', 'unreachable', 'CIAM.NETWORK'], ['recovered', 'ready', null], ['paused', 'paused', 'CIAM.HTTP.429'], ['resumed', 'ready', null],
    ]);
    expect(payloads(told)[3]?.heldMs).to.be.within(1, 1000);
    const lines = logOf('tenant').filter(({ text }) => text.startsWith('Tenant '));
    expect(lines.map(({ level }) => level)).to.deep.equal([LEVELS.warn, LEVELS.info, LEVELS.warn, LEVELS.info]);
    expect(lines.every(({ text }) => text.includes(`127.0.0.1:${server.port}`))).to.equal(true);
    expect(lines[0]?.text).to.include('CIAM.NETWORK');
    expect(lines[1]?.text).to.match(/recovered after [\d.]+ s; lookups failed meanwhile: 0\./);
    expect(JSON.stringify(lines)).to.not.include('1380000');
  });

  it('tells wrong credentials at deploy, found by the warm-up', async () => {
    server.onToken = answer(401, { error: 'invalid_client' });
    const { flow, told, until } = await deployStatus({ auth: 'client-credentials', warmUp: true }, { clientId: 'i', clientSecret: 'wrong-secret' });
    await until(2);
    expect(payloads(told).at(-1)).to.include({ event: 'refused', state: 'refused', code: 'invalid_client' });
    await flow.until(() => flow.statuses.at(-1)?.category === 'unauthorized');
    expect(logOf('tenant').filter(({ level, text }) => level === LEVELS.error && text.includes('invalid_client'))).to.have.length(1);
    expect(server.lookups).to.have.length(0);
  });

  it('shows the state, and nothing once it is closed', async () => {
    const statuses: Status[] = [];
    const { flow } = await deployStatus();
    const green = new Promise<void>((resolve) => {
      node('status').on('call:status', ({ args: [status] }: { args: [Status] }) => {
        statuses.push(status);
        if (status.fill === 'green') resolve();
      });
    });
    await flow.send({ payload: '13800001111' });
    await green;
    expect(statuses.at(-1)).to.deep.equal({
      fill: 'green', shape: 'dot', text: '@ciam-flows/node-red-ciam/ciam:ciam-status.status.ready', code: null, tenant: `127.0.0.1:${server.port}`,
    });
    await node('status').close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(statuses.at(-1)).to.deep.equal({});
  });

  it('tells of a tenant that is missing, and of it once it is there; the lookup finds it as well', async () => {
    const more = MORE.map((one) => (one.id === 'status' ? { ...one, tenant: 'later' } : one));
    const flow = await deployWith(server, { user: { tenant: 'later' }, more });
    const told: Message[] = [];
    node('told').on('input', (message: Message) => told.push(message));
    const before = await flow.send({ payload: '13800001111' });
    expect(before.message.error).to.include({ code: 'CIAM.CONFIG' });
    await flow.until(() => flow.statuses.at(-1)?.category === 'config');
    const running = flowOf({ user: { tenant: 'later' }, tenant: { domain: server.url }, more });
    await helper.setFlows([...running, { id: 'later', type: 'ciam-tenant', name: '', auth: 'token', domain: server.url, warmUp: false }], 'nodes',
      { tenant: { token: 'x'.repeat(20) }, later: { token: 'y'.repeat(20) } });
    const after = await flow.send({ payload: '13800001111' });
    expect(after.port).to.equal('found');
    expect(told.map(({ topic }) => topic)).to.deep.equal(['misconfigured', 'unknown', 'ready']);
  });
});

describe('log of a tenant', () => {
  const SINCE = '2026-01-01T00:00:00.000Z';
  const written = (language: Language, use: (change: (event: Partial<TenantEvent>, cause?: LookupFailure) => void) => void): string[] => {
    const lines: string[] = [];
    const to = (level: string) => (text: unknown): void => void lines.push(`${level}: ${String(text)}`);
    let now: NodeCondition = { state: 'ready', tenant: 'host:1', code: null, since: SINCE, heldMs: 0, failed: 0, cause: null };
    const log = createLog({ _: translator(language) } as unknown as Red, { log: to('info'), warn: to('warn'), error: to('error') }, () => now);
    use((event, cause) => {
      now = { ...now, cause: cause ?? null };
      log({ event: 'ready', state: 'ready', tenant: 'host:1', code: cause?.code ?? null, since: SINCE, heldMs: 0, failed: 0, ...event });
    });
    return lines;
  };
  const refused = { event: 'refused', state: 'refused' } as const;
  const story: Parameters<typeof written>[1] = (change) => {
    change({ event: 'ready' });
    change({ event: 'unreachable', state: 'unreachable' }, networkFailure('ECONNREFUSED'));
    change({ event: 'failing', state: 'failing', since: '2026-01-01T00:00:10.000Z' }, networkFailure('ECONNREFUSED'));
    change({ event: 'recovered', since: '2026-01-01T00:01:00.000Z', failed: 3 });
    change({ event: 'paused', state: 'paused', heldMs: 30_000 }, httpFailure(429));
    change({ event: 'resumed' });
    change(refused, tenantFailure('invalid_client', 401));
    change(refused, tlsFailure('CERT_HAS_EXPIRED'));
    change({ ...refused, count: 4 }, responseFailure(302, 'redirect'));
    change(refused, tenantFailure('invalid_token', 401).advised('new-token'));
    change(refused, httpFailure(500));
    change(refused, proxyPasswordFailure());
    change({ event: 'accepted' });
    change({ event: 'misconfigured', state: 'misconfigured' }, networkFailure('EMFILE', 'demo-start'));
  };

  it('has one line for each event, of its level, with host and code, and what to do', () => {
    expect(written('en-US', story)).to.deep.equal([
      'info: Tenant host:1: signed in.',
      'warn: Tenant host:1: unreachable (CIAM.NETWORK, ECONNREFUSED): lookups wait. Check host and port: nobody listens at host:1.',
      'error: Tenant host:1: still unreachable (CIAM.NETWORK, ECONNREFUSED): lookups fail from now on. Check host and port: nobody listens at host:1.',
      'info: Tenant host:1: recovered after 60 s; lookups failed meanwhile: 3.',
      'warn: Tenant host:1: asked for a pause (CIAM.HTTP.429): no calls for 30 s, lookups wait. Send fewer lookups: set a rate limit in the tenant node, or try again later.',
      'info: Tenant host:1: takes calls again after its pause.',
      'error: Tenant host:1: credentials refused (invalid_client): lookups fail. Check the client id and client secret in the tenant node against the admin portal; after a reset only the new secret works. A strict server may want a secret with + or % in the body (clientAuth).',
      'error: Tenant host:1: no trusted connection (CIAM.TLS, CERT_HAS_EXPIRED): lookups fail. Have the certificate of host:1 renewed by whoever runs it; if it is still valid, set the clock of this machine.',
      'error: Tenant host:1: lookups fail (CIAM.RESPONSE). The answer cannot be used: HTTP 302, a redirect, which is never followed. Check the domain: it redirects elsewhere, to a login page or another host perhaps. Write the host of the tenant itself. [4 times since this was told last]',
      'error: Tenant host:1: gives no access (invalid_token): lookups fail. The tenant accepts the client id and secret, but refuses the token that it has just granted: check that the API user_read is granted to the app, or ask whoever runs the tenant or the gateway in front of it.',
      'error: Tenant host:1: gives no access (CIAM.HTTP.500): lookups fail. The tenant has an error of its own: try again later, and show it to whoever runs the tenant if the same lookup always ends so.',
      'error: Tenant host:1: cannot be reached (CIAM.NETWORK, PROXY_AUTHENTICATION_REQUIRED): lookups fail. Check the user name and password in the proxy node.',
      'info: Tenant host:1: accepted again.',
      'warn: The demo tenant could not start (EMFILE). (CIAM.NETWORK) Try again later; check the domain, the proxy and the network if it stays so.',
    ]);
  });

  it('is Chinese in a Chinese runtime, with the same hosts and codes', () => {
    const [english, chinese] = [written('en-US', story), written('zh-CN', story)];
    const known = (lines: string[]): unknown[] => lines.map((line) => [line.split(':')[0], line.match(/host:1|CIAM\.\w+|\b[A-Z_]{8,}\b|invalid_client/g)?.length]);
    expect(known(chinese)).to.deep.equal(known(english));
    for (const line of chinese) expect(line).to.match(/\p{Script=Han}/u).and.not.match(/__\w+__/);
  });

  it('says nothing of what a held-back event was about, once that is over', () => {
    expect(written('en-US', (change) => {
      change({ event: 'unreachable', state: 'unreachable', code: 'CIAM.NETWORK', count: 2 }, httpFailure(429));
    })).to.deep.equal(['warn: Tenant host:1: unreachable (CIAM.NETWORK): lookups wait. [2 times since this was told last]']);
  });
});

describe('a healthy tenant', () => {
  afterEach(tearDown);

  it('writes no line per message', async () => {
    const server = await startServer();
    server.onLookup = (seen, response) => (seen.value.endsWith('1') ? notFound : found)(seen, response);
    const flow = await deployWith(server);
    for (let index = 0; index < 20; index++) await flow.send({ payload: `1380000${1000 + index}` });
    expect(logOf('tenant')).to.have.length(1);
    expect(logOf('user')).to.have.length(0);
  });
});
