/** QoS -1: a message from who does not connect, and is told nothing (section 6.8). */
import { encodeMessage } from '../core/codec/encode-message.ts';
import { invalid, topicProblem } from './checked.ts';
import type { GatewayPlace } from './gateway-places.ts';
import { channelTo } from './gateway-places.ts';
import type { SnTopic } from './sn-client-options.ts';
import { filterReference } from './topic-reference.ts';

export interface UnconnectedMessage {
  /** A name in full is taken by gateways that know Paho's extension only. */
  readonly topic: SnTopic;
  readonly payload: Uint8Array;
  /** @default false */
  readonly retain?: boolean;
}

/**
 * Fulfils when the datagram has been handed to the system; whether it came, nobody knows.
 * Rejects with an `SnClientError` `INVALID_ARGUMENT` for what is no topic, or with the system's error if there is no way.
 * @example
 * await publishUnconnected({ host: 'gateway.example' }, { topic: { predefined: 5 }, payload: Buffer.from('21.5') });
 */
export async function publishUnconnected(
  to: GatewayPlace,
  { topic, payload, retain = false }: UnconnectedMessage,
): Promise<void> {
  const problem = topicProblem(topic, 'name');
  if (problem !== null) throw invalid(problem);
  const reference = filterReference(topic);
  const bytes = encodeMessage({
    type: 'publish',
    dup: false,
    qos: -1,
    retain,
    topic: reference,
    packetId: 0,
    payload,
  });
  const channel = await channelTo(to)(
    () => {},
    () => {},
  );
  channel.send(bytes);
  await channel.close();
}
