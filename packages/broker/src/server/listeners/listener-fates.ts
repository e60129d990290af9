/**
 * What becomes of each listener when another configuration takes effect. A listener is found again by its place: it may
 * change its certificates, what it grants and whom it lets in without one of its connections noticing. What cannot be changed on
 * an open socket makes it a new one.
 */
import type { ListenerConfiguration } from '../../config/listener-configuration.ts';
import type { MqttSnConfiguration } from '../../config/mqtt-sn-configuration.ts';
import { placeOf } from './listener-place.ts';

export type ListenerFate =
  /** Nothing of it changes. */
  | 'kept'
  /** It goes on with other settings; its connections stay. */
  | 'updated'
  /** It is opened anew where it was; its clients are disconnected. */
  | 'reopened'
  /** It is opened at another place, by the same name; its clients are disconnected. */
  | 'moved'
  | 'opened'
  | 'closed';

export interface FatedListener {
  readonly fate: ListenerFate;
  /** Null: there is none yet. */
  readonly before: ListenerConfiguration | null;
  /** Null: there is none any more. */
  readonly after: ListenerConfiguration | null;
}

/** In the order of the configuration; then those that are closed. */
export function listenerFates(
  before: readonly ListenerConfiguration[],
  after: readonly ListenerConfiguration[],
): readonly FatedListener[] {
  const found = new Map(before.map((listener) => [placeOf(listener), listener]));
  const taken = new Set(after.flatMap((listener) => found.get(placeOf(listener)) ?? []));
  const gone = new Map(
    before.filter((listener) => !taken.has(listener)).map((listener) => [listener.name, listener]),
  );
  const fates = after.map((listener): FatedListener => {
    const same = found.get(placeOf(listener));
    if (same !== undefined) return { fate: fateAtPlace(same, listener), before: same, after: listener };
    const moved = gone.get(listener.name);
    if (moved === undefined) return { fate: 'opened', before: null, after: listener };
    gone.delete(listener.name);
    return { fate: 'moved', before: moved, after: listener };
  });
  const closed = [...gone.values()].map(
    (listener): FatedListener => ({ fate: 'closed', before: listener, after: null }),
  );
  return [...fates, ...closed];
}

function fateAtPlace(before: ListenerConfiguration, after: ListenerConfiguration): ListenerFate {
  if (socketOptions(before) !== socketOptions(after)) return 'reopened';
  return JSON.stringify(before) === JSON.stringify(after) ? 'kept' : 'updated';
}

/**
 * What is decided when the socket is opened, or when a connection comes: with other values its clients would be strangers to it. Its
 * name is among them, since rules are about it.
 */
function socketOptions(listener: ListenerConfiguration): string {
  const { name, protocol, backlog, path, pathMode, pathOwner, pathGroup, tls } = listener;
  if (protocol === 'mqtt-sn') return JSON.stringify([name, protocol, ...datagramOptions(listener.mqttSn)]);
  const owner = path === null ? [] : [pathMode, pathOwner, pathGroup];
  return JSON.stringify([name, protocol, backlog, ...owner, tls !== null]);
}

/** Where datagrams come from, whose they are, and how the gateway is found. */
function datagramOptions(mqttSn: MqttSnConfiguration): readonly unknown[] {
  const { group, groupPort, groupInterface, groupHops, discovery, gatewayId } = mqttSn;
  const { forwarders, trustedNetworks, serial, maximumMessageBytes, unconnected, limits } = mqttSn;
  const discovered = [group, groupPort, groupInterface, groupHops, discovery, gatewayId, limits.advertiseMs];
  return [
    ...discovered,
    forwarders,
    trustedNetworks,
    serial,
    maximumMessageBytes,
    unconnected?.longTopics === true,
  ];
}
