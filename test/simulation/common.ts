/** What the tests of troubles share. */
import type { Behaviour } from './model';
import type { Message, Simulation } from './simulation';

export const TIMEOUT = 10_000;
/** The widest interval between two probes while messages come. */
export const PROBE = 5000;
export const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 1);

export const codesOf = (messages: Message[]): string[] => [...new Set(messages.map(({ code }) => code))].sort();
export const tookOf = ({ at, endedAt }: Message): number => (endedAt ?? Infinity) - at;
export const slowest = (messages: Message[]): number => Math.max(0, ...messages.map(tookOf));

export type Away = (simulation: Simulation) => Behaviour;
export const AWAY: Record<string, Away> = {
  'refused connections': ({ behaviours }) => behaviours.refusing,
  'reset connections': ({ behaviours }) => behaviours.resetting,
  'HTTP 503': ({ behaviours }) => behaviours.status(503),
  'HTTP 502': ({ behaviours }) => behaviours.status(502),
  'system busy': ({ behaviours }) => behaviours.busy,
};
