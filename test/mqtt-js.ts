// MQTT.js as tests use it: what it tells by events, as promises.

import type { Listener } from '@martlet/broker';
import { addressText } from '@martlet/broker';
import type { IDisconnectPacket, IPublishPacket, MqttClient } from 'mqtt';

/** Where MQTT.js connects to reach a listener. */
export function urlOf({ address }: Listener, protocol: 'mqtt' | 'ws' = 'mqtt'): string {
  return `${protocol}://${addressText(address)}${protocol === 'ws' ? '/mqtt' : ''}`;
}

/** The next DISCONNECT that the broker sends. */
export function nextDisconnect(client: MqttClient): Promise<IDisconnectPacket> {
  return new Promise((resolve) => client.once('disconnect', resolve));
}

export function nextClose(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once('close', resolve));
}

/** The next so many messages, in order. */
export function nextMessages(client: MqttClient, count: number): Promise<readonly IPublishPacket[]> {
  return new Promise((resolve) => {
    const packets: IPublishPacket[] = [];
    const onMessage = (_topic: string, _payload: Buffer, packet: IPublishPacket): void => {
      packets.push(packet);
      if (packets.length < count) return;
      client.off('message', onMessage);
      resolve(packets);
    };
    client.on('message', onMessage);
  });
}
