/** From a listener of the configuration to the options of a link and of a gateway. */
import type { ListenerConfiguration, MqttSnConfiguration } from '@martlet/broker/config';
import { anyGlobMatches, globMatches } from '@martlet/broker/server';
import type { GatewayChanges } from '../core/gateway-parts.ts';
import type { Peer } from '../core/ports/link.ts';
import type { PredefinedTopic } from '../core/predefined-topics.ts';
import type { UnconnectedOptions } from '../core/unconnected-publisher.ts';
import { Networks } from '../links/address-trust.ts';
import type { Framing } from '../links/framing/framing.ts';
import { RawFraming } from '../links/framing/raw-framing.ts';
import { SlipFraming } from '../links/framing/slip-framing.ts';
import { XbeeFraming } from '../links/framing/xbee-framing.ts';
import type { UdpLinkOptions } from '../links/udp-link.ts';

export function udpOptions({ host, port, mqttSn }: ListenerConfiguration): UdpLinkOptions {
  const { group, groupPort, groupInterface, groupHops, forwarders, trustedNetworks } = mqttSn;
  return {
    // On a socket of IPv6 for all addresses IPv4 comes in, too.
    host: host === '*' ? '::' : host === 'localhost' ? '127.0.0.1' : host,
    port,
    maximumMessageBytes: mqttSn.maximumMessageBytes,
    ...(group !== null && {
      multicast: {
        group,
        port: groupPort,
        hops: groupHops,
        ...(groupInterface !== null && { interface: groupInterface }),
      },
    }),
    ...(forwarders.length > 0 && { forwarders }),
    ...(trustedNetworks !== null && { trusted: trustedNetworks }),
  };
}

export function framingFor(framing: NonNullable<MqttSnConfiguration['serial']>['framing']): Framing {
  switch (framing) {
    case 'raw':
      return new RawFraming();
    case 'slip':
      return new SlipFraming();
    case 'xbee1':
      return new XbeeFraming({ apiMode: 1 });
    case 'xbee2':
      return new XbeeFraming({ apiMode: 2 });
  }
}

/** What can change while clients are connected. */
export function gatewayChanges(
  { limits, unconnected, takeover, wakeFrom, clientIds }: MqttSnConfiguration,
  predefinedTopics: readonly PredefinedTopic[],
): GatewayChanges {
  return {
    options: limits,
    predefinedTopics,
    takeover,
    wakeFrom,
    ...(!clientIds.includes('*') && {
      acceptsClient: (clientId: string) => anyGlobMatches(clientIds, clientId),
    }),
    ...(unconnected !== null && { unconnected: unconnectedOptions(unconnected) }),
  };
}

function unconnectedOptions({
  networks,
  clientId,
  retain,
  perSecond,
}: NonNullable<MqttSnConfiguration['unconnected']>): UnconnectedOptions {
  const accepted = new Networks(networks);
  return { clientId, retain, perSecond, accepts: (peer) => accepted.has(addressOf(peer)) };
}

export type UsernameOf = (clientId: string, peer: Peer) => string | undefined;

/** The user name of the first entry that fits; undefined: it has none. */
export function usernames({ users, unconnected }: MqttSnConfiguration): UsernameOf {
  const entries = users.map(({ clientId, networks, username }) => ({
    clientId,
    username,
    networks: networks.length === 0 ? null : new Networks(networks),
  }));
  return (clientId, peer) => {
    if (clientId === unconnected?.clientId) return unconnected.username ?? undefined;
    const found = entries.find(
      (entry) =>
        globMatches(entry.clientId, clientId) &&
        (entry.networks === null || entry.networks.has(addressOf(peer))),
    );
    return found?.username.replaceAll('%c', () => clientId);
  };
}

/** Of a peer behind a forwarder, the forwarder's. */
function addressOf({ host }: Peer): string {
  return host.split('/')[0]!;
}
