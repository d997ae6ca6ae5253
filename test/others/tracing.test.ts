/** The program of docs/tracing.md in a real Node-RED: what OpenTelemetry's own packages make of lookups that run at the same time. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { example } from '../support/examples';
import { codeBlocks } from '../support/markdown';
import { MAJORS, type NodeRed, startNodeRed } from '../support/runtime';
import { found, notFound, ScriptedTenant } from '../support/servers';
import { installSideBySide, root } from '../support/versions';

interface Span { traceId: string; spanId: string; parentSpanId?: string; name: string; kind: number; attributes: { key: string; value: object }[]; status: { code?: number; message?: string } }
interface Export { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }
const KINDS = { internal: 1, server: 2, client: 3 } as const;

const page = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8');
const blocks = codeBlocks(page('tracing.md'));
const program = blocks.find(({ language }) => language === 'js')?.text ?? '';
const packages = /^npm install (.*)$/m.exec(blocks[0]?.text ?? '')?.[1]?.split(' ') ?? [];

/** Takes spans as a collector does. */
class Collector {
  readonly spans: Span[] = [];
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Collector> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        if (request.url === '/v1/traces') collector.take(JSON.parse(Buffer.concat(chunks).toString()) as Export);
        response.setHeader('content-type', 'application/json').end('{}');
      });
    }).listen(0, '127.0.0.1');
    const collector = new Collector(server);
    await once(server, 'listening');
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private take({ resourceSpans }: Export): void {
    this.spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
    this.server.emit('spans');
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.server, 'spans');
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

for (const major of MAJORS) {
  describe(`traces by OpenTelemetry in Node-RED ${major}, as docs/tracing.md has it`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'tracing-'));
    let collector: Collector;
    let tenant: ScriptedTenant;
    let nodeRed: NodeRed;
    before(async () => {
      symlinkSync(join(await installSideBySide(packages), 'node_modules'), join(folder, 'node_modules'), 'junction');
      writeFileSync(join(folder, 'tracing.js'), program);
      [collector, tenant] = await Promise.all([Collector.start(), ScriptedTenant.start()]);
      const flows = example('05-http-endpoint.json').map((node) =>
        (node.type === 'ciam-tenant' ? { ...node, demo: false, domain: tenant.url, auth: 'token', concurrency: 4, credentials: { token: 'a-token-of-this-test' } } : node));
      nodeRed = await startNodeRed({
        major, flows,
        env: {
          NODE_OPTIONS: `--require ${join(folder, 'tracing.js')}`, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
          OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none', OTEL_BSP_SCHEDULE_DELAY: '100',
        },
      });
    });
    after(async () => {
      await nodeRed.stop();
      await Promise.all([tenant.close(), collector.close()]);
      rmSync(folder, { recursive: true, force: true });
    });

    it('has each lookup and its call in the trace of its own message', async () => {
      const requests = Array.from({ length: 12 }, (_, index) => ({ mobile: String(13_800_001_000 + index), traceId: (index + 1).toString(16).padStart(32, '0') }));
      // Four at a time, answered together and the other way round.
      const held: (() => void)[] = [];
      tenant.onLookup = (seen, response) => {
        held.unshift(() => (seen.value.endsWith('1005') ? notFound : found)(seen, response));
        if (held.length === 4) for (const give of held.splice(0)) give();
      };
      const statuses = await Promise.all(requests.map(async ({ mobile, traceId }) => {
        const { status } = await fetch(`${nodeRed.url}ciam/user?mobile=${mobile}`, { headers: { traceparent: `00-${traceId}-00000000000000aa-01` } });
        return status;
      }));
      expect(statuses.filter((status) => status === 200)).to.have.length(11);
      expect(tenant.mostInFlight).to.equal(4);

      const own = (traceId: string): Span[] => collector.spans.filter((span) => span.traceId === traceId);
      const has = (traceId: string, kind: number): boolean => own(traceId).some((span) => span.kind === kind);
      await collector.until(() => requests.every(({ traceId }) => Object.values(KINDS).every((kind) => has(traceId, kind))));

      for (const { mobile, traceId } of requests) {
        // The tenant was told the trace of the very message that it was asked for.
        const call = tenant.lookups.find(({ value }) => value === mobile);
        const [, toldTrace, toldSpan] = String(call?.headers['traceparent']).split('-');
        expect(toldTrace, mobile).to.equal(traceId);
        const of = (kind: number): Span[] => own(traceId).filter((span) => span.kind === kind);
        const [server] = of(KINDS.server);
        const lookups = of(KINDS.internal).filter(({ name }) => name === 'lookup by mobile');
        const calls = of(KINDS.client);
        expect([of(KINDS.server).length, lookups.length, calls.length], mobile).to.deep.equal([1, 1, 1]);
        expect(calls[0]?.spanId).to.equal(toldSpan);
        for (const span of [lookups[0], calls[0]]) expect(span?.parentSpanId, mobile).to.equal(server?.spanId);
      }
      const missing = own(requests[5]?.traceId ?? '').find(({ name }) => name === 'lookup by mobile');
      expect(missing?.attributes).to.deep.include({ key: 'code', value: { stringValue: 'IDAAS.TENANT.USER.0001' } });
      expect(missing?.status.code ?? 0).to.equal(0);
    });

    it('has no value and no user in the spans of the tenant\'s side', () => {
      const ours = collector.spans.filter(({ kind }) => kind !== KINDS.server);
      expect(ours).to.not.be.empty;
      // Without the times: 138 ms in nanoseconds look like the beginning of a number.
      const told = JSON.stringify(ours, (key, value: unknown) => (key.endsWith('UnixNano') ? undefined : value));
      expect(told).to.not.match(/1380000|张三|a-token-of/);
    });
  });
}

describe('docs/tracing.md', () => {
  it('has the same program and commands in both languages', () => {
    const code = (name: string): string[] => codeBlocks(page(name)).map(({ text }) => text.replace(/ *\/\/ .*$/gm, ''));
    expect(code('tracing.zh-CN.md')).to.deep.equal(code('tracing.md'));
  });
});
