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

export type ProbeOptions = Omit<RunOptions, 'capabilities' | 'concurrency' | 'onVerdict' | 'version'>;

/** A version that was tried. */
export interface ProbedVersion {
  readonly version: 3 | 4 | 5;
  /** Undefined where it was accepted. */
  readonly refusal: string | undefined;
  readonly capabilities: Capabilities;
  readonly connack: ConnackPacket | undefined;
}

/** Bytes of payloads that are tried, as far as the server's Maximum Packet Size allows. */
const PAYLOADS: readonly number[] = [1024, 65_536, 1_048_576, 16_777_216];
const CLIENT_ID_LENGTHS: readonly number[] = [23, 64, 256, 1024, 65_535];
const LEVELS: readonly number[] = [8, 128, 1024, 16_384];

/** Connects in each version, and says whether the server took it. */
export async function probeVersion(version: 3 | 4 | 5, options: ProbeOptions): Promise<ProbedVersion> {
  const world = worldFor(version, options, 'version');
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
    value === undefined ? otherwise : `${value.toLocaleString('en-US')}${unit}`;
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
  for (const size of sizes) {
    const world = worldFor(version, options, `${unit}${size}`);
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
  const value = `${largest.toLocaleString('en-US')} ${unit}${largest === most ? ', or more' : ''}`;
  return { name, value, from: 'tried' };
}

async function triesClientId(world: CheckWorld, size: number): Promise<boolean> {
  const clientId = world.clientId('').padEnd(size, 'x');
  const client = await world.connect('probe', { clientId });
  await world.disconnect(client);
  return true;
}

async function triesLevels(world: CheckWorld, levels: number): Promise<boolean> {
  const client = await world.connect('probe');
  return arrives(world, client, `${world.topic('a')}${'/x'.repeat(levels - 2)}`, 1);
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
  const { target, prefix, timeoutMs, nowMs, signal } = options;
  return new CheckWorld({
    target,
    // MQTT 3.1 differs in CONNECT only, as far as this goes.
    version: version === 3 ? 4 : version,
    capabilities: UNSAID_CAPABILITIES,
    prefix: `${prefix}p${name}`,
    timeoutMs,
    nowMs,
    signal,
  });
}
