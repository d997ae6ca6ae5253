/** How long to wait before another try. All times in milliseconds. */
import type { Clock } from '../clock';

const FIRST_MS = 200;
const LONGEST_MS = 5000;

/** Exponential with full jitter: anything from nothing to 200, 400, 800 … 5000 ms. `retry` counts from 0. */
export const backoffMs = (retry: number, random: () => number): number => random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** retry);

/** A tenant that asks for more than an hour is asked again after an hour: nobody would notice that it is back. */
const LONGEST_HOLD_MS = 3_600_000;

/** The `Retry-After` header, seconds or a date (RFC 9110, 10.2.3); `null` when there is none that makes sense. */
export const retryAfterMs = (header: string | undefined, clock: Clock): number | null => {
  if (header === undefined) return null;
  const text = header.trim();
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - clock.date();
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), LONGEST_HOLD_MS);
};
