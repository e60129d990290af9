/** Section 3.1 of the specification: CONNECT packets that are against it, byte by byte. */
import type { Check } from '../check.ts';
import type { CheckWorld } from '../check-world.ts';
import { expectThat } from '../expectations.ts';
import { field, frame } from '../frame.ts';
import { packetsText } from '../packets-text.ts';
import type { RawClient } from '../raw-client.ts';
import { CLEAN, connectBytes, KEEP_ALIVE } from './connect-bytes.ts';

/** Connect Flags. */
const WILL = 0x04;

/** Will Properties, where the version has them, Will Topic and Will Payload. */
function willBytes(world: CheckWorld): readonly Uint8Array[] {
  return [world.isV5 ? Uint8Array.of(0) : Uint8Array.of(), field(world.topic('will')), field('x')];
}

/**
 * The server has to close, without having accepted. Before MQTT 5.0 it may not even answer, where the CONNECT is against the
 * specification.
 */
async function isRefused(world: CheckWorld, client: RawClient, because: string): Promise<void> {
  const { packets } = await client.closes(because);
  const [first] = packets;
  if (first === undefined) return;
  const isRefusal = first.type === 'connack' && first.reasonCode >= 0x80 && !first.sessionPresent;
  expectThat(packets.length === 1 && isRefusal, 'no answer but a CONNACK that refuses', packetsText(packets));
  if (!world.isV5) world.note('answers a CONNECT that is against the specification by CONNACK');
}

/** Sends bytes that no server may accept as CONNECT. */
async function refuses(world: CheckWorld, bytes: Uint8Array, what: string): Promise<void> {
  const client = await world.open('client');
  client.sendBytes(bytes, `CONNECT with ${what}`);
  await isRefused(world, client, what);
}

