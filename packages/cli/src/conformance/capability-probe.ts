/** What a server can, and how much of it: what its CONNACK says, and what was tried where it says nothing. */
import type { ConnackPacket, ConnackProperties, ProtocolVersion } from '@martlet/protocol';
import type { Capabilities } from './capabilities.ts';
import { capabilitiesOf, UNSAID_CAPABILITIES } from './capabilities.ts';
import { CheckFailure, CheckInconclusive } from './check-failure.ts';
import { CheckWorld } from './check-world.ts';
import { reasonText } from './packet-text.ts';
import type { RawClient } from './raw-client.ts';
import type { RunOptions } from './run-checks.ts';

/** A line of the capability report. */
export interface CapabilityLine {
  readonly name: string;
  readonly value: string;
  /** Whether it was said by the server, or found out. */
  readonly from: 'said' | 'tried';
}

export type ProbeOptions = Omit<
  RunOptions,
  'capabilities' | 'concurrency' | 'onVerdict' | 'takesV5' | 'version'
>;

/** A version that was tried. */
export interface ProbedVersion {
  readonly version: 3 | 4 | 5;
  /** Undefined where it was accepted. */
  readonly refusal: string | undefined;
  readonly capabilities: Capabilities;
  readonly connack: ConnackPacket | undefined;
}

/** Bytes of payloads that are tried, as far as the server's Maximum Packet Size allows. */
const PAYLOADS: readonly number[] = [1, 64, 256, 1024, 2048, 4096, 8192, 16_384].map((kib) => kib * 1024);
/** The last is the longest that there can be. */
const CLIENT_ID_LENGTHS: readonly number[] = [23, 64, 256, 1024, 4096, 65_535];
const TOPIC_LENGTHS: readonly number[] = [256, 1024, 4096, 16_384, 65_535];
const LEVELS: readonly number[] = [16, 128, 200, 1024, 16_384];
/** Of both: bytes that two bytes can count. */
const LONGEST_TEXT = 65_535;

/** Connects in each version, and says whether the server took it. */
export async function probeVersion(version: 3 | 4 | 5, options: ProbeOptions): Promise<ProbedVersion> {
  const world = worldFor(version, options, `p${version}`);
  try {
    const client = await world.open('probe');
    client.send({
      ...world.connectPacket('probe', { keepAlive: 65_535 }),
      protocolVersion: version as ProtocolVersion,
      properties: version === 5 ? { sessionExpiryInterval: 0 } : {},
    });
    const connack = await client.expect('connack');
    const refusal = connack.reasonCode === 0 ? undefined : reasonText(connack.reasonCode, 'connack');
    const capabilities = version === 5 ? capabilitiesOf(connack.properties) : UNSAID_CAPABILITIES;
    return { version, refusal, capabilities, connack };
  } catch (error) {
    if (!(error instanceof CheckFailure)) throw error;
    return { version, refusal: error.message, capabilities: UNSAID_CAPABILITIES, connack: undefined };
  } finally {
    await world.end();
  }
}

/** @param probed the newest version that the server takes */
export async function probeCapabilities(
  probed: ProbedVersion,
  others: readonly ProbedVersion[],
  options: ProbeOptions,
): Promise<readonly CapabilityLine[]> {
  const taken = others
    .filter(({ refusal }) => refusal === undefined)
    .map(({ version }) => VERSION_NAMES[version]);
  const lines: CapabilityLine[] = [{ name: 'versions of MQTT', value: taken.join(', '), from: 'tried' }];
  if (probed.version === 5) lines.push(...saidLines(probed.connack?.properties ?? {}));
  const version = probed.version === 3 ? 4 : probed.version;
  lines.push(
    await tried('longest Client Identifier', CLIENT_ID_LENGTHS, 'bytes', version, options, triesClientId),
    await tried('longest Topic Name', TOPIC_LENGTHS, 'bytes', version, options, triesTopic),
    await tried('levels of a topic', LEVELS, 'levels', version, options, triesLevels),
    await tried('longest payload', PAYLOADS, 'bytes', version, options, (world, size) =>
      triesPayload(world, size, probed.capabilities.maximumPacketSize),
    ),
  );
  return lines;
}

const VERSION_NAMES: Readonly<Record<3 | 4 | 5, string>> = { 3: '3.1', 4: '3.1.1', 5: '5.0' };

