/** Lets a server listen for MQTT-SN: what `startServer` of `@martlet/broker/server` is given as `openers`. */
import { ConfigurationError } from '@martlet/broker/config';
import type { ProtocolOpener } from '@martlet/broker/server';
import { GatewayNumbers } from './gateway-numbers.ts';
import { ListenerMemories } from './listener-memories.ts';
import { predefinedTopicsOf } from './listener-topics.ts';
import { SnListener } from './sn-listener.ts';

/**
 * One for each server.
 * @example
 * const server = await startServer(loaded, { openers: { 'mqtt-sn': mqttSnOpener() } });
 */
export function mqttSnOpener(): ProtocolOpener {
  const shared = { numbers: new GatewayNumbers(), memories: new ListenerMemories() };
  return {
    open: (configuration, services) => SnListener.open(configuration, services, shared),
    check: async ({ mqttSn }, at) => {
      try {
        await predefinedTopicsOf(mqttSn, at);
        return [];
      } catch (error) {
        if (error instanceof ConfigurationError) return error.problems;
        throw error;
      }
    },
    sysTopics: (tell) => shared.numbers.tell(tell),
  };
}
