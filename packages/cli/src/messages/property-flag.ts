/**
 * `-D COMMAND PROPERTY VALUE` (and `-D COMMAND user-property NAME VALUE`): properties of MQTT 5.0 on the command line, in
 * Mosquitto's words and with its checks. `pub`, `sub` and `rr` have the same table.
 */
import type {
  ConnectProperties,
  DisconnectProperties,
  PublishProperties,
  SubscribeProperties,
  UnsubscribeProperties,
  UserProperty,
  WillProperties,
} from '@martlet/protocol';
import { isUtf8Encodable, MAXIMUM_FIELD_BYTES, utf8ByteLength } from '@martlet/protocol';
import { bytesOfText } from '../flags/bytes-in-text.ts';
import type { WordsFlag } from '../flags/flag.ts';
import { nearest } from '../flags/nearest.ts';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';

/** What was given, by the packet that it is for; each empty where nothing was. */
export interface GivenProperties {
  readonly connect: ConnectProperties;
  readonly publish: PublishProperties;
  readonly subscribe: SubscribeProperties;
  readonly unsubscribe: UnsubscribeProperties;
  readonly disconnect: DisconnectProperties;
  readonly will: WillProperties;
}

export type PropertyCommand = keyof GivenProperties;

/** One `-D`. */
export interface GivenProperty {
  readonly command: PropertyCommand;
  /** As it stands on the command line: `content-type`. */
  readonly name: string;
  readonly value: number | boolean | string | Uint8Array | UserProperty;
}

type ValueType = 'number' | 'boolean' | 'text' | 'bytes' | 'pair';

interface PropertyRow {
  readonly name: string;
  /** Of the field in a packet's properties. */
  readonly field: string;
  readonly type: ValueType;
  readonly commands: readonly PropertyCommand[];
  readonly minimum: number;
  readonly maximum: number;
}

const COMMANDS: readonly PropertyCommand[] = [
  'connect',
  'publish',
  'subscribe',
  'unsubscribe',
  'disconnect',
  'will',
];
/** Packets that Mosquitto's tools know of, and for which they take nothing. */
const OTHER_COMMANDS: readonly string[] = ['auth', 'puback', 'pubcomp', 'pubrec', 'pubrel'];

const FOUR_BYTES = 0xffff_ffff;
const LONGEST_VARIABLE = 268_435_455;

function row(
  name: string,
  field: string,
  type: ValueType,
  commands: readonly PropertyCommand[],
  minimum = 0,
  maximum = FOUR_BYTES,
): PropertyRow {
  return { name, field, type, commands, minimum, maximum };
}

const MESSAGE = ['publish', 'will'] as const;

const ROWS: readonly PropertyRow[] = [
  row('authentication-data', 'authenticationData', 'bytes', ['connect']),
  row('authentication-method', 'authenticationMethod', 'text', ['connect']),
  row('content-type', 'contentType', 'text', MESSAGE),
  row('correlation-data', 'correlationData', 'bytes', MESSAGE),
  row('maximum-packet-size', 'maximumPacketSize', 'number', ['connect'], 1),
  row('message-expiry-interval', 'messageExpiryInterval', 'number', MESSAGE),
  row('payload-format-indicator', 'payloadFormatIndicator', 'number', MESSAGE, 0, 1),
  row('reason-string', 'reasonString', 'text', ['disconnect']),
  row('receive-maximum', 'receiveMaximum', 'number', ['connect'], 1, 65_535),
  row('request-problem-information', 'requestProblemInformation', 'boolean', ['connect'], 0, 1),
  row('request-response-information', 'requestResponseInformation', 'boolean', ['connect'], 0, 1),
  row('response-topic', 'responseTopic', 'text', MESSAGE),
  row('session-expiry-interval', 'sessionExpiryInterval', 'number', ['connect', 'disconnect']),
  row('subscription-identifier', 'subscriptionIdentifier', 'number', ['subscribe'], 1, LONGEST_VARIABLE),
  row('topic-alias', 'topicAlias', 'number', ['publish'], 1, 65_535),
  row('topic-alias-maximum', 'topicAliasMaximum', 'number', ['connect'], 0, 65_535),
  row('user-property', 'userProperties', 'pair', COMMANDS),
  row('will-delay-interval', 'willDelayInterval', 'number', ['will']),
];

const NOT_ENOUGH = '--property argument given but not enough arguments specified.';

/** The flag `-D`, to be put into the table of a command. Its values are for `collectProperties`. */
export const PROPERTY_FLAG: Readonly<WordsFlag<GivenProperty>> = {
  kind: 'words',
  names: ['-D', '--property'],
  placeholder: 'command property value',
  missing: NOT_ENOUGH,
  text: 'an MQTT 5.0 property of a packet, such as: publish content-type text/plain',
  completes: COMMANDS,
  takesBytes: true,
  take: takeProperty,
};

/**
 * Reads one `-D` from the words after it.
 * @throws {UsageError}
 */
