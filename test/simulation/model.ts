/** A tenant that is nothing but rules: what becomes of a call, and when, as its present behaviour says. */
import { networkFailure } from '../../src/failures/failure';
import type { Exchange, Receiver, Transport, TransportRequest, TransportResult } from '../../src/http/transport';
import type { Random } from '../../scripts/soak/random';
import type { FakeClock } from '../src/clock';
import { TOKEN_PATH } from '../support/servers';

/** `after` milliseconds; a result of `null` never comes. */
export interface Said { after: number; result: TransportResult | null }

export interface Call {
  at: number;
  endedAt: number | null;
  isToken: boolean;
  /** What is looked up; '' for a token call. */
  value: string;
  /** Somebody who exists; the client's own questions are for somebody who does not. */
  isKnown: boolean;
}

export type Behaviour = (call: Call) => Said;

const reply = (status: number, body: unknown, retryAfter?: string): TransportResult =>
  ({ status, text: typeof body === 'string' ? body : JSON.stringify(body), retryAfter });

/** What a healthy tenant answers. */
export const right = ({ isToken, value, isKnown }: Call): TransportResult => {
  if (isToken) return reply(200, { access_token: 'token-of-the-model', expires_in: 1800 });
  return isKnown ? reply(200, { user_id: `id of ${value}` }) : reply(400, { error_code: 'IDAAS.TENANT.USER.0001' });
};

/** One record in so many is broken, always the same ones. */
export const isBad = (mobile: string, every: number): boolean => (Math.imul(Number(mobile) % 1_000_003, 2_654_435_761) >>> 8) % every === 0;

/** The behaviours that scenarios are made of; each call of a function gives a new one, with a state of its own. */
export const behaviours = (random: Random, now: () => number) => {
  const between = (low: number, high: number): number => low + random() * (high - low);
  const healthy = (low = 5, high = 50): Behaviour => (call) => ({ after: between(low, high), result: right(call) });
  const always = (result: () => TransportResult | null, after = 2): Behaviour => () => ({ after, result: result() });
  const refusing = always(() => networkFailure('ECONNREFUSED'));
  const resetting = always(() => networkFailure('ECONNRESET'));
  const silent = always(() => null);
  const status = (code: number, retryAfter?: string): Behaviour => always(() => reply(code, '<html>', retryAfter));
  const busy = always(() => reply(500, { error_code: 'IDAAS.TENANT.COM.0002' }));
  const well = healthy();

  return {
    healthy, refusing, resetting, silent, status, busy,
    /** Away and there by turns of so many milliseconds. */
    flapping: (awayMs: number, thereMs: number, away: Behaviour): Behaviour => (call) => (now() % (awayMs + thereMs) < awayMs ? away : well)(call),
    /** So many at a time, each `ms` long; the others wait inside the tenant. */
    slow: (servers: number, ms: number): Behaviour => {
      const free = new Array<number>(servers).fill(0);
      return (call) => {
        const next = free.reduce((best, at, index) => (at < (free[best] ?? 0) ? index : best), 0);
        const start = Math.max(now(), free[next] ?? 0);
        free[next] = start + between(ms / 2, ms * 1.5);
        return { after: free[next] - now(), result: right(call) };
      };
    },
    /** Some records always fail. */
    bad: (every: number, how: Behaviour): Behaviour => (call) => (!call.isToken && isBad(call.value, every) ? how : well)(call),
    /** One backend of so many is broken. */
    backends: (of: number, how: Behaviour): Behaviour => (call) => (random() * of < 1 ? how : well)(call),
    /** A limiter in front: so many a second, `burst` at once. */
    limiter: (perSecond: number, burst: number, refused: Behaviour): Behaviour => {
      let tokens = burst;
      let last = now();
      return (call) => {
        if (call.isToken) return well(call);
        tokens = Math.min(burst, tokens + ((now() - last) * perSecond) / 1000);
        last = now();
        if (tokens < 1) return refused(call);
        tokens--;
        return well(call);
      };
    },
  };
};

export type Behaviours = ReturnType<typeof behaviours>;

export class ModelTenant implements Transport {
  readonly calls: Call[] = [];
  readonly known = new Set<string>();
  behaviour: Behaviour = (call) => ({ after: 1, result: right(call) });
  inFlight = 0;
  mostInFlight = 0;
  isClosed = false;

  constructor(private readonly clock: FakeClock) {}

  send(request: TransportRequest, receiver: Receiver): Exchange {
    const isToken = request.path === TOKEN_PATH;
    const value = isToken ? '' : request.body === null ? decodeURIComponent(request.path.split('/').at(-1) ?? '') : String(Object.values(JSON.parse(request.body) as object)[0]);
    const call: Call = { at: this.clock.now(), endedAt: null, isToken, value, isKnown: this.known.has(value) };
    this.calls.push(call);
    if (!isToken) this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    const { after, result } = this.behaviour(call);
    const end = (): void => {
      if (call.endedAt === null && !isToken) this.inFlight--;
      call.endedAt ??= this.clock.now();
    };
    const timer = result && this.clock.setTimeout(() => {
      end();
      receiver.received(result);
    }, after);
    const cancel = (): void => {
      end();
      if (timer) this.clock.clearTimeout(timer);
    };
    return { idleMs: 0, cancel, discard: cancel };
  }

  /** Connections are none of the model's rules. */
  open(opened: (failure: null) => void): void {
    this.clock.setTimeout(() => opened(null), 1);
  }

  closeSilent(): void {
    // none is kept
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}
