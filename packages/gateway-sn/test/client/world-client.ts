/** A client's core before the gateway and the broker of a world, over datagrams that the test may lose. */
import { SnClientCore } from '../../src/client/sn-client-core.ts';
import type {
  Settle,
  SnClientOptions,
  SnMessageReceived,
  SnPublishOptions,
  SnTopic,
} from '../../src/client/sn-client-options.ts';
import { decodeMessage } from '../../src/core/codec/decode-message.ts';
import { encodeMessage } from '../../src/core/codec/encode-message.ts';
import type { SnMessage } from '../../src/core/codec/message.ts';
import type { Device, SnWorld } from '../world/sn-world.ts';
import { Outcome } from './scripted-gateway.ts';

const STEP_SECONDS = 0.5;

/** A datagram on its way: `client` says that it is from it. */
export type Fate = (message: SnMessage, from: 'client' | 'gateway') => boolean;

export class WorldClient {
  readonly client: SnClientCore;
  readonly messages: SnMessageReceived[] = [];
  readonly lost: string[] = [];
  /** Every datagram that arrived, with who sent it. */
  readonly arrived: string[] = [];
  /** Whether a datagram arrives. */
  fate: Fate = () => true;
  readonly #world: SnWorld;
  readonly #device: Device;
  readonly #underWay: (() => void)[] = [];
  #nowMs = 5_000_000;

  constructor(world: SnWorld, options: Partial<SnClientOptions> = {}) {
    this.#world = world;
    this.#device = world.device();
    this.#device.onMessage = (message) => this.#fly(message, 'gateway');
    this.client = new SnClientCore(
      { clientId: 'dev', ...options },
      {
        send: (bytes) => this.#fly(decodeMessage(bytes) as SnMessage, 'client'),
        onMessage: (message) => this.messages.push(message),
        onLost: (error) => this.lost.push(error.code),
      },
    );
  }

  #fly(message: SnMessage, from: 'client' | 'gateway'): void {
    if (!this.fate(message, from)) return;
    this.#underWay.push(() => {
      this.arrived.push(`${from === 'client' ? '>' : '<'}${message.type}`);
      if (from === 'client') this.#device.send(message);
      else this.client.receive(encodeMessage(message), this.#nowMs);
    });
  }

  /** Lets everything happen that needs no time. */
  settle(): void {
    for (let arrive = this.#underWay.shift(); arrive !== undefined; arrive = this.#underWay.shift()) arrive();
  }

  advance(seconds: number): void {
    for (let left = seconds; left > 0; left -= STEP_SECONDS) {
      const step = Math.min(STEP_SECONDS, left);
      this.#nowMs += step * 1000;
      this.#world.advance(step);
      this.client.tick(this.#nowMs);
      this.settle();
    }
  }

  /** Whether it is done, letting time pass if it must. @returns its state */
  #end(outcome: { readonly state: string }): string {
    this.settle();
    for (let i = 0; i < 1000 && outcome.state === 'open'; i++) this.advance(1);
    return outcome.state;
  }

  do<Value>(call: (settle: Settle<Value>, nowMs: number) => void): string {
    const outcome = new Outcome<Value>();
    call(outcome.settle, this.#nowMs);
    return this.#end(outcome);
  }

  connect(): string {
    return this.do<void>((settle, nowMs) => this.client.connect(settle, nowMs));
  }

  publish(topic: SnTopic, text: string, options: SnPublishOptions = {}): string {
    const payload = new TextEncoder().encode(text);
    return this.do<void>((settle, nowMs) => this.client.publish(topic, payload, options, settle, nowMs));
  }

  subscribe(topic: SnTopic, qos: 0 | 1 | 2 = 0): string {
    return this.do<0 | 1 | 2>((settle, nowMs) => this.client.subscribe(topic, qos, settle, nowMs));
  }

  sleep(seconds: number): string {
    return this.do<void>((settle, nowMs) => this.client.sleep(seconds, settle, nowMs));
  }

  checkMessages(): string {
    return this.do<void>((settle, nowMs) => this.client.checkMessages(settle, nowMs));
  }

  disconnect(): string {
    return this.do<void>((settle, nowMs) => this.client.disconnect(settle, nowMs));
  }

  /** What has come since the last call. */
  texts(): string[] {
    const came = this.messages.splice(0);
    return came.map(
      ({ topicName, payload, qos }) => `${topicName} ${new TextDecoder().decode(payload)} ${qos}`,
    );
  }
}

/** Loses the `nth` datagram of a type from one side, and no other. */
export function loses(type: SnMessage['type'], from: 'client' | 'gateway', nth = 1): Fate {
  let count = 0;
  return (message, sender) => message.type !== type || sender !== from || ++count !== nth;
}
