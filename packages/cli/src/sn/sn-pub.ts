/** `martlet sn pub`: publishes over MQTT-SN. */

import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { SnTopic } from '@martlet/gateway-sn/client';
import { connectSn, publishUnconnected } from '@martlet/gateway-sn/client';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { ExitCode } from '../exit-code.ts';
import { UsageError } from '../usage-error.ts';
import type { SnValues } from './sn-connection.ts';
import { asFailure, connectOptions, DEFAULT_PORT, placeOf, topicsOf } from './sn-connection.ts';

export async function snPub(values: SnValues, io: CommandIo): Promise<number> {
  const topics = topicsOf(values);
  const [topic] = topics;
  if (topic === undefined || topics.length > 1) {
    throw new UsageError(`expected one topic: -t name, -T number or --short name, got ${topics.length}`);
  }
  const payloads = payloadsOf(values, io);
  const { qos = 0, retain } = values;
  try {
    if (qos === -1) {
      await publishAllUnconnected(values, topic, payloads, io);
      return ExitCode.Success;
    }
    const client = await connectSn(connectOptions(values, io));
    for await (const payload of payloads) await client.publish(topic, payload, { qos, retain });
    await client.disconnect();
  } catch (error) {
    throw asFailure(error, values);
  }
  return ExitCode.Success;
}

async function publishAllUnconnected(
  values: SnValues,
  topic: SnTopic,
  payloads: AsyncIterable<Uint8Array>,
  io: CommandIo,
): Promise<void> {
  if (typeof topic === 'string')
    io.stderr.write(
      `${io.programName}: with -q -1 most gateways take -T number and --short name alone; nobody says whether this came\n`,
    );
  const { channel, host = '127.0.0.1', port = DEFAULT_PORT } = placeOf(values);
  const place = channel === undefined ? { host, port } : { channel };
  for await (const payload of payloads)
    await publishUnconnected(place, { topic, payload, retain: values.retain });
}

/** @throws {UsageError} unless there is exactly one source of messages */
function payloadsOf({ message, file, empty, lines }: SnValues, io: CommandIo): AsyncIterable<Uint8Array> {
  const given = [message !== undefined, file !== undefined, empty, lines].filter(Boolean).length;
  if (given !== 1) throw new UsageError('expected one of -m message, -f file, -n and -l');
  if (lines) return linesOf(io);
  return once(async () => {
    if (file === undefined) return Buffer.from(message ?? '');
    try {
      return await readFile(file);
    } catch (error) {
      throw CommandFailure.ofFile(file, error);
    }
  });
}

async function* once(make: () => Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield await make();
}

async function* linesOf(io: CommandIo): AsyncGenerator<Uint8Array> {
  for await (const line of createInterface({ input: io.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    yield Buffer.from(line);
  }
}
