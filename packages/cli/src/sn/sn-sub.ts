/** `martlet sn sub`: prints what comes over MQTT-SN; with `--sleep`, as a device that sleeps gets it. */
import type { SnClient, SnMessageReceived } from '@martlet/gateway-sn/client';
import { connectSn } from '@martlet/gateway-sn/client';
import type { CommandIo } from '../command.ts';
import { ExitCode } from '../exit-code.ts';
import { UsageError } from '../usage-error.ts';
import { readPredefinedTopics } from './predefined-topics-file.ts';
import type { SnValues } from './sn-connection.ts';
import { asFailure, connectOptions, topicsOf } from './sn-connection.ts';

/** As Mosquitto's tools end when nothing came in time. */
const TIMED_OUT = 27;

export async function snSub(values: SnValues, io: CommandIo): Promise<number> {
  const topics = topicsOf(values);
  if (topics.length === 0) throw new UsageError('expected a topic: -t filter, -T number or --short name');
  const { qos = 0, count = Number.POSITIVE_INFINITY, verbose, timeout, sleep } = values;
  if (qos === -1) throw new UsageError('expected QoS 0, 1 or 2 with sub, got -1');
  const known = await readPredefinedTopics(values.predefinedFile);
  let left = count;
  const ending = new Ending(io.signal, timeout);
  const onMessage = ({ topicName, payload }: SnMessageReceived): void => {
    if (left === 0) return;
    io.stdout.write(verbose ? `${topicName} ` : '');
    io.stdout.write(payload);
    io.stdout.write('\n');
    left--;
    if (left === 0) ending.end('done');
  };
  let client: SnClient | undefined;
  try {
    client = await connectSn({
      ...connectOptions(values, io),
      predefinedTopics: new Map(known.map(({ topicId, topicName }) => [topicId, topicName])),
      onMessage,
      onLost: (error) => ending.fail(error),
    });
    for (const topic of topics) await client.subscribe(topic, qos);
    const reason = sleep === undefined ? await ending.reached : await sleeping(client, sleep, ending);
    await client.disconnect();
    io.signal.throwIfAborted();
    return reason === 'timeout' && left === count ? TIMED_OUT : ExitCode.Success;
  } catch (error) {
    await client?.close();
    throw asFailure(error, values);
  } finally {
    ending.stop();
  }
}

/** Looks for messages again and again, until it is to end. */
async function sleeping(client: SnClient, everyMs: number, ending: Ending): Promise<EndReason> {
  const seconds = Math.max(1, Math.round(everyMs / 1000));
  // Longer than it means to, so that the gateway does not give it up when it is a little late.
  await client.sleep(Math.min(65_535, seconds * 2));
  for (;;) {
    const reason = await ending.within(everyMs);
    if (reason !== undefined) return reason;
    await client.checkMessages();
  }
}

type EndReason = 'done' | 'timeout' | 'interrupted';

/** When the command is to end, for which reason. */
class Ending {
  readonly reached: Promise<EndReason>;
  #resolve: (reason: EndReason) => void = () => {};
  #reject: (error: Error) => void = () => {};
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(signal: AbortSignal, timeoutMs: number | undefined) {
    this.reached = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.reached.catch(() => {});
    signal.addEventListener('abort', () => this.end('interrupted'), { once: true });
    this.#timer = timeoutMs === undefined ? undefined : setTimeout(() => this.end('timeout'), timeoutMs);
  }

  end(reason: EndReason): void {
    this.#resolve(reason);
  }

  fail(error: Error): void {
    this.#reject(error);
  }

  /** Undefined if it is not reached within that time. */
  within(ms: number): Promise<EndReason | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const passed = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ms);
    });
    return Promise.race([this.reached, passed]).finally(() => clearTimeout(timer));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