function saidLines(properties: ConnackProperties): readonly CapabilityLine[] {
  const limit = (value: number | undefined, otherwise: string, unit = ''): string =>
    value === undefined ? otherwise : `${countText(value)}${unit}`;
  const said: readonly (readonly [string, string])[] = [
    ['maximum QoS', String(properties.maximumQos ?? 2)],
    ['retained messages', yesNo(properties.retainAvailable)],
    ['wildcard subscriptions', yesNo(properties.wildcardSubscriptionAvailable)],
    ['shared subscriptions', yesNo(properties.sharedSubscriptionAvailable)],
    ['subscription identifiers', yesNo(properties.subscriptionIdentifiersAvailable)],
    ['receive maximum', limit(properties.receiveMaximum, '65,535')],
    ['maximum packet size', limit(properties.maximumPacketSize, 'no limit said', ' bytes')],
    ['topic alias maximum', limit(properties.topicAliasMaximum, '0')],
    ['keep alive', limit(properties.serverKeepAlive, 'as the client wants', ' s')],
    ['session expiry interval', limit(properties.sessionExpiryInterval, 'as the client wants', ' s')],
  ];
  return said.map(([name, value]) => ({ name, value, from: 'said' }));
}

function countText(count: number): string {
  return count.toLocaleString('en-US');
}

function yesNo(available: boolean | undefined): string {
  return available === false ? 'no' : 'yes';
}

/** The largest size at which it still worked. */
async function tried(
  name: string,
  sizes: readonly number[],
  unit: string,
  version: 4 | 5,
  options: ProbeOptions,
  works: (world: CheckWorld, size: number) => Promise<boolean>,
): Promise<CapabilityLine> {
  let largest = 0;
  for (const [at, size] of sizes.entries()) {
    options.signal.throwIfAborted();
    const world = worldFor(version, options, `${name.at(-1)}${at}`);
    try {
      if (!(await works(world, size))) break;
      largest = size;
    } catch (error) {
      if (!(error instanceof CheckFailure || error instanceof CheckInconclusive)) throw error;
      break;
    } finally {
      await world.end();
    }
  }
  const most = sizes.at(-1);
  const orMore = largest === most && most !== LONGEST_TEXT ? ', or more' : '';
  const value =
    largest === 0 ? `below ${countText(sizes[0]!)} ${unit}` : `${countText(largest)} ${unit}${orMore}`;
  return { name, value, from: 'tried' };
}

async function triesClientId(world: CheckWorld, size: number): Promise<boolean> {
  const clientId = world.clientId('').padEnd(size, 'x');
  const client = await world.connect('probe', { clientId });
  await world.disconnect(client);
  return true;
}

async function triesTopic(world: CheckWorld, size: number): Promise<boolean> {
  const client = await world.connect('probe');
  return arrives(world, client, world.topic('').padEnd(size, 'x'), 1);
}

async function triesLevels(world: CheckWorld, levels: number): Promise<boolean> {
  const client = await world.connect('probe');
  const topicName = world.topic('a');
  const own = topicName.split('/').length;
  return arrives(world, client, `${topicName}${'/x'.repeat(Math.max(0, levels - own))}`, 1);
}

async function triesPayload(
  world: CheckWorld,
  size: number,
  maximumPacketSize: number | undefined,
): Promise<boolean> {
  const topicName = world.topic('a');
  // Fixed header, topic, its length and no properties.
  if (maximumPacketSize !== undefined && size + topicName.length + 8 > maximumPacketSize) return false;
  return arrives(world, await world.connect('probe'), topicName, size);
}

async function arrives(
  world: CheckWorld,
  client: RawClient,
  topicName: string,
  size: number,
): Promise<boolean> {
  await world.subscribed(client, topicName);
  world.send(client, topicName, new Uint8Array(size));
  return (await world.message(client)).payload.length === size;
}

function worldFor(version: 3 | 4 | 5, options: ProbeOptions, name: string): CheckWorld {
  const { target, topicPrefix, runId, timeoutMs, nowMs } = options;
  return new CheckWorld({
    target,
    takesV5: version === 5,
    // MQTT 3.1 differs in CONNECT only, as far as this goes.
    version: version === 3 ? 4 : version,
    capabilities: UNSAID_CAPABILITIES,
    topicPrefix: `${topicPrefix}/${runId}/${name}`,
    clientIdPrefix: `m${runId}${name}`,
    timeoutMs,
    nowMs,
  });
}
