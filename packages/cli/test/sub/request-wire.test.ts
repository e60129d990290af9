import type { OpenTransport, Transport, TransportListener } from '@martlet/client';
import type { Packet, ReasonCode } from '@martlet/protocol';
import { decodePacket, encodePacket } from '@martlet/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RequestWire } from '../../src/sub/request-wire.ts';

const SERVER = { scheme: 'mqtt', host: 'h', port: 1883, path: '', href: 'mqtt://h' } as const;

const publishPacket = (packetId: number, payload: string): Packet => ({
  type: 'publish',
  topicName: 'a/b',
  payload: Buffer.from(payload),
  qos: packetId === 0 ? 0 : 1,
  retain: false,
  dup: false,
  packetId,
  properties: {},
});
const suback = (packetId: number, ...reasonCodes: readonly ReasonCode[]): Packet => ({
  type: 'suback',
  packetId,
  reasonCodes,
  properties: {},
});

/** A wire between a client that notes what it gets and a server that notes what it is sent. */
class Setup {
  readonly sent: Packet[] = [];
  /** All that the client got. */
  received: Buffer = Buffer.alloc(0);
  readonly packetIds: (number | undefined)[] = [];
  readonly granted: (readonly ReasonCode[])[] = [];
  readonly network: string[] = [];
  readonly wire: RequestWire;
  #listener: TransportListener | undefined;
  above: Transport | undefined;

  constructor(hasPacketIds = false) {
    this.wire = new RequestWire({
      firstPacketId: 1,
      hasPacketIds,
      onSubscribed: (reasonCodes) => this.granted.push(reasonCodes),
      onUnsubscribed: () => this.granted.push([]),
    });
  }

  async connect(): Promise<void> {
    const open: OpenTransport = async (_server, listener) => {
      this.#listener = listener;
      return {
        write: (bytes) => {
          this.sent.push(decodePacket(bytes, 0, 2, bytes.length, 5));
          return true;
        },
        end: () => this.network.push('end'),
        destroy: () => this.network.push('destroy'),
        pause: () => this.network.push('pause'),
        resume: () => this.network.push('resume'),
      };
    };
    const client: TransportListener = {
      onBytes: (bytes) => {
        this.received = Buffer.concat([this.received, bytes]);
        this.packetIds.push(this.wire.packetId);
      },
      onDrain: () => {},
      onClose: () => {},
    };
    this.above = await this.wire.wrap(open)(SERVER, client, new AbortController().signal);
  }

  subscribe(): number {
    const filter = {
      topicFilter: 'a/#',
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    this.wire.subscribe([filter], { subscriptionIdentifier: 7 }, 5);
    const packet = this.sent.at(-1)!;
    if (packet.type !== 'subscribe') throw new Error('expected SUBSCRIBE');
    expect(packet).toMatchObject({ subscriptions: [filter], properties: { subscriptionIdentifier: 7 } });
    return packet.packetId;
  }

  /** Sends packets in pieces of these lengths, then the rest. */
  receive(packets: readonly Packet[], lengths: readonly number[] = []): void {
    const bytes = bytesOf(packets);
    let at = 0;
    for (const length of [...lengths, bytes.length]) {
      if (at < bytes.length) this.#listener!.onBytes(new Uint8Array(bytes.subarray(at, at + length)));
      at += length;
    }
  }

  receiveBytes(bytes: Uint8Array): void {
    this.#listener!.onBytes(bytes);
  }
}

function bytesOf(packets: readonly Packet[]): Buffer {
  return Buffer.concat(packets.map((packet) => encodePacket(packet, 5)));
}

describe('requests below the client', () => {
  test('are answered to whoever asked, and the client reads everything else, however it is split', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 30 }));
    await fc.assert(
      fc.asyncProperty(lengths, fc.boolean(), async (pieces, hasPacketIds) => {
        const setup = new Setup(hasPacketIds);
        await setup.connect();
        const packetId = setup.subscribe();
        const before = [publishPacket(0, 'retained'), publishPacket(300, 'x'.repeat(200))];
        const after = [publishPacket(2, ''), publishPacket(0, 'y'.repeat(20_000)), publishPacket(3, 'z')];
        setup.receive([...before, suback(packetId, 0x87), ...after], pieces);
        expect(setup.granted).toEqual([[0x87]]);
        expect(setup.received.equals(bytesOf([...before, ...after]))).toBe(true);
        if (hasPacketIds) expect(setup.packetIds).toEqual([undefined, 300, 2, undefined, 3]);
      }),
    );
  });

  test('are not looked for once they are answered', async () => {
    const setup = new Setup();
    await setup.connect();
    setup.receive([suback(setup.subscribe(), 0)]);
    setup.receive([publishPacket(0, '1'), publishPacket(0, '2'), publishPacket(0, '3')]);
    expect(setup.packetIds).toHaveLength(1);
  });

  test('that take back are answered too', async () => {
    const setup = new Setup();
    await setup.connect();
    setup.wire.unsubscribe(['a', 'b'], { userProperties: [['k', 'v']] }, 5);
    const packet = setup.sent[0]!;
    expect(packet).toMatchObject({
      type: 'unsubscribe',
      topicFilters: ['a', 'b'],
      properties: { userProperties: [['k', 'v']] },
    });
    if (packet.type !== 'unsubscribe') return;
    setup.receive([{ type: 'unsuback', packetId: packet.packetId, reasonCodes: [0, 0], properties: {} }]);
    expect(setup.granted).toEqual([[]]);
    expect(setup.received).toHaveLength(0);
  });

  test('are forgotten with their connection', async () => {
    const setup = new Setup();
    await setup.connect();
    setup.subscribe();
    setup.receiveBytes(Uint8Array.of(0x90, 5, 0));
    await setup.connect();
    setup.receive([publishPacket(1, 'new')]);
    expect(setup.received.equals(bytesOf([publishPacket(1, 'new')]))).toBe(true);
  });

  test.each([
    ['a length that is none', [0x30, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ['an answer that is none', [0x90, 0x01, 0x00]],
  ])('end the connection at %s', async (_what, bytes) => {
    const setup = new Setup();
    await setup.connect();
    setup.subscribe();
    setup.receiveBytes(Uint8Array.from(bytes));
    expect(setup.network).toEqual(['destroy']);
  });

  test('let the output hold the server back, beside the client', async () => {
    const setup = new Setup();
    await setup.connect();
    setup.wire.hold();
    setup.above!.pause!();
    setup.wire.release();
    expect(setup.network).toEqual(['pause', 'pause']);
    setup.above!.resume!();
    setup.wire.hold();
    setup.above!.resume!();
    expect(setup.network).toEqual(['pause', 'pause', 'resume', 'pause']);
    setup.wire.release();
    expect(setup.network.at(-1)).toBe('resume');
  });

  test('hold a connection back that is opened meanwhile', async () => {
    const setup = new Setup();
    await setup.connect();
    setup.wire.hold();
    await setup.connect();
    expect(setup.network).toEqual(['pause', 'pause']);
  });
});
