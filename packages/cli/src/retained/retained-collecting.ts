/**
 * Takes what a server has retained for a filter, and knows when that is all.
 *
 * A server says nothing at the end of it. So a message is sent to a topic of our own, again and again until one has come back
 * without anything retained before it: servers deliver to one client in order, but may show what is retained bit by bit. Who may
 * not publish waits until it has been silent for a while instead.
 */
import type { Client, ClientError, Message } from '@martlet/client';
import { CommandFailure } from '../command-failure.ts';
import type { ReceivedMessage } from '../messages/received-message.ts';

export interface CollectingOptions {
  /** Begins the name of the topic of our own. */
  readonly ownTopicName: string;
  /** In ms. */
  readonly quietMs: number;
  readonly signal: AbortSignal;
  /** Called for each retained message, in the order in which they come; a promise holds the next ones. */
  readonly onMessage: (message: ReceivedMessage) => Promise<void> | undefined;
}

/** How long a message may take to come back, in ms. */
const BACK_AFTER_MS = 10_000;

/**
 * @throws {CommandFailure} if the server refuses the subscription
 * @throws the reason of the signal
 */
export async function collectRetained(
  client: Client,
  topicFilter: string,
  { ownTopicName, quietMs, signal, onMessage }: CollectingOptions,
): Promise<void> {
  let seen = 0;
  const isV5 = client.server?.protocolVersion === 5;
  const onRetained = (message: Message): Promise<void> | undefined => {
    // What is published meanwhile is not what was retained.
    if (!message.retain) return undefined;
    seen += 1;
    return onMessage(message);
  };
  const subscription = await subscribed(client, topicFilter, { qos: 0 }, onRetained);
  let back: (() => void) | undefined;
  const own = await subscribed(
    client,
    ownTopicName,
    { qos: 0, ...(isV5 ? { retainHandling: 2 } : {}) },
    () => {
      back?.();
      return undefined;
    },
  );
  try {
    for (;;) {
      const before = seen;
      const isBack = await roundTrip();
      if (seen === before) return;
      if (!isBack) await untilSilent(() => seen, quietMs, signal);
    }
  } finally {
    if (client.state === 'online') await Promise.all([subscription.unsubscribe(), own.unsubscribe()]);
  }

  async function roundTrip(): Promise<boolean> {
    const isThere = new Promise<boolean>((resolve) => {
      back = () => resolve(true);
    });
    try {
      // At QoS 1 a refusal is told, from MQTT 5.0 on.
      await client.publish(ownTopicName, '', { qos: 1, signal });
    } catch (error) {
      signal.throwIfAborted();
      if ((error as ClientError).reasonCode === undefined) throw asFailure(error);
      await untilSilent(() => seen, quietMs, signal);
      return false;
    }
    return Promise.race([isThere, passed(BACK_AFTER_MS, signal).then(() => false)]);
  }
}

type Subscribed = Awaited<ReturnType<Client['subscribe']>>;

async function subscribed(
  client: Client,
  topicFilter: string,
  options: { readonly qos: 0; readonly retainHandling?: 2 },
  handler: (message: Message) => Promise<void> | undefined,
): Promise<Subscribed> {
  try {
    return await client.subscribe(topicFilter, options, handler);
  } catch (error) {
    throw asFailure(error);
  }
}

function asFailure(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'ClientError') return error;
  return new CommandFailure(error.message, { cause: error });
}

async function untilSilent(count: () => number, quietMs: number, signal: AbortSignal): Promise<void> {
  for (let before = -1; before !== count(); ) {
    before = count();
    await passed(quietMs, signal);
  }
}

function passed(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