export const MALFORMED_CONNECT_CHECKS: readonly Check[] = [
  {
    id: 'connect-reserved-flag',
    title: 'refuses a CONNECT whose reserved flag is 1',
    v5: ['MQTT-3.1.2-3', 'MQTT-3.1.4-1', 'MQTT-3.2.2-6', 'MQTT-3.2.2-7'],
    v311: ['MQTT-3.1.2-3', 'MQTT-3.1.4-1'],
    run: (world) =>
      refuses(world, connectBytes(world, CLEAN | 0x01, field(world.clientId('c'))), 'the reserved flag set'),
  },
  {
    id: 'connect-fixed-header-flags',
    title: 'refuses a CONNECT with flags in its fixed header',
    v5: ['MQTT-2.1.3-1'],
    v311: ['MQTT-2.2.2-1', 'MQTT-2.2.2-2'],
    run: async (world) => {
      const bytes = connectBytes(world, CLEAN, field(world.clientId('c')));
      bytes[0] = 0x11;
      await refuses(world, bytes, 'flag 0 of the fixed header set');
    },
  },
  {
    id: 'connect-will-qos-without-will',
    title: 'refuses a Will QoS without a will',
    v5: ['MQTT-3.1.2-11'],
    v311: ['MQTT-3.1.2-13'],
    run: (world) =>
      refuses(world, connectBytes(world, CLEAN | 0x08, field(world.clientId('c'))), 'Will QoS 1 and no will'),
  },
  {
    id: 'connect-will-retain-without-will',
    title: 'refuses Will Retain without a will',
    v5: ['MQTT-3.1.2-13'],
    v311: ['MQTT-3.1.2-15'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN | 0x20, field(world.clientId('c'))),
        'Will Retain and no will',
      ),
  },
  {
    id: 'connect-will-qos-3',
    title: 'refuses a will of QoS 3',
    v5: ['MQTT-3.1.2-12'],
    v311: ['MQTT-3.1.2-14'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN | WILL | 0x18, field(world.clientId('c')), ...willBytes(world)),
        'Will QoS 3',
      ),
  },
  {
    id: 'connect-password-without-username',
    title: 'refuses a password without a user name',
    v311: ['MQTT-3.1.2-22'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN | 0x40, field(world.clientId('c')), field('secret')),
        'a password and no user name',
      ),
  },
  {
    id: 'connect-missing-will',
    title: 'refuses a CONNECT that announces a will and has none',
    v5: ['MQTT-3.1.2-9', 'MQTT-3.1.4-1'],
    v311: ['MQTT-3.1.2-9', 'MQTT-3.1.4-1'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN | WILL, field(world.clientId('c'))),
        'no will behind its flag',
      ),
  },
  {
    id: 'connect-missing-username',
    title: 'refuses a CONNECT that announces a user name and has none',
    v5: ['MQTT-3.1.2-17'],
    v311: ['MQTT-3.1.2-19'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN | 0x80, field(world.clientId('c'))),
        'no user name behind its flag',
      ),
  },
  {
    id: 'connect-missing-password',
    title: 'refuses a CONNECT that announces a password and has none',
    v5: ['MQTT-3.1.2-19'],
    v311: ['MQTT-3.1.2-21'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN | 0xc0, field(world.clientId('c')), field('name')),
        'no password behind its flag',
      ),
  },
  {
    id: 'connect-missing-client-id',
    title: 'refuses a CONNECT without the field for the Client Identifier',
    v5: ['MQTT-3.1.3-3'],
    v311: ['MQTT-3.1.3-3'],
    run: (world) => refuses(world, connectBytes(world, CLEAN), 'no Client Identifier'),
  },
  {
    id: 'connect-surplus-field',
    title: 'refuses a CONNECT with a field that its flags do not announce',
    v5: ['MQTT-3.1.2-16', 'MQTT-3.1.2-18'],
    v311: ['MQTT-3.1.2-18', 'MQTT-3.1.2-20', 'MQTT-3.1.2-11', 'MQTT-4.8.0-1'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN, field(world.clientId('c')), field('surplus')),
        'a field more than its flags say',
      ),
  },
  {
    id: 'connect-client-id-utf8',
    title: 'refuses a Client Identifier that is not UTF-8',
    v5: ['MQTT-3.1.3-4', 'MQTT-1.5.4-1'],
    v311: ['MQTT-3.1.3-4', 'MQTT-1.5.3-1'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN, field(Uint8Array.of(0x61, 0xff))),
        'a Client Identifier of 61 ff',
      ),
  },
  {
    id: 'connect-client-id-null',
    title: 'refuses a Client Identifier with U+0000',
    v5: ['MQTT-3.1.3-4', 'MQTT-1.5.4-2'],
    v311: ['MQTT-3.1.3-4', 'MQTT-1.5.3-2'],
    run: (world) =>
      refuses(world, connectBytes(world, CLEAN, field(`a\u0000b`)), 'U+0000 in the Client Identifier'),
  },
  {
    id: 'connect-username-utf8',
    title: 'refuses a user name that is not UTF-8',
    v5: ['MQTT-3.1.3-12'],
    v311: ['MQTT-3.1.3-11'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN | 0x80, field(world.clientId('c')), field(Uint8Array.of(0xc0, 0xaf))),
        'a user name of c0 af',
      ),
  },
  {
    id: 'connect-will-topic-utf8',
    title: 'refuses a Will Topic that is not UTF-8',
    v5: ['MQTT-3.1.3-11'],
    v311: ['MQTT-3.1.3-10'],
    run: (world) =>
      refuses(
        world,
        connectBytes(
          world,
          CLEAN | WILL,
          field(world.clientId('c')),
          world.isV5 ? Uint8Array.of(0) : Uint8Array.of(),
          field(Uint8Array.of(0xed, 0xa0, 0x80)),
          field('x'),
        ),
        'a surrogate in the Will Topic',
      ),
  },
  {
    id: 'connect-authentication-data-alone',
    title: 'refuses authentication data without a method',
    v5: ['MQTT-4.13.1-1'],
    run: async (world) => {
      const properties = [0x04, 0x16, 0x00, 0x01, 0x61];
      await refuses(
        world,
        frame(0x10, field('MQTT'), [5, CLEAN], KEEP_ALIVE, properties, field(world.clientId('c'))),
        'Authentication Data and no Authentication Method',
      );
    },
  },
];
