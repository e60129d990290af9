/** A client's core before a gateway that says what the test says, in a time that the test moves. */
import { SnClientCore } from '../../src/client/sn-client-core.ts';
import type { SnClientError } from '../../src/client/sn-client-error.ts';
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

/** What became of something that was asked. */
export class Outcome<Value = unknown> {
  /** `open`, `done`, or the error's code. */
  state = 'open';
  error: SnClientError | null = null;
  value: Value | undefined = undefined;
  readonly settle: Settle<Value> = (error, value) => {
    if (this.state !== 'open') throw new Error(`settled twice: ${this.state}`);
    this.error = error;
    this.value = value;
    this.state = error === null ? 'done' : error.code;
  };
}

export class ScriptedGateway {
  readonly client: SnClientCore;
  readonly messages: SnMessageReceived[] = [];
  readonly lost: string[] = [];
  /** Answers by itself what the test does not want to answer. */
  answer: ((message: SnMessage) => SnMessage | null) | null = null;
  readonly #received: SnMessage[] = [];
  nowMs = 1_000_000;

  constructor(options: Partial<SnClientOptions> = {}, maximumMessageBytes = 65_535) {
    this.client = new SnClientCore(
      { clientId: 'dev', ...options },
      {
        maximumMessageBytes,
        send: (bytes) => this.#take(bytes),
        onMessage: (message) => this.messages.push(message),
        onLost: (error) => this.lost.push(error.code),
      },
    );
  }

  #take(bytes: Uint8Array): void {
    const message = decodeMessage(bytes) as SnMessage;
    this.#received.push(message);
    const answer = this.answer?.(message) ?? null;
    if (answer !== null) this.send(answer);
  }

  send(...messages: readonly SnMessage[]): this {
    for (const message of messages) this.client.receive(encodeMessage(message), this.nowMs);
    return this;
  }

  /** What the client has sent since the last call. */
  received(): SnMessage[] {
    return this.#received.splice(0);
  }

  types(): string[] {
    return this.received().map(({ type }) => type);
  }

  /** The one message that the client has sent since the last call. */
  one<Type extends SnMessage['type']>(type: Type): SnMessage & { readonly type: Type } {
    const received = this.received();
    const [message] = received;
    if (received.length !== 1 || message?.type !== type) {
      throw new Error(`expected one ${type}, got ${JSON.stringify(received)}`);
    }
    return message as SnMessage & { readonly type: Type };
  }

  advance(seconds: number): void {
    const endMs = this.nowMs + seconds * 1000;
    while (this.client.deadlines.nextMs() <= endMs) {
      this.nowMs = Math.max(this.nowMs, this.client.deadlines.nextMs());
      this.client.tick(this.nowMs);
    }
    this.nowMs = endMs;
  }

  // ---- what the application asks ---------------------------------------------------------------------------------------

  connect(): Outcome<void> {
    const outcome = new Outcome<void>();
    this.client.connect(outcome.settle, this.nowMs);
    return outcome;
  }

  /** Connects, and forgets the messages. */
  connected(): this {
    this.connect();
    this.send({ type: 'connack', returnCode: 0 });
    this.received();
    return this;
  }

  publish(topic: SnTopic, text: string, options: SnPublishOptions = {}): Outcome<void> {
    const outcome = new Outcome<void>();
    this.client.publish(topic, new TextEncoder().encode(text), options, outcome.settle, this.nowMs);
    return outcome;
  }

  register(topicName: string): Outcome<number> {
    const outcome = new Outcome<number>();
    this.client.register(topicName, outcome.settle, this.nowMs);
    return outcome;
  }

  subscribe(topic: SnTopic, qos: 0 | 1 | 2 = 0): Outcome<0 | 1 | 2> {
    const outcome = new Outcome<0 | 1 | 2>();
    this.client.subscribe(topic, qos, outcome.settle, this.nowMs);
    return outcome;
  }

  /** Asks whatever takes a settle and the time. */
  ask(call: (settle: Settle<void>, nowMs: number) => void): Outcome<void> {
    const outcome = new Outcome<void>();
    call(outcome.settle, this.nowMs);
    return outcome;
  }

  sleep(seconds: number): Outcome<void> {
    return this.ask((settle, nowMs) => this.client.sleep(seconds, settle, nowMs));
  }

  checkMessages(): Outcome<void> {
    return this.ask((settle, nowMs) => this.client.checkMessages(settle, nowMs));
  }

  disconnect(): Outcome<void> {
    return this.ask((settle, nowMs) => this.client.disconnect(settle, nowMs));
  }

  /** Gives `topicName` an identifier, as REGISTER of the gateway does. */
  teach(topicName: string, topicId: number): this {
    this.send({ type: 'register', topicId, packetId: 9000, topicName });
    this.received();
    return this;
  }
}

export function publishOf(
  topicId: number,
  text: string,
  qos: 0 | 1 | 2 = 0,
  packetId = 0,
  flags: { readonly dup?: boolean; readonly retain?: boolean } = {},
): SnMessage {
  return {
    type: 'publish',
    dup: flags.dup ?? false,
    qos,
    retain: flags.retain ?? false,
    topic: { kind: 'normal', topicId },
    packetId,
    payload: new TextEncoder().encode(text),
  };
}
