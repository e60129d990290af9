/** `-x`: how long a server keeps a session. */
import { unexpected } from '../flags/value-parsers.ts';

/** In CONNECT it stands for "for ever". */
export const FOR_EVER = 0xffff_ffff;

/** @returns seconds; {@link FOR_EVER} for `-1` and `∞` */
export function parseSessionExpiry(given: string): number {
  if (given === '-1' || given === '∞') return FOR_EVER;
  const seconds = /^\d{1,10}$/.test(given) ? Number(given) : Number.NaN;
  if (seconds <= FOR_EVER) return seconds;
  throw unexpected(
    `seconds from 0 to ${FOR_EVER}, or -1 or ∞ for ever`,
    given,
    () => 'session-expiry-interval out of range.',
  );
}
