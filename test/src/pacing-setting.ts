/** The queue of one tenant, step by step on a clock that stands still. */
import { Circuit } from '../../src/resilience/circuit';
import { httpFailure, type LookupFailure } from '../../src/failures/failure';
import { Pacing, type Turn } from '../../src/resilience/request-queue';
import { FakeClock } from './clock';

export interface Setting { pacing: Pacing; circuit: Circuit; clock: FakeClock; started: string[]; refused: [string, string][]; turn: (name: string, messages?: number) => Turn }

export const set = (limits: { concurrency?: number; queueLimit?: number; rateLimit?: number } = {}): Setting => {
  const clock = new FakeClock();
  const started: string[] = [];
  const refused: [string, string][] = [];
  const circuit: Circuit = new Circuit(clock, () => pacing.pump());
  const pacing = new Pacing({ concurrency: 1, queueLimit: 10, rateLimit: 0, ...limits }, clock, circuit);
  const turn = (name: string, messages = 1): Turn => ({
    ahead: null, behind: null, queued: false, messages,
    begin: (probe) => started.push(probe ? `${name} as probe` : name),
    refuse: (failure) => refused.push([name, failure.code]),
  });
  return { pacing, circuit, clock, started, refused, turn };
};

/** Enters turns of these names; the codes of those that were refused at once. */
export const enter = ({ pacing, turn }: Setting, ...names: string[]): string[] =>
  names.flatMap((name) => pacing.enter(turn(name))?.code ?? []);

export const open = ({ circuit }: Setting): void => {
  for (let call = 0; call < 10; call++) circuit.report(true);
};

export const busy = (): LookupFailure => httpFailure(503);
