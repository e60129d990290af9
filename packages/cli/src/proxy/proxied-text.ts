/** Lines for people and for machines of what passes. */
import { packetText } from '../conformance/packet-text.ts';
import { statementText } from '../conformance/report.ts';
import { base64Of } from '../messages/json-line.ts';
import { utf8TextOf } from '../messages/utf8-text.ts';
import type { TextStyle } from '../text-style.ts';
import { ARROWS } from './direction.ts';
import { PACKET_SECTIONS } from './packet-sections.ts';
import type { ProxiedPacket, ProxiedThing } from './proxied-packet.ts';

export interface ProxiedTextOptions {
  readonly style: TextStyle;
  /** With the bytes of each packet. */
  readonly verbose: boolean;
}

const INDENT: string = ' '.repeat(20);
const BYTES_A_LINE = 16;
/** Of one packet, at most. */
const SHOWN_BYTES = 1024;

/** Such as `20:45:01.123  #1 → PUBLISH "a/b" QoS 1 id 7 "on"  (section 3.3)`; ends with a newline. */
export function proxiedText(thing: ProxiedThing, options: ProxiedTextOptions): string {
  const { style } = options;
  const { wallMs, connection, direction } = thing;
  const arrow = direction === undefined ? ' ' : ARROWS[direction];
  const head = `${style('dim', timeOfDay(wallMs))}  ${style('bold', `#${connection}`)} ${style('cyan', arrow)}`;
  if (thing.kind === 'event') return `${head} ${style(thing.isBad ? 'red' : 'dim', printable(thing.text))}\n`;
  const { packet, fault, violations } = thing;
  const section = style('dim', `(section ${PACKET_SECTIONS[packet.type]})`);
  const done = fault === undefined ? '' : `  ${style('yellow', fault.toUpperCase())}`;
  const version = thing.protocolVersion === 5 ? 5 : 4;
  const wrong = violations.map(({ statement, text }) => {
    const says = statementText(statement, version);
    return `${INDENT}${style('red', `[${statement}] ${text}`)}${says === '' ? '' : style('dim', ` – ${says}`)}\n`;
  });
  return `${head} ${printable(packetText(packet))}  ${section}${done}\n${wrong.join('')}${options.verbose ? bytesText(thing) : ''}`;
}

/** Local time to the millisecond. */
function timeOfDay(wallMs: number): string {
  const time = new Date(wallMs);
  return new Date(wallMs - time.getTimezoneOffset() * 60_000).toISOString().slice(11, 23);
}

/** What comes from outside moves no cursor. */
function printable(text: string): string {
  return text.replaceAll(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function bytesText({ bytes }: ProxiedPacket): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, SHOWN_BYTES); at += BYTES_A_LINE) {
    const part = [...bytes.subarray(at, at + BYTES_A_LINE)];
    const hex = part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(
      `${INDENT}${at.toString(16).padStart(4, '0')}  ${hex.padEnd(BYTES_A_LINE * 3 - 1)}  ${text}\n`,
    );
  }
  if (bytes.length > SHOWN_BYTES) lines.push(`${INDENT}… ${bytes.length} bytes in all\n`);
  return lines.join('');
}

/**
 * A line of JSON; ends with a newline.
 * @param isVerbose with the passwords of CONNECT
 */
export function proxiedJson(thing: ProxiedThing, isVerbose: boolean): string {
  const { wallMs, connection, direction } = thing;
  const head = { time: new Date(wallMs).toISOString(), connection, direction };
  if (thing.kind === 'event')
    return `${JSON.stringify({ ...head, event: thing.text, isBad: thing.isBad })}\n`;
  const { packet, bytes, violations, fault, protocolVersion } = thing;
  const line = {
    ...head,
    protocolVersion,
    section: PACKET_SECTIONS[packet.type],
    packet,
    bytes: bytes.length,
    ...(fault === undefined ? {} : { fault }),
    ...(violations.length === 0 ? {} : { violations }),
  };
  // Looked up in its holder: a buffer of Node.js makes something else of itself before it comes here.
  function shown(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
    const held = this[key];
    if (!(held instanceof Uint8Array)) return value;
    // A line is soon copied into a report.
    return key === 'password' && !isVerbose ? `${held.length} bytes` : jsonBytes(held);
  }
  return `${JSON.stringify(line, shown)}\n`;
}

/** Text where it is some. */
function jsonBytes(bytes: Uint8Array): unknown {
  return utf8TextOf(bytes) ?? { base64: base64Of(bytes) };
}
