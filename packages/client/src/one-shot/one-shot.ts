/**
 * Connects, does one thing and closes, whatever happens: for scripts and cron jobs that keep no client. Every error is a
 * rejection.
 */
import { integer, oneOf } from '../client/check-options.ts';
import type { Client } from '../client/client.ts';
import type { ClientOptions, Payload } from '../client/client-options.ts';
import type { PublishResult } from '../client/publication.ts';
import type { PublishOptions } from '../client/publish-options.ts';
import { watchWait } from '../client/settle.ts';
import { ClientError } from '../client-error.ts';
import type { Message } from '../core/incoming/message.ts';
import type { ClientEnvironment } from '../environment.ts';
import type {
  MessagesToPublish,
  MessageToPublish,
  OneShotOptions,
  PublishManyOptions,
  PublishOnceOptions,
  ReceiveOnceOptions,
  WithCount,
} from './one-shot-options.ts';

/** What one platform brings. */
export interface OneShotPlatform<Options extends ClientOptions> {
  connect(url: string | URL, options: Options): Client;
  readonly environment: ClientEnvironment;
}

const TIMEOUT_MS = 30_000;
/** Messages of `publishMany` that may wait for their acknowledgements. */
const WINDOW = 100;

export function publishOnceBy<Options extends ClientOptions>(
  platform: OneShotPlatform<Options>,
  url: string | URL,
  topicName: string,
  payload: unknown,
  options: PublishOnceOptions<Options>,
): Promise<PublishResult> {
  return withClient(platform, url, { timeoutMs: TIMEOUT_MS, ...options }, (client, rest) =>
    client.publish(topicName, payload as Payload, rest),
  );
}

export function publishManyBy<Options extends ClientOptions>(
  platform: OneShotPlatform<Options>,
  url: string | URL,
  messages: MessagesToPublish<unknown>,
  options: PublishManyOptions<Options>,
): Promise<number> {
  const { timeoutMs = TIMEOUT_MS } = options;
  return withClient(platform, url, { ...options, timeoutMs: undefined }, async (client, rest) => {
    await client.connected({ timeoutMs });
    const source = iteratorOf(messages as Partial<Iterable<never>>);
    return new Promise((resolve, reject) => {
      let isOver = false;
      const fail = (error: unknown): void => {
        stop();
        reject(error);
        if (isOver) return;
        isOver = true;
        // It may wait for something that never comes.
        void (async () => source.return?.())().catch(() => {});
      };
      const stop = client.on('closed', (error) => fail(error ?? closed()));
      publishAll(client, source, { ...rest, timeoutMs }, fail).then((count) => {
        stop();
        resolve(count);
      }, fail);
    });
  });
}

/** @param onFailed called at once with what a message fails with, whatever the source does meanwhile */
async function publishAll(
  client: Client,
  source: MessageIterator,
  options: PublishOptions,
  onFailed: (error: unknown) => void,
): Promise<number> {
  const waiting: Promise<PublishResult>[] = [];
  for (let count = 0; ; count++) {
    const next = await source.next();
    if (next.done === true) {
      await Promise.all(waiting);
      return count;
    }
    const message: unknown = await next.value;
    if (typeof message !== 'object' || message === null) {
      const text = `messages[${count}]: expected an object with topicName and payload, got ${String(message)}`;
      throw new ClientError('INVALID_OPTION', text);
    }
    const { topicName, payload, ...each } = message as MessageToPublish<unknown>;
    const { acknowledged } = client.publish(topicName, payload as Payload, { ...options, ...each });
    acknowledged.catch(onFailed);
    waiting.push(acknowledged);
    if (waiting.length === WINDOW) await waiting.shift();
  }
}

type MessageIterator = AsyncIterator<MessageToPublish<unknown>> | Iterator<MessageToPublish<unknown>>;

function iteratorOf(messages: Partial<Iterable<never> & AsyncIterable<never>> | null): MessageIterator {
  const iterator = messages?.[Symbol.asyncIterator]?.() ?? messages?.[Symbol.iterator]?.();
  if (iterator !== undefined) return iterator;
  throw new ClientError(
    'INVALID_OPTION',
    `messages: expected something to iterate over, got ${messages === null ? 'null' : typeof messages}`,
  );
}

function closed(): ClientError {
  return new ClientError('CLOSED', 'expected a client that is open, got one that was closed');
}

export async function receiveOnceBy<Options extends ClientOptions>(
  platform: OneShotPlatform<Options>,
  url: string | URL,
  topicFilter: string,
  options: ReceiveOnceOptions<Options> & Partial<WithCount>,
): Promise<Message | Message[]> {
  const { retained, qos, noLocal, retainAsPublished } = options;
  const count = integer(1, 1, 1_000_000)('count', options.count);
  const wanted = oneOf(undefined, 'only', 'skip')('retained', retained);
  const messages = await withClient(platform, url, options, async (client) => {
    const received: Message[] = [];
    const subscribing = {
      ...(qos !== undefined && { qos }),
      ...(noLocal !== undefined && { noLocal }),
      ...(retainAsPublished !== undefined && { retainAsPublished }),
      // Before MQTT 5.0 the server sends them all the same.
      ...(wanted === 'skip' && { retainHandling: 2 as const }),
    };
    for await (const message of client.subscribe(topicFilter, subscribing)) {
      if (wanted !== undefined && message.retain !== (wanted === 'only')) continue;
      received.push(message);
      if (received.length === count) break;
    }
    return received;
  });
  return options.count === undefined ? messages[0]! : messages;
}

async function withClient<Options extends ClientOptions, Wait extends OneShotOptions<Options>, Result>(
  { connect, environment }: OneShotPlatform<Options>,
  url: string | URL,
  { client: given, ...wait }: Wait,
  use: (client: Client, rest: Omit<Wait, 'client'>) => PromiseLike<Result>,
): Promise<Result> {
  const client = connect(url, { reconnect: false, ...given } as Options);
  // What fails is told by the promise.
  client.on('error', () => {});
  let failure: ClientError | undefined;
  const stop = watchWait(wait, { environment: given?.environment ?? environment }, (error) => {
    failure = error;
    void client.close({ timeoutMs: 0 });
  });
  try {
    await client.connected();
    const result = await use(client, wait);
    if (client.state === 'closed') throw closed();
    return result;
  } catch (error) {
    throw failure ?? error;
  } finally {
    stop();
    // Nothing is under way that anybody waits for.
    await client.close({ timeoutMs: 0 });
  }
}
