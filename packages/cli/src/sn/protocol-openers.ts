/** Who opens listeners of protocols that the broker itself does not speak. Nothing of it is loaded before there is such a listener. */
import type { ProtocolOpener, ProtocolOpeners } from '@martlet/broker/server';

/** For one server. */
export function protocolOpeners(): ProtocolOpeners {
  let loaded: ProtocolOpener | undefined;
  const load = async (): Promise<ProtocolOpener> => {
    const { mqttSnOpener } = await import('@martlet/gateway-sn/server');
    loaded ??= mqttSnOpener();
    return loaded;
  };
  return {
    'mqtt-sn': {
      open: async (configuration, services) => (await load()).open(configuration, services),
      check: async (configuration, at) => (await load()).check(configuration, at),
      sysTopics: (tell) => loaded?.sysTopics(tell),
    },
  };
}
