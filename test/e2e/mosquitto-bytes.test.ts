// What clients get, byte for byte: Debian's Mosquitto and Martlet under its name, with the same bytes sent to both.

import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../crash/broker-process.mjs';
import { debianTool } from '../debian-tools.ts';
import { buildMartlet, MAIN } from './martlet-command.ts';
import { Programs } from './program.ts';

const debian = debianTool('mosquitto');

/** CONNECT with clean session, keep alive 10 and a client identifier of one letter. */
const connectOf = (version: 3 | 4 | 5, id: string, flags = '02', properties = '00'): string => {
  const name = version === 3 ? '00064d514973647003' : `00044d5154540${version}`;
  const body = `${name}${flags}000a${version === 5 ? properties : ''}000${id.length}${Buffer.from(id).toString('hex')}`;
  return `10${(body.length / 2).toString(16).padStart(2, '0')}${body}`;
};
const V3 = connectOf(3, 'a');
const V4 = connectOf(4, 'a');
const V5 = connectOf(5, 'a');

const PINGRESP = 'd000';

/** What is sent: the next part when as many bytes have come as Debian's answers the one before with. */
const CONVERSATIONS: readonly (readonly [what: string, ...parts: string[]])[] = [
  ['CONNECT of 3.1', V3],
  ['CONNECT of 3.1.1', V4],
  ['CONNECT of 5.0', V5],
  ['CONNECT of 5.0 with a session that stays', connectOf(5, 'b', '02', '051100000064')],
  ['CONNECT that asks for Response Information', connectOf(5, 'a', '02', '021901')],
  ['CONNECT of 3.1.1 without identifier and clean session', connectOf(4, '', '00')],
  ['PINGREQ of 3.1.1', V4, 'c000'],
  ['PINGREQ of 5.0', V5, 'c000'],
  ['SUBSCRIBE of 3.1', V3, '8209000100012b00012302'],
  ['SUBSCRIBE of 3.1.1 at every QoS', V4, '820e0001000161000001620100016302'],
  ['SUBSCRIBE of 5.0 at every QoS', V5, '820f000100000161000001620100016302'],
  ['UNSUBSCRIBE of 3.1.1', V4, '8206000100016102', 'a205000200 0161'],
  [
    'UNSUBSCRIBE of 5.0, of what there is and what there is not',
    V5,
    '820700010000016100',
    'a209000200000161000162',
  ],
  ['PUBLISH of QoS 1 of 3.1.1', V4, '3206000378000178'.replace('000378', '000178')],
  ['PUBLISH of QoS 1 of 5.0 that nobody gets', V5, '320700017800010078'],
  ['PUBLISH of QoS 2 of 3.1.1 to its end', V4, '34060001780001 78', '62020001'],
  ['PUBLISH of QoS 1 of 5.0 that the sender gets', V5, '820700010000016100', '320700016100020078'],
  ['PUBLISH without topic and alias of 5.0', V5, '3408000000010000 0078'.replace('3408', '3407')],
  ['a second CONNECT of 3.1.1', V4, V4],
  ['no packet of MQTT', '474554202f0d0a0d0a'],
  ['DISCONNECT of 5.0', V5, 'e000'],
];

/** Where Martlet says more than Debian's: what is sent, and the last answer of either. */
const DIFFERENT: readonly (readonly [what: string, theirs: string, ours: string, ...parts: string[]])[] = [
  ['PUBLISH of QoS 2 of 5.0 that nobody gets', '50020001', '5003000110', V5, '340700017800010078'],
  ['PUBREL of 5.0 that nothing is known of', '70020009', '7003000992', V5, '62020009'],
];

describe.skipIf(debian.path === undefined)(`What clients get ${debian.label}`, () => {
  const programs = new Programs();
  let directory: string;
  const ports = { debian: 0, martlet: 0 };

  beforeAll(async () => {
    buildMartlet();
    directory = mkdtempSync(join(tmpdir(), 'martlet-bytes-'));
    const mosquitto = join(directory, 'mosquitto');
    symlinkSync(MAIN, mosquitto);
    for (const [name, command] of [
      ['debian', debian.path!],
      ['martlet', mosquitto],
    ] as const) {
      ports[name] = await freePort();
      const file = join(directory, `${name}.conf`);
      // 2.1 has this limit by itself.
      writeFileSync(
        file,
        `${process.getuid?.() === 0 ? 'user root\n' : ''}listener ${ports[name]} 127.0.0.1\nallow_anonymous true\nmax_packet_size 2000000\n`,
      );
      await programs.start(command, ['-c', file]).line(/mosquitto version \S+ running$/, 'stderr');
    }
  });
  afterAll(async () => {
    await programs.stopAll();
    rmSync(directory, { recursive: true, force: true });
  });

  /** The answers to the parts; a part is sent when something has come to the one before, or when the peer has closed. */
  function answersAt(port: number, parts: readonly string[]): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      const waiting = parts.map((part) => Buffer.from(part.replaceAll(' ', ''), 'hex'));
      const pinged = Buffer.from('c000', 'hex');
      let told = '';
      let isPinged = false;
      const next = (): void => {
        const part = waiting.shift();
        if (part !== undefined) socket.write(part);
        else if (!isPinged) {
          // Whatever is to come, comes before its answer.
          isPinged = true;
          socket.write(pinged);
        }
      };
      socket.on('connect', next);
      socket.on('data', (bytes: Buffer) => {
        told += bytes.toString('hex');
        if (isPinged && told.endsWith(PINGRESP)) socket.destroy();
        else next();
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(`${told}${told.endsWith(PINGRESP) ? '' : ' and closed'}`));
    });
  }

  test.each(CONVERSATIONS)('after %s are the same bytes', async (_what, ...parts) => {
    expect(await answersAt(ports.martlet, parts)).toBe(await answersAt(ports.debian, parts));
  });

  test.each(DIFFERENT)('after %s Martlet says more', async (_what, theirs, ours, ...parts) => {
    const before = await answersAt(ports.martlet, parts.slice(0, 1));
    const connack = before.slice(0, -PINGRESP.length);
    expect(await answersAt(ports.debian, parts)).toBe(`${connack}${theirs}${PINGRESP}`);
    expect(await answersAt(ports.martlet, parts)).toBe(`${connack}${ours}${PINGRESP}`);
  });
});
