import type { Client, Transport, TransportListener } from '@martlet/client';
import type { DisconnectProperties } from '@martlet/protocol';
import { decodePacket, encodePacket } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { Departure } from '../../src/connection/departure.ts';

const SERVER = { scheme: 'mqtt', host: 'localhost', port: 1883, path: '' } as never;
const NEVER = new AbortController().signal;

/** A connection that takes what the test says, and a client that writes to it. */
async function connected(properties: DisconnectProperties = {}) {
  const departure = new Departure(properties);
  const written: Uint8Array[] = [];
  const seen: string[] = [];
  const state = { takes: true };
  let below!: TransportListener;
  const transport: Transport = await departure.wrap(async (_server, listener) => {
    below = listener;
    return {
      write: (bytes) => {
        written.push(bytes);
        return state.takes;
      },
      end: () => seen.push('end'),
      destroy: () => seen.push('destroy'),
    };
  })(
    SERVER,
    {
      onBytes: () => seen.push('bytes'),
      onDrain: () => seen.push('drain'),
      onClose: () => seen.push('close'),
    },
    NEVER,
  );
  const client = { close: async () => void seen.push('client closed') } as unknown as Client;
  return { departure, written, seen, state, transport, client, below: () => below };
}

/** Lets promises that are ready go on. */
async function moment(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

describe('The end of a connection', () => {
  test('waits for what was written to leave, closes, and waits for the connection to be gone', async () => {
    const { departure, seen, state, transport, client, below } = await connected();
    state.takes = false;
    expect(transport.write(new Uint8Array(9))).toBe(false);
    const left = departure.leave(client, NEVER).then(() => seen.push('left'));
    await moment();
    expect(seen).toEqual([]);
    below().onDrain();
    await moment();
    expect(seen).toEqual(['drain', 'client closed']);
    below().onClose();
    await left;
    expect(seen).toEqual(['drain', 'client closed', 'close', 'left']);
  });

  test('does not wait for a connection that has broken, nor after the signal', async () => {
    const broken = await connected();
    broken.state.takes = false;
    broken.transport.write(new Uint8Array(9));
    broken.below().onClose(new Error('broken'));
    await broken.departure.leave(broken.client, NEVER);
    expect(broken.seen).toEqual(['close', 'client closed']);
    const aborted = await connected();
    const controller = new AbortController();
    const left = aborted.departure.leave(aborted.client, controller.signal);
    controller.abort();
    await left;
    expect(aborted.seen).toEqual(['client closed']);
  });

  test('says in DISCONNECT what was given, beside what the client says, and changes nothing else', async () => {
    const { written, transport } = await connected({
      userProperties: [['a', 'b']],
      sessionExpiryInterval: 7,
    });
    const publish = encodePacket(
      {
        type: 'publish',
        topicName: 't',
        packetId: 0,
        payload: new Uint8Array(0),
        qos: 0,
        retain: false,
        dup: false,
        properties: {},
      },
      5,
    );
    transport.write(publish);
    transport.write(
      encodePacket({ type: 'disconnect', reasonCode: 4, properties: { reasonString: 'r' } }, 5),
    );
    expect(written[0]).toBe(publish);
    expect(decodePacket(written[1]!, 0, 2, written[1]!.length, 5)).toEqual({
      type: 'disconnect',
      reasonCode: 4,
      properties: { reasonString: 'r', userProperties: [['a', 'b']], sessionExpiryInterval: 7 },
    });
  });

  test('leaves DISCONNECT as it is where nothing was given', async () => {
    const { written, transport } = await connected();
    const disconnect = Uint8Array.of(0xe0, 0);
    transport.write(disconnect);
    expect(written[0]).toBe(disconnect);
  });
});