export function takeProperty(words: readonly string[]): {
  readonly taken: number;
  readonly value: GivenProperty;
} {
  const [commandWord, nameWord, first, second] = words;
  const command = commandOf(commandWord ?? '');
  const found = rowOf(nameWord, command);
  const { name, type } = found;
  if (first === undefined) throw tooFew(`a value after ${command} ${name}`);
  if (type !== 'pair') return { taken: 3, value: { command, name, value: readValue(found, type, first) } };
  if (second === undefined) throw tooFew(`a name and a value after ${command} ${name}`);
  return { taken: 4, value: { command, name, value: [textOf(found, first), textOf(found, second)] } };
}

function tooFew(expected: string): UsageError {
  return new UsageError(`expected ${expected}, got too few words`, NOT_ENOUGH);
}

function commandOf(word: string): PropertyCommand {
  const lower = word.toLowerCase();
  const command = COMMANDS.find((each) => each === lower);
  if (command !== undefined) return command;
  if (OTHER_COMMANDS.includes(lower)) {
    throw new UsageError(
      `expected one of ${COMMANDS.join(', ')}, got ${quoted(word)}: that packet can be given no property here`,
      `user-property property not supported for ${lower} in --property argument.`,
    );
  }
  const hint = hintAt(nearest(lower, COMMANDS));
  throw new UsageError(
    `expected one of ${COMMANDS.join(', ')}, got ${quoted(word)}${hint}`,
    'Invalid command given in --property argument.',
  );
}

function rowOf(word: string | undefined, command: PropertyCommand): PropertyRow {
  const allowed = ROWS.filter(({ commands }) => commands.includes(command)).map(({ name }) => name);
  const expected = `a property of ${command} (${allowed.join(', ')})`;
  if (word === undefined) throw tooFew(expected);
  const lower = word.toLowerCase();
  const found = ROWS.find(({ name }) => name === lower);
  if (found === undefined) {
    throw new UsageError(
      `expected ${expected}, got ${quoted(word)}${hintAt(nearest(lower, allowed))}`,
      'Invalid property name given in --property argument.',
    );
  }
  if (found.commands.includes(command)) return found;
  throw new UsageError(
    `expected ${expected}, got ${lower}, which is one of ${found.commands.join(' and ')}`,
    `${lower} property not allowed for ${command} in --property argument.`,
  );
}

function readValue(
  found: PropertyRow,
  type: Exclude<ValueType, 'pair'>,
  given: string,
): GivenProperty['value'] {
  switch (type) {
    case 'text':
      return textOf(found, given);
    case 'bytes':
      return bytesOf(found, given);
    case 'boolean':
      return numberOf(found, given) === 1;
    case 'number':
      return numberOf(found, given);
  }
}

function textOf({ name }: PropertyRow, given: string): string {
  if (utf8ByteLength(given) > MAXIMUM_FIELD_BYTES) throw tooLong(name, given);
  if (isUtf8Encodable(given) && !given.includes('\0')) return given;
  throw new UsageError(
    `expected ${name} in UTF-8 without NUL, got ${quoted(given)}`,
    `adding property ${name} 6`,
  );
}

function bytesOf({ name }: PropertyRow, given: string): Uint8Array {
  const bytes = bytesOfText(given);
  if (bytes.length > MAXIMUM_FIELD_BYTES) throw tooLong(name, given);
  return bytes;
}

function tooLong(name: string, given: string): UsageError {
  return new UsageError(
    `expected at most ${MAXIMUM_FIELD_BYTES} bytes for ${name}, got ${utf8ByteLength(given)}`,
  );
}

function numberOf({ name, minimum, maximum }: PropertyRow, given: string): number {
  const value = /^-?\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new UsageError(
    `expected a whole number from ${minimum} to ${maximum} for ${name}, got ${quoted(given)}`,
    `Property value (${given}) out of range for property ${name}.`,
  );
}

function hintAt(near: string | undefined): string {
  return near === undefined ? '' : `; did you mean ${near}?`;
}

/**
 * Sorts what the flags gave by packet.
 * @throws {UsageError} for one that is there twice; only user properties may be
 */
export function collectProperties(given: readonly GivenProperty[]): GivenProperties {
  const collected: Record<PropertyCommand, Record<string, unknown>> = {
    connect: {},
    publish: {},
    subscribe: {},
    unsubscribe: {},
    disconnect: {},
    will: {},
  };
  for (const { command, name, value } of given) {
    const properties = collected[command];
    const { field, type } = ROWS.find((each) => each.name === name)!;
    if (type === 'pair') ((properties[field] ??= []) as unknown[]).push(value);
    else if (Object.hasOwn(properties, field)) {
      throw new UsageError(
        `-D: expected ${name} of ${command} once, got it twice`,
        `in ${command.toUpperCase()} properties: Duplicate property in property list`,
      );
    } else properties[field] = value;
  }
  return collected as unknown as GivenProperties;
}
