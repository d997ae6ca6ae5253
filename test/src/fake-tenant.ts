/** A tenant whose transport and clock are the test's: no socket, no waiting, everything happens inside `advance`. */
import type { Reply } from '../../src/api/response';
import { networkFailure } from '../../src/failures/failure';
import type { Exchange, Receiver, Transport, TransportRequest, TransportResult } from '../../src/http/transport';
import { createTenant, type LookupFailure, type LookupInfo, type NodeTenant, type TenantSettings } from '../../src/node-api';
import { FakeClock } from './clock';

/** What becomes of a call, one millisecond after it was sent; `null`: nothing, it stays silent. */
export type Answer = (call: FakeCall) => TransportResult | null;

export class FakeCall implements Exchange {
  idleMs = 0;
  isOver = false;
  /** Its connection is not to be used again. */
  isDiscarded = false;

  constructor(readonly request: TransportRequest, private readonly receiver: Receiver, readonly fresh: boolean, readonly at: number) {}

  get isToken(): boolean {
    return this.request.path.endsWith('/token');
  }

  /** Who is asked for. */
  get value(): string {
    return this.isToken ? '' : String(Object.values(JSON.parse(this.request.body ?? '{"":""}') as object)[0]);
  }

  /** For a user who cannot exist. */
  get isProbeCall(): boolean {
    return !this.isToken && this.value === '10000000000';
  }

  answer(result: TransportResult): void {
    if (this.isOver) return;
    this.isOver = true;
    this.receiver.received(result);
  }

  cancel(): void {
    this.isOver = true;
  }

  discard(): void {
    this.isOver = this.isDiscarded = true;
  }
}

export const reply = (status: number, body: unknown, rest: Partial<Reply> = {}): Reply =>
  ({ status, text: typeof body === 'string' ? body : JSON.stringify(body), retryAfter: undefined, ...rest });

export const finds: Answer = (call) => {
  if (call.isToken) return reply(200, { access_token: `token of ${call.at}`.replaceAll(' ', '-'), expires_in: 1800 });
  return call.isProbeCall ? reply(400, { error_code: 'IDAAS.TENANT.USER.0001' }) : reply(200, { user_id: `id of ${call.value}` });
};
export const answers = (status: number, retryAfter?: string): Answer => () => reply(status, '', { retryAfter });
export const refusesConnection: Answer = () => networkFailure('ECONNREFUSED');
export const staysSilent: Answer = () => null;

export class FakeTransport implements Transport {
  readonly calls: FakeCall[] = [];
  readonly closedSilent: number[] = [];
  opened = 0;
  onCall: Answer = finds;
  onOpen: LookupFailure | null = null;
  idleMs = 0;

  constructor(private readonly clock: FakeClock) {}

  send(request: TransportRequest, receiver: Receiver, fresh = false): Exchange {
    const call = new FakeCall(request, receiver, fresh, this.clock.now());
    call.idleMs = fresh ? 0 : this.idleMs;
    this.calls.push(call);
    this.clock.setTimeout(() => {
      const result = call.isOver ? null : this.onCall(call);
      if (result) call.answer(result);
    }, 1);
    return call;
  }

  open(opened: (failure: LookupFailure | null) => void): void {
    this.opened++;
    this.clock.setTimeout(() => opened(this.onOpen), 1);
  }

  closeSilent(idleMs: number): void {
    this.closedSilent.push(idleMs);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** What became of one message. */
export interface Asked {
  outcome: string | null;
  /** How often it was told: once, in a sound client. */
  told: number;
  at: number;
  lookup: LookupInfo | undefined;
  failure: LookupFailure | null;
}

export interface FakeTenant {
  clock: FakeClock;
  transport: FakeTransport;
  tenant: NodeTenant;
  events: string[];
  startedAt: number;
  ask(value: unknown, signal?: AbortSignal): Asked;
  /** Values of the calls so far, probe calls as `?`, token calls as `token`. */
  asked(): string[];
  /** When the calls were made, in milliseconds since the tenant was created. */
  times(): number[];
}

export const fakeTenant = (settings: TenantSettings = {}, random: () => number = () => 0): FakeTenant => {
  const clock = new FakeClock();
  const transport = new FakeTransport(clock);
  const startedAt = clock.now();
  const tenant = createTenant({ domain: 'tenant.example.com', auth: 'token', token: 'the-fixed-token', proxy: false, ...settings }, { clock, random, transport: () => transport });
  const events: string[] = [];
  tenant.on('change', ({ event }) => events.push(event));
  return {
    clock, transport, tenant, events, startedAt,
    ask: (value, signal) => {
      const asked: Asked = { outcome: null, told: 0, at: 0, lookup: undefined, failure: null };
      tenant.ask({ by: 'mobile', value }, signal, (failure, found) => {
        asked.told++;
        Object.assign(asked, { outcome: failure?.code ?? 'ok', at: clock.now() - startedAt, lookup: failure?.lookup ?? found?.lookup, failure });
      });
      return asked;
    },
    asked: () => transport.calls.map((call) => (call.isToken ? 'token' : call.isProbeCall ? '?' : call.value)),
    times: () => transport.calls.map(({ at }) => at - startedAt),
  };
};
