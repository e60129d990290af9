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
  /** The topic of our own. */
  readonly ownTopicName: string;
  /** In ms. */
  readonly quietMs: number;
  readonly signal: AbortSignal;
  /** Called for each retained message, in the order in which they come. */
  readonly onMessage: (message: ReceivedMessage) => void;
}

/**
 * How long it has to be silent until a message of our own is given up, in times of `quietMs`. A server that speaks MQTT 5.0
 * has said that it takes the message, and so it will come; an older one may have dropped it without a word.
 */
const GIVEN_UP_AFTER_5 = 10;
const GIVEN_UP_AFTER_3 = 1;

/**
 * At QoS 0: of QoS 1 and 2, servers keep a few for a client that does not acknowledge as fast as they come (Mosquitto a thousand),
 * and drop what goes beyond.
 *
 * @throws {CommandFailure} if the server refuses the subscription, or the connection is lost
 * @throws the reason of the signal
 */
export async function collectRetained(
  client: Client,
  topicFilter: string,
  { ownTopicName, quietMs, signal, onMessage }: CollectingOptions,
): Promise<void> {
  let seen = 0;
  const isV5 = client.server?.protocolVersion === 5;
  const subscription = await subscribed(client, topicFilter, { qos: 0 }, (message) => {
    // What is published meanwhile is not what was retained.
    if (!message.retain) return;
    seen += 1;
    onMessage(message);
  });
  const back = new Arrival();
  let isLost = false;
  const off = client.on('closed', () => {
    isLost = true;
    back.happen();
  });
  const ownOptions = { qos: 0, ...(isV5 ? { retainHandling: 2 as const } : {}) } as const;
  const own = await subscribed(client, ownTopicName, ownOptions, () => back.happen());
  const silence = (times: number): Promise<void> => untilSilent(() => seen, quietMs * times, signal, back);
  try {
    for (;;) {
      const before = seen;
      back.forget();
      const mayPublish = await isTaken();
      if (!mayPublish) await silence(1);
      else if (!back.hasHappened) await silence(isV5 ? GIVEN_UP_AFTER_5 : GIVEN_UP_AFTER_3);
      if (isLost)
        throw new CommandFailure(`the connection was lost; until then there were ${seen} retained messages`);
      if (!mayPublish || !back.hasHappened || seen === before) return;
    }
  } finally {
    off();
    if (client.state === 'online') await Promise.all([subscription.unsubscribe(), own.unsubscribe()]);
  }

  /** Whether the server takes a message of our own. At QoS 1 a refusal is told, from MQTT 5.0 on. */
  async function isTaken(): Promise<boolean> {
    try {
      await client.publish(ownTopicName, '', { qos: 1, signal });
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if ((error as ClientError).reasonCode === undefined) throw asFailure(error);
      return false;
    }
  }
}

/** Something that may happen before anybody waits for it. */
class Arrival {
  hasHappened = false;
  #tell: () => void = () => {};

  forget(): void {
    this.hasHappened = false;
  }

  happen(): void {
    this.hasHappened = true;
    this.#tell();
  }

  /** Calls at the next time, once. */
  next(tell: () => void): void {
    this.#tell = tell;
  }
}

type Subscribed = Awaited<ReturnType<Client['subscribe']>>;

async function subscribed(
  client: Client,
  topicFilter: string,
  options: { readonly qos: 0; readonly retainHandling?: 2 },
  handler: (message: Message) => void,
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

/** Fulfilled when nothing has been counted for so long, or what is waited for has happened. */
async function untilSilent(
  count: () => number,
  quietMs: number,
  signal: AbortSignal,
  arrival: Arrival,
): Promise<void> {
  for (let before = -1; before !== count() && !arrival.hasHappened; ) {
    before = count();
    await passed(quietMs, signal, arrival);
  }
}

function passed(ms: number, signal: AbortSignal, arrival: Arrival): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (): void => end(() => reject(signal.reason));
    const timer = setTimeout(() => end(resolve), ms);
    arrival.next(() => end(resolve));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
