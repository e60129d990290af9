/** `@martlet/gateway-sn/client`: a client of MQTT-SN for Node.js. */
export type { SnSubscription } from './client-subscriptions.ts';
export type { DatagramChannel, OpenChannel } from './datagram-channel.ts';
export type { DiscoverOptions } from './discover-gateways.ts';
export { discoverGateways } from './discover-gateways.ts';
export type { GatewayPlace } from './gateway-places.ts';
export type { GatewaySearchParts } from './gateway-search.ts';
export { GatewaySearch } from './gateway-search.ts';
export type { FoundGateway } from './known-gateways.ts';
export type { UnconnectedMessage } from './publish-unconnected.ts';
export { publishUnconnected } from './publish-unconnected.ts';
export type { SnConnectOptions } from './sn-client.ts';
export { connectSn, SnClient } from './sn-client.ts';
export { SnClientCore } from './sn-client-core.ts';
export type { SnClientErrorCode } from './sn-client-error.ts';
export { SnClientError } from './sn-client-error.ts';
export type {
  Settle,
  SnClientHost,
  SnClientOptions,
  SnClientState,
  SnMessageReceived,
  SnPublishOptions,
  SnTopic,
} from './sn-client-options.ts';
export { streamChannel } from './stream-channel.ts';
export { udpChannel } from './udp-channel.ts';
