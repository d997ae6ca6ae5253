/** A client, a model of a tenant and a clock that only the simulation moves: hours in milliseconds, the same every time. */
import { expect } from 'chai';
import { createTenant, type ListOutcome, LookupFailure, type NodeTenant, type TenantEvent, type TenantSettings } from '../../src/node-api';
import { createRandom, type Random } from '../../scripts/soak/random';
import { FakeClock } from '../src/clock';
import { CLIENT } from '../src/support';
import { type Behaviour, type Behaviours, behaviours, type Call, ModelTenant } from './model';

export interface Message {
  value: string;
  at: number;
  endedAt: number | null;
  outcomes: number;
  /** `ok`, or the failure's code; '' before. */
  code: string;
  attempts: number;
  abort: AbortController;
}

export interface List { at: number; endedAt: number | null; values: string[]; outcome: ListOutcome | null }

/** Steps of the clock before a simulation counts as endless. */
const MOST_STEPS = 3_000_000;

export class Simulation {
  readonly random: Random;
  readonly clock = new FakeClock();
  readonly model = new ModelTenant(this.clock);
  readonly behaviours: Behaviours;
  readonly tenant: NodeTenant;
  readonly messages: Message[] = [];
  readonly lists: List[] = [];
  readonly events: TenantEvent[] = [];
  private readonly start: number;
  private steps = 0;
  private next = 0;

  constructor(seed: number, settings: TenantSettings = {}) {
    this.random = createRandom(seed);
    this.behaviours = behaviours(this.random, () => this.clock.now());
    this.start = this.clock.now();
    this.tenant = createTenant({ domain: 'tenant.example.com', proxy: false, ...CLIENT, ...settings }, { clock: this.clock, random: this.random, transport: () => this.model });
    this.tenant.on('change', (event) => this.events.push(event));
  }

  /** Milliseconds since the start. */
  get now(): number {
    return this.clock.now() - this.start;
  }

  /** The model's calls for lookups, times since the start. */
  get lookups(): Call[] {
    return this.model.calls.filter(({ isToken }) => !isToken).map((call) => ({ ...call, at: call.at - this.start, endedAt: call.endedAt === null ? null : call.endedAt - this.start }));
  }

  be(behaviour: Behaviour): void {
    this.model.behaviour = behaviour;
  }

  send(count = 1): Message[] {
    return Array.from({ length: count }, () => this.one());
  }

  list(size: number): List {
    const values = Array.from({ length: size }, () => this.freshValue());
    const list: List = { at: this.now, endedAt: null, values, outcome: null };
    this.lists.push(list);
    void this.tenant.lookupList({ by: 'mobile', values }).then((outcome) => {
      list.outcome = outcome;
      list.endedAt = this.now;
    });
    return list;
  }

  /** Everything that is due within so many milliseconds happens, in its order. */
  async run(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    for (;;) {
      await new Promise((resolve) => void setImmediate(resolve));
      const next = this.clock.nextAt;
      if (next === null || next > end) break;
      if (++this.steps > MOST_STEPS) throw new Error(`More than ${MOST_STEPS} steps.`);
      this.clock.advance(Math.max(0, next - this.clock.now()));
    }
    this.clock.advance(end - this.clock.now());
  }

  /** So many messages a second, at random moments, for so many milliseconds. */
  async traffic(perSecond: number, ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      const wait = (-Math.log(1 - this.random()) * 1000) / perSecond;
      if (this.now + wait >= end) break;
      await this.run(wait);
      this.send();
    }
    await this.run(end - this.now);
  }

  get isSettled(): boolean {
    return this.messages.every(({ outcomes }) => outcomes > 0) && this.lists.every(({ outcome }) => outcome !== null);
  }

  /** Until each message has its outcome, within so many milliseconds. */
  async settle(withinMs: number): Promise<void> {
    const end = this.now + withinMs;
    while (!this.isSettled && end - this.now > 1) await this.run(Math.min(1000, end - this.now));
    expect(this.messages.filter(({ outcomes }) => outcomes === 0).length, `messages without an outcome ${withinMs} ms later`).to.equal(0);
    expect(this.lists.filter(({ outcome }) => outcome === null).length, `lists without an outcome ${withinMs} ms later`).to.equal(0);
  }

  /** Closes, and demands that everything ends within a simulated second and nothing is left. */
  async close(): Promise<void> {
    const closed = this.tenant.close();
    await this.run(1000);
    await closed;
    expect(this.isSettled, 'everything ends within a second after close').to.equal(true);
    expect(this.messages.filter(({ outcomes }) => outcomes !== 1), 'messages without exactly one outcome').to.deep.equal([]);
    expect(this.model.inFlight, 'calls under way after close').to.equal(0);
    expect(this.clock.pending, 'timers left after close').to.deep.equal([]);
  }

  get failures(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { code } of this.messages) if (code !== 'ok') counts[code] = (counts[code] ?? 0) + 1;
    return counts;
  }

  private freshValue(): string {
    const value = String(13_000_000_000 + this.next++);
    this.model.known.add(value);
    return value;
  }

  private one(): Message {
    const message: Message = { value: this.freshValue(), at: this.now, endedAt: null, outcomes: 0, code: '', attempts: 0, abort: new AbortController() };
    this.messages.push(message);
    this.tenant.ask({ by: 'mobile', value: message.value }, message.abort.signal, (failure, found) => {
      message.outcomes++;
      message.endedAt = this.now;
      message.code = found ? 'ok' : (failure?.code ?? 'neither');
      message.attempts = found?.lookup.attempts ?? (failure instanceof LookupFailure ? (failure.lookup?.attempts ?? 0) : 0);
    });
    return message;
  }
}

/** A simulation for each seed; a failure names its own. */
export const forSeeds = async (from: number, count: number, settings: TenantSettings, scenario: (simulation: Simulation) => Promise<void>): Promise<void> => {
  for (let seed = from; seed < from + count; seed++) {
    const simulation = new Simulation(seed, settings);
    try {
      await scenario(simulation);
      await simulation.close();
    } catch (error) {
      if (error instanceof Error) error.message = `seed ${seed}: ${error.message}`;
      throw error;
    }
  }
};
