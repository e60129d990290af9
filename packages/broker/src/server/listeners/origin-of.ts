/** What the core is to know of connections of a listener that is opened by somebody else: see `ProtocolOpener`. */
import type { ListenerConfiguration } from '../../config/listener-configuration.ts';
import type { Origin } from '../../core/ports/transport.ts';
import { policyOf } from '../../listeners/open-listener.ts';

export function originOf(configuration: ListenerConfiguration): Origin {
  const { name, durability } = configuration;
  return {
    listener: name,
    kind: 'in-process',
    durability: durability ?? undefined,
    // Its clients speak another protocol: the versions of MQTT that are allowed are not about them.
    policy: { ...policyOf(configuration), protocolVersions: undefined },
  };
}
