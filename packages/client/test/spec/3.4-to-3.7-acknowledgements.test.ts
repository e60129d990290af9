import type { AcknowledgementPacket } from '@martlet/protocol';
import { encodePacket, ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';
import {
  acknowledgement,
  CONNACK,
  connect,
  disconnected,
  publish,
  sent,
  subscribed,
  V5,
  V311,
  Wire,
} from './exchange.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

describe('Acknowledgements of a client', () => {
  test('[MQTT-3.6.1-1] v5 v3.1.1 PUBREL has the flags 0010', async () => {
    for (const protocolVersion of [V311, V5]) {
      const wire = new Wire(world, { protocolVersion });
      await wire.send(CONNACK);
      wire.client.publish('t', '', { qos: 2 });
      await wire.send(acknowledgement('pubrec', 1));
      expect(wire.take()).toEqual([0x62, 2, 0, 1]);
    }
  });

  test('[MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3] [MQTT-3.6.2-2] [MQTT-3.6.2-3] [MQTT-3.7.2-2] [MQTT-3.7.2-3] v5 fit every Maximum Packet Size: they have neither Reason String nor User Properties', async () => {
    const wire = new Wire(world);
    await wire.send({ ...CONNACK, properties: { maximumPacketSize: 20 } });
    wire.client.subscribe('t', { qos: 2 }, () => {});
    await wire.send({ type: 'suback', packetId: 1, reasonCodes: [2], properties: {} });
    wire.take();
    await wire.send(publish('t', { qos: 1, packetId: 1 }), publish('t', { qos: 2, packetId: 2 }));
    expect(wire.take()).toEqual([0x40, 2, 0, 1, 0x50, 2, 0, 2]);
    // PUBREL of what is not known, and PUBREC for what is not known: both are told so.
    await wire.send(acknowledgement('pubrel', 2), acknowledgement('pubrel', 9), acknowledgement('pubrec', 8));
    expect(wire.take()).toEqual([0x70, 2, 0, 2, 0x70, 3, 0, 9, 0x92, 0x62, 3, 0, 8, 0x92]);
  });

  test('[MQTT-3.4.2-1] [MQTT-3.5.2-1] v5 have only the reason codes of their tables: another one is refused at the call', async () => {
    const client = connect(world);
    const server = await world.accept();
    const refused: unknown[] = [];
    client.subscribe('t', { acknowledge: 'manual' }, (message) => {
      for (const wrong of [0x82, 0x8b, 0x01, 0x100, Number.NaN]) {
        try {
          message.reject(wrong as ReasonCode);
        } catch (error) {
          refused.push((error as { code?: unknown }).code);
        }
      }
      message.reject(ReasonCode.QuotaExceeded);
    });
    await world.settle();
    const { packetId } = server.take('subscribe');
    server.send({ type: 'suback', packetId, reasonCodes: [2], properties: {} });
    server.send(publish('t', { qos: 1, packetId: 1 }), publish('t', { qos: 2, packetId: 2 }));
    await world.settle();
    expect(refused).toEqual(Array(10).fill('INVALID_OPTION'));
    expect(server.takeAll()).toMatchObject([
      { type: 'puback', reasonCode: 0x97 },
      { type: 'pubrec', reasonCode: 0x97 },
    ]);
  });

  test('[MQTT-3.6.2-1] [MQTT-3.7.2-1] v5 say 0x92 for a packet identifier that is not known, and nothing before MQTT 5.0', async () => {
    for (const [protocolVersion, reasonCode] of [
      [V5, 0x92],
      [V311, 0],
    ] as const) {
      connect(world, { protocolVersion });
      const server = await world.accept();
      server.send(acknowledgement('pubrel', 9));
      await world.settle();
      expect(server.take('pubcomp')).toMatchObject({ packetId: 9, reasonCode });
    }
  });
});

describe('Acknowledgements of a server', () => {
  const types = ['puback', 'pubrec', 'pubrel', 'pubcomp'] as const;

  test.each(types)(
    '[MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1] v5 with a reason code that %s does not have end the connection with 0x81',
    async (type) => {
      const client = connect(world);
      const server = await world.accept();
      client.publish('t', '', { qos: type === 'puback' ? 1 : 2 });
      await world.settle();
      server.takeAll();
      const bytes = encodePacket(
        acknowledgement(type, 1, type === 'pubrel' || type === 'pubcomp' ? 0x92 : 0x97),
        V5,
      );
      bytes[4] = 0x8e;
      server.sendBytes(bytes);
      expect(await disconnected(world, server)).toBe(ReasonCode.MalformedPacket);
    },
  );

  test.each([V311, V5])(
    '[MQTT-3.6.1-1] v5 v3.1.1 [MQTT-2.1.3-1] v5 [MQTT-2.2.2-2] v3.1.1 with other flags than the type has end the connection, in version %i',
    async (protocolVersion) => {
      for (const type of types) {
        const client = connect(world, { protocolVersion });
        const server = await world.accept();
        const bytes = encodePacket(acknowledgement(type, 1), protocolVersion);
        bytes[0]! ^= 1;
        server.sendBytes(bytes);
        await world.settle();
        expect(server.ended).toBeDefined();
        if (protocolVersion === V5) expect(server.take('disconnect').reasonCode).toBe(0x81);
        await client.close();
      }
    },
  );

  test('[MQTT-4.3.3-1] v3.1.1 for the wrong QoS end the connection', async () => {
    const wrong: [1 | 2, AcknowledgementPacket['type']][] = [
      [1, 'pubrec'],
      [1, 'pubcomp'],
      [2, 'puback'],
      [2, 'pubcomp'],
    ];
    for (const [qos, type] of wrong) {
      const client = connect(world, { protocolVersion: V311 });
      const server = await world.accept();
      await subscribed(world, client, server, 'a');
      client.publish('t', '', { qos });
      await world.settle();
      const { packetId } = server.take('publish');
      server.send(acknowledgement(type, packetId));
      await world.settle();
      expect(server.ended).toBeDefined();
      expect(sent(server)).toEqual([]);
      await client.close({ timeoutMs: 0 });
    }
  });
});
