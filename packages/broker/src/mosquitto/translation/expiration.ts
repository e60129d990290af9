/** The value of `persistent_client_expiration`: a number and a unit. */
import { quoted } from '../reading/configuration-lines.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** As Mosquitto counts: a month has 30 days, a year 365. */
const SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  h: HOUR,
  d: DAY,
  w: 7 * DAY,
  m: 30 * DAY,
  y: 365 * DAY,
};

/** Seconds that a session can be kept which does expire. */
const LONGEST = 0xfffffffe;

/** @returns seconds, or what was expected and what came */
export function parseExpiration(text: string): number | string {
  const [, digits, unit] = /^(\d{1,10})([shdwmy])$/.exec(text) ?? [];
  const seconds = digits === undefined ? 0 : Number(digits) * SECONDS[unit!]!;
  if (seconds < 1) return `expected a number from 1 on and h, d, w, m or y, such as 14d, got ${quoted(text)}`;
  return Math.min(seconds, LONGEST);
}
