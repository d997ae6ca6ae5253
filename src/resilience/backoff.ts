/** How long to wait before another try, and how long a pause the tenant asks for. All times in milliseconds. */

const FIRST_MS = 300;
const LONGEST_MS = 5000;

/** Exponential with equal jitter: between half and the whole of 300, 600, 1200 … 5000 ms. `retry` counts from 0. */
export const backoffMs = (retry: number, random: () => number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** retry) * (0.5 + random() / 2);

/** A tenant that asks for a longer pause is called again after a minute: otherwise its return would be noticed late. */
export const LONGEST_PAUSE_MS = 60_000;

const SECONDS = /^\d+(\.\d+)?$/;
/** As HTTP writes it, or ISO 8601. `Date.parse` reads `-1` and `5, 5` as dates too, of the year 2001. */
const DATE = /^(mon|tue|wed|thu|fri|sat|sun|\d{4}-\d\d-\d\d)/i;

/**
 * The `Retry-After` header, seconds or a date (RFC 9110, 10.2.3); `null` when there is none that makes sense.
 * A date is measured against the answer's own `Date`, so that a wrong clock on this machine does not matter;
 * `now` (milliseconds since the epoch) counts where the answer has none.
 */
export const retryAfterMs = (header: string | undefined, date: string | undefined, now: number): number | null => {
  if (header === undefined) return null;
  const text = header.trim();
  const sent = date === undefined ? NaN : Date.parse(date);
  const ms = SECONDS.test(text) ? Number(text) * 1000 : DATE.test(text) ? Date.parse(text) - (Number.isNaN(sent) ? now : sent) : NaN;
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), LONGEST_PAUSE_MS);
};
