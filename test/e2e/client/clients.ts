// Clients of one test, ended with it; and what a test waits for at one.

import type {
  Client,
  ClientEventName,
  ClientEvents,
  ConnectOptions,
  Message,
  PerAttempt,
} from '@martlet/client';
import { connect } from '@martlet/client';
import { ProtocolVersion } from '@martlet/protocol';
import { authority, clientPair } from '../../../packages/client/test/transports/certificates.ts';
import type { Way } from './servers/tested-server.ts';

export const VERSIONS = [
  { name: 'MQTT 5.0', protocolVersion: ProtocolVersion.V5 },
  { name: 'MQTT 3.1.1', protocolVersion: ProtocolVersion.V311 },
  { name: 'MQTT 3.1', protocolVersion: ProtocolVersion.V31 },
] as const;

/** Nobody waits long for a server of this machine to come back. */
const RECONNECT = { minimumDelayMs: 5, maximumDelayMs: 50 } as const;

export class Clients {
  readonly #clients: Client[] = [];

  /** Begins to connect. Errors of no promise fail the test that looks at them, and are not written to the console. */
  start(url: PerAttempt<string> | undefined, options: ConnectOptions = {}): Client {
    const client = connect({ ...(url === undefined ? {} : { url }), reconnect: RECONNECT, ...options });
    client.on('error', () => {});
    this.#clients.push(client);
    return client;
  }

  /** Fulfils when it is online. */
  async connect(url: string, options: ConnectOptions = {}): Promise<Client> {
    const client = this.start(url, options);
    await client.connected();
    return client;
  }

  async closeAll(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close({ timeoutMs: 0 })));
  }
}

/** What a way of connecting needs beside its URL. */
export function optionsOf(way: Way): ConnectOptions {
  switch (way) {
    case 'mqtts':
    case 'wss':
      return { tls: { ca: authority() } };
    case 'mqtts with a client certificate':
      return { tls: { ca: authority(), ...clientPair() } };
    default:
      return {};
  }
}

/** The next event of a name for which the condition holds. */
export function nextEvent<Name extends ClientEventName>(
  client: Client,
  name: Name,
  condition: (event: ClientEvents[Name]) => boolean = () => true,
): Promise<ClientEvents[Name]> {
  return new Promise((resolve) => {
    const off = client.on(name, (event) => {
      if (!condition(event)) return;
      off();
      resolve(event);
    });
  });
}

/** The next so many messages, in order. */
export async function take(messages: AsyncIterable<Message>, count: number): Promise<readonly Message[]> {
  const taken: Message[] = [];
  if (count === 0) return taken;
  for await (const message of messages) {
    taken.push(message);
    if (taken.length === count) break;
  }
  return taken;
}

/** All texts up to the one that says that nothing follows; without it. */
export async function textsUntil(messages: AsyncIterable<Message>, last: string): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const message of messages) {
    if (message.text() === last) break;
    texts.push(message.text());
  }
  return texts;
}

/** What a test compares: the topic name, the QoS and the payload as text. */
export function seen(message: Message): string {
  return `${message.topicName} ${message.qos} ${message.text()}`;
}
