/** `-d`: a line for each packet that is sent or received, as Mosquitto's tools write them. */
import type { OpenTransport } from '@martlet/client';
import type { Packet, ProtocolVersion } from '@martlet/protocol';
import { connectReturnCodeFor, decodePacket, FrameResult, PacketStream } from '@martlet/protocol';

/** No packet is longer. */
const ANY_LENGTH = 268_435_460;

/**
 * Connections whose packets are told of.
 * @param clientId as it was asked for; empty if the server is to choose
 * @param say takes a line, without its end
 */
export function loggingTransport(
  open: OpenTransport,
  clientId: string,
  say: (line: string) => void,
): OpenTransport {
  const name = `Client ${clientId === '' ? '(null)' : clientId}`;
  return async (server, listener, signal) => {
    let version: ProtocolVersion = 5;
    const sent = packetsOf(
      () => version,
      (packet) => {
        // CONNECT says in which version all that follows is written.
        if (packet.type === 'connect') version = packet.protocolVersion;
        for (const text of sentTexts(packet)) say(`${name} sending ${text}`);
      },
    );
    const received = packetsOf(
      () => version,
      (packet) => say(`${name} received ${receivedText(packet, version)}`),
    );
    const transport = await open(
      server,
      {
        onBytes: (bytes) => {
          received(bytes);
          listener.onBytes(bytes);
        },
        onDrain: () => listener.onDrain(),
        onClose: (error) => listener.onClose(error),
      },
      signal,
    );
    return {
      write: (bytes) => {
        sent(bytes);
        return transport.write(bytes);
      },
      get sentBytes() {
        return transport.sentBytes;
      },
      end: () => transport.end(),
      destroy: () => transport.destroy(),
      ...(transport.pause === undefined ? {} : { pause: () => transport.pause?.() }),
      ...(transport.resume === undefined ? {} : { resume: () => transport.resume?.() }),
    };
  };
}

/** Shows the packets in a stream of bytes. What cannot be read is left to whoever has to: after it nothing is shown. */
function packetsOf(
  version: () => ProtocolVersion,
  show: (packet: Packet) => void,
): (bytes: Uint8Array) => void {
  let isBroken = false;
  const stream = new PacketStream(
    {
      onFrame: (bytes, start, body, end) => {
        show(decodePacket(bytes, start, body, end, version()));
        return FrameResult.Next;
      },
      onShown: () => {},
    },
    ANY_LENGTH,
  );
  return (bytes) => {
    if (isBroken) return;
    try {
      stream.receive(bytes, 0, bytes.length);
    } catch {
      isBroken = true;
    }
  };
}

/** A line for each topic filter. */
function sentTexts(packet: Packet): readonly string[] {
  switch (packet.type) {
    case 'publish':
      return [publishText(packet)];
    case 'puback':
    case 'pubrec':
      return [`${packet.type.toUpperCase()} (m${packet.packetId}, rc${packet.reasonCode})`];
    case 'pubrel':
    case 'pubcomp':
      return [`${packet.type.toUpperCase()} (m${packet.packetId})`];
    case 'subscribe':
      return packet.subscriptions.map(({ topicFilter, qos, noLocal, retainAsPublished, retainHandling }) => {
        const options = (retainHandling << 4) | (Number(retainAsPublished) << 3) | (Number(noLocal) << 2);
        const shown = options.toString(16).padStart(2, '0');
        return `SUBSCRIBE (Mid: ${packet.packetId}, Topic: ${topicFilter}, QoS: ${qos}, Options: 0x${shown})`;
      });
    case 'unsubscribe':
      return packet.topicFilters.map((filter) => `UNSUBSCRIBE (Mid: ${packet.packetId}, Topic: ${filter})`);
    default:
      return [packet.type.toUpperCase()];
  }
}

function receivedText(packet: Packet, version: ProtocolVersion): string {
  switch (packet.type) {
    case 'connack':
      return `CONNACK (${version === 5 ? packet.reasonCode : (connectReturnCodeFor(packet.reasonCode) ?? packet.reasonCode)})`;
    case 'publish':
      return publishText(packet);
    case 'puback':
    case 'pubcomp':
      return `${packet.type.toUpperCase()} (Mid: ${packet.packetId}, RC:${packet.reasonCode})`;
    case 'pubrec':
    case 'pubrel':
      return `${packet.type.toUpperCase()} (Mid: ${packet.packetId})`;
    case 'disconnect':
      return `DISCONNECT (${packet.reasonCode})`;
    default:
      return packet.type.toUpperCase();
  }
}

function publishText({
  dup,
  qos,
  retain,
  packetId,
  topicName,
  payload,
}: Extract<Packet, { type: 'publish' }>): string {
  const flags = `d${Number(dup)}, q${qos}, r${Number(retain)}, m${packetId}`;
  return `PUBLISH (${flags}, '${topicName}', ... (${payload.length} bytes))`;
}
