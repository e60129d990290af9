/**
 * A connection of its own beside those that make load: by it the command finds out, before it starts threads, whether the server
 * lets it in and what it can do; and it hears what the server tells about itself at `$SYS`.
 */
import type { Client, ServerCapabilities } from '@martlet/client';
import { CommandFailure } from '../command-failure.ts';
import type { BenchPlan } from './bench-plan.ts';

const VERSION_TOPIC = '$SYS/broker/version';
const HEAP_TOPIC = '$SYS/broker/heap/current';
/** How long the server has to tell who it is, in ms. */
const TELLS_WITHIN_MS = 300;

export class ServerObserver {
  readonly #client: Client;
  #version: string | null;
  #heapBytes: number | null;

  constructor(client: Client) {
    this.#client = client;
    this.#version = null;
    this.#heapBytes = null;
  }

  /** As it calls itself; null where it does not. */
  get version(): string | null {
    return this.#version;
  }

  /** Memory that it says it uses; null where it does not say. */
  get heapBytes(): number | null {
    return this.#heapBytes;
  }

  /** Listens to what the server tells about itself; one that does not is none the worse. */
  async listen(): Promise<void> {
    const client = this.#client;
    for (const event of ['error', 'warning', 'dropped'] as const) client.on(event, () => {});
    const wait = { timeoutMs: TELLS_WITHIN_MS };
    const heard = new Promise<void>((resolve) => {
      const subscriptions = [
        client.subscribe(VERSION_TOPIC, { qos: 0, ...wait }, (message) => {
          this.#version = firstLine(message.text());
          resolve();
        }),
        client.subscribe(HEAP_TOPIC, { qos: 0, ...wait }, (message) => {
          const bytes = Number(message.text());
          if (bytes > 0 && Number.isFinite(bytes)) this.#heapBytes = bytes;
        }),
      ];
      void Promise.allSettled(subscriptions).then(() => setTimeout(resolve, TELLS_WITHIN_MS).unref());
    });
    await heard;
  }

  async close(): Promise<void> {
    await this.#client.close({ timeoutMs: TELLS_WITHIN_MS });
  }
}

/** What a stranger sends is shown short, and without what would move the cursor. */
function firstLine(text: string): string {
  const line = text.split('\n', 1)[0]!.replaceAll(/[\0-\x1f\x7f-\x9f]/g, '');
  return line.slice(0, 80);
}

/** @throws {CommandFailure} for a plan that the server cannot carry out, which would fail message by message */
export function refuseBeyond(server: ServerCapabilities, plan: BenchPlan): void {
  const refuse = (expected: string, got: string): never => {
    throw new CommandFailure(`the server allows ${expected}, expected ${got}; ask for less`);
  };
  if (plan.publishers > 0 && plan.qos > server.maximumQos)
    refuse(`QoS ${server.maximumQos} at most`, `QoS ${plan.qos}`);
  if (plan.retain && !server.retainAvailable) refuse('no retained messages', '--retain');
  if (plan.scenario === 'shared' && !server.sharedSubscriptionAvailable) {
    refuse('no shared subscriptions', 'the scenario shared');
  }
  const packetBytes = plan.payloadBytes + plan.topicPrefix.length + 32;
  if (packetBytes > server.maximumPacketSize) {
    refuse(`packets of ${server.maximumPacketSize} bytes`, `payloads of ${plan.payloadBytes}`);
  }
}
