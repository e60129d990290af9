/** QoS -1: a message from who does not connect, and is told nothing (section 6.8). */
import { encodeMessage } from '../core/codec/encode-message.ts';
import type { SnTopic } from './sn-client-options.ts';
import { udpChannel } from './udp-channel.ts';

export interface UnconnectedMessage {
  /** A name in full is taken by gateways that know Paho's extension only. */
  readonly topic: SnTopic;
  readonly payload: Uint8Array;
  readonly retain?: boolean;
}

/** Fulfils when the datagram has been handed to the system; whether it came, nobody knows. */
export async function publishUnconnected(
  to: { readonly host: string; readonly port: number },
  { topic, payload, retain = false }: UnconnectedMessage,
): Promise<void> {
  const channel = await udpChannel(to.host, to.port)(
    () => {},
    () => {},
  );
  const reference =
    typeof topic === 'string'
      ? ({ kind: 'name', topicName: topic } as const)
      : 'short' in topic
        ? ({ kind: 'short', topicName: topic.short } as const)
        : ({ kind: 'predefined', topicId: topic.predefined } as const);
  channel.send(
    encodeMessage({ type: 'publish', dup: false, qos: -1, retain, topic: reference, packetId: 0, payload }),
  );
  await channel.close();
}
