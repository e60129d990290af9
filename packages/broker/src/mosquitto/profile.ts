/**
 * The options under which the broker behaves as Mosquitto 2.1 in what clients can see: its limits, what CONNACK tells and in
 * which order, what a full queue drops.
 *
 * Where Mosquitto has no limit, the largest that a limit here can be stands for it, as far as one client is concerned. What all
 * clients together may take of the process stays bounded: `outboxBytesInAll`, `queuedBytesInAll`, `retainedBytes`, `sessions`.
 */
import { LIMITS } from '../core/options/limits.ts';
import type { ProfileOptions } from '../core/options/resolve-profile.ts';
import { MOSQUITTO_VERSION_TEXT } from './mosquitto-version.ts';

/** For `createBroker`, and under `profile: mosquitto`. */
export const MOSQUITTO_PROFILE: Readonly<ProfileOptions> = {
  checkRetainSource: true,
  deliverOverlapping: true,
  fullQueue: 'drop-newest',
  responseTopicPrefix: '',
  sysVersion: MOSQUITTO_VERSION_TEXT,
  tellDurability: false,
  tellReasons: false,
  connackOrder: [
    'sessionExpiryInterval',
    'topicAliasMaximum',
    'serverKeepAlive',
    'assignedClientIdentifier',
    'retainAvailable',
    'maximumPacketSize',
    'receiveMaximum',
    'maximumQos',
  ],
  limits: {
    // What a client may send before it is known; Mosquitto has this cap written in.
    connectPacketSize: 100_000,
    connectTimeoutMs: 90_000,
    filterBytesPerSession: 1_073_741_824,
    inFlightBytes: LIMITS.inFlightBytes.maximum,
    inFlightMessages: 20,
    maximumPacketSize: 2_000_000,
    outboundTopicAliases: 10,
    queuedBytes: LIMITS.queuedBytes.maximum,
    queuedMessages: 1000,
    receiveMaximum: 20,
    subscriptionsPerSession: 1_000_000,
    topicAliasMaximum: 10,
    topicLevels: 200,
  },
};
