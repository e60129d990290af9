/**
 * Which packets something is done to: `publish`, `publish:10%`, `puback:#3`, `publish@client`.
 *
 * A type of packet, or `any`; behind `@` where it goes, `client` or `server`; behind `:` how many of these: a share by chance, or
 * with `#` the one with this number, counted on each connection.
 */
import type { PacketType } from '@martlet/protocol';
import { nearest } from '../flags/nearest.ts';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';
import type { Direction } from './direction.ts';
import { PACKET_SECTIONS } from './packet-sections.ts';

export interface FaultRule {
  /** Undefined: any. */
  readonly type: PacketType | undefined;
  /** Undefined: both. */
  readonly direction: Direction | undefined;
  /** From 0 to 1. */
  readonly share: number;
  /** From 1 on; undefined: whichever chance takes. */
  readonly number: number | undefined;
}

const ANY = 'any';
const TYPES = Object.keys(PACKET_SECTIONS) as readonly PacketType[];

/** @throws {UsageError} */
export function parseFaultRule(given: string): FaultRule {
  const [, name = '', to, count] = /^([a-z]+)(?:@(client|server))?(?::(.+))?$/i.exec(given) ?? [];
  if (name === '')
    throw new UsageError(
      `expected a packet such as publish, publish:10% or puback@client:#3, got ${quoted(given)}`,
    );
  const type = TYPES.find((each) => each === name.toLowerCase());
  if (type === undefined && name.toLowerCase() !== ANY) {
    const near = nearest(name.toLowerCase(), [...TYPES, ANY]);
    throw new UsageError(
      `expected a type of packet, or any, got ${quoted(name)}${near === undefined ? '' : `; did you mean ${near}?`}`,
    );
  }
  const direction = to === undefined ? undefined : to.toLowerCase() === 'server' ? 'toServer' : 'toClient';
  return { type, direction, ...countFrom(count) };
}

/** @throws {UsageError} */
function countFrom(text: string | undefined): Pick<FaultRule, 'share' | 'number'> {
  if (text === undefined) return { share: 1, number: undefined };
  const share = /^\d+(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) / 100 : Number.NaN;
  if (share >= 0 && share <= 1) return { share, number: undefined };
  const number = /^#\d{1,9}$/.test(text) ? Number(text.slice(1)) : 0;
  if (number >= 1) return { share: 1, number };
  throw new UsageError(`expected a share such as 10%, or a number such as #3, got ${quoted(text)}`);
}

/** Counts the packets of one connection, and says which ones rules are about. */
export class FaultChooser {
  readonly #rules: readonly FaultRule[];
  readonly #random: () => number;
  /** How many of its packets each rule has seen. */
  readonly #seen: number[];

  /** @param random at least 0, below 1 */
  constructor(rules: readonly FaultRule[], random: () => number) {
    this.#rules = rules;
    this.#random = random;
    this.#seen = rules.map(() => 0);
  }

  /** Whether one of the rules is about this packet. */
  chooses(type: PacketType, direction: Direction): boolean {
    let isChosen = false;
    for (const [at, rule] of this.#rules.entries()) {
      if (rule.type !== undefined && rule.type !== type) continue;
      if (rule.direction !== undefined && rule.direction !== direction) continue;
      this.#seen[at]! += 1;
      isChosen ||= rule.number === undefined ? this.#random() < rule.share : this.#seen[at] === rule.number;
    }
    return isChosen;
  }
}
