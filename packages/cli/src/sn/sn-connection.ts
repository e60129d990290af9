/** How the clients of `martlet sn` reach their gateway. */
import type { Framing, OpenByteStream, WillTopic } from '@martlet/gateway-sn';
import { RawFraming, SlipFraming, serialDevice, tcpStream, XbeeFraming } from '@martlet/gateway-sn';
import type { OpenChannel, SnConnectOptions, SnTopic } from '@martlet/gateway-sn/client';
import { streamChannel } from '@martlet/gateway-sn/client';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import type { FlagValues } from '../flags/flag.ts';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';
import type { FramingName, SnFlags } from './sn-flags.ts';

export type SnValues = FlagValues<SnFlags>;

export const DEFAULT_PORT = 1883;
const LARGEST_NUMBER = 1_000_000_000;

export function connectOptions(values: SnValues, io: CommandIo): SnConnectOptions {
  const { clientId, keepAlive, retry, retries } = values;
  return {
    clientId: clientId ?? `martlet-${Math.floor(io.random() * LARGEST_NUMBER)}`,
    cleanSession: !values.keepSession,
    ...placeOf(values),
    ...(keepAlive !== undefined && { keepAlive }),
    ...(retry !== undefined && { retryMs: retry }),
    ...(retries !== undefined && { retries }),
    ...willOf(values),
  };
}

function willOf({
  willTopic,
  willPayload,
  willQos = 0,
  willRetain,
}: SnValues): Pick<SnConnectOptions, 'will'> | undefined {
  if (willTopic === undefined) {
    if (willPayload === undefined) return undefined;
    throw new UsageError('expected --will-topic with --will-payload');
  }
  const topic: WillTopic = { topicName: willTopic, qos: willQos as 0 | 1 | 2, retain: willRetain };
  return { will: { topic, payload: Buffer.from(willPayload ?? '') } };
}

/** Where the gateway is. */
export function placeOf(values: SnValues): Pick<SnConnectOptions, 'host' | 'port' | 'channel'> {
  const { host, port } = values;
  return {
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...channelOf(values),
  };
}

function channelOf(values: SnValues): { readonly channel: OpenChannel } | undefined {
  if (values.serial === undefined) return undefined;
  return { channel: streamChannel(streamOf(values), framingOf(values), addressOf(values.xbeeGateway)) };
}

/** @throws {UsageError} if there is no serial line */
export function streamOf({ serial = '', baud }: SnValues): OpenByteStream {
  const [, host, port] = /^([^/]+):(\d{1,5})$/u.exec(serial) ?? [];
  if (host !== undefined) return tcpStream(host, Number(port));
  return serialDevice({ path: serial, ...(baud !== undefined && { baudRate: baud }) });
}

export function framingOf({ framing = 'raw' }: { readonly framing?: FramingName | undefined }): Framing {
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

function addressOf(hex: string | undefined): Uint8Array | null {
  if (hex === undefined) return null;
  if (/^[0-9a-f]{16}$/iu.test(hex)) return new Uint8Array(Buffer.from(hex, 'hex'));
  throw new UsageError(`--xbee-gateway: expected 16 hexadecimal digits, got ${quoted(hex)}`);
}

/** Every topic that is named, in whichever way. @throws {UsageError} */
export function topicsOf({ topic, predefined, short }: SnValues): readonly SnTopic[] {
  return [
    ...topic,
    ...predefined.map((each) => ({ predefined: each })),
    ...short.map((each) => {
      if (Buffer.byteLength(each) === 2) return { short: each };
      throw new UsageError(`--short: expected a topic name of two bytes, got ${quoted(each)}`);
    }),
  ];
}

/** What went wrong with the gateway or the line, as the command tells it. */
export function asFailure(error: unknown, values: SnValues): unknown {
  const { name, message } = error as Error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  const { host = '127.0.0.1', port = DEFAULT_PORT, serial } = values;
  const place = serial ?? `UDP ${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (name === 'SnClientError' && code === 'INVALID_ARGUMENT')
    return new UsageError(message, { cause: error });
  if (name === 'SnClientError') return new CommandFailure(`${place}: ${message}`, { cause: error });
  if (name === 'SerialDeviceError') return new CommandFailure(message, { cause: error });
  if (syscall === 'getaddrinfo')
    return new CommandFailure(`${host}: no host of this name is known (${code})`, { cause: error });
  return CommandFailure.ofSystem(error, place) ?? error;
}
