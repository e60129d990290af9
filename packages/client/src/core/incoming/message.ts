import type { PublishProperties, Qos } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';
import type { Delivery } from './delivery.ts';

/**
 * An application message that the server sent, as one subscription sees it.
 *
 *     for await (const message of client.subscribe('home/+/temperature')) {
 *       console.log(message.topicName, Number(message.text()));
 *     }
 */
export class Message {
  readonly topicName: string;
  /**
   * The bytes. They may be a part of what was read at once, which stays in memory as long as they do: take a copy
   * (`payload.slice()`) of a small one that is kept for long.
   */
  payload: Uint8Array;
  readonly qos: Qos;
  /** True for a retained message that was there before the subscription, or as published where that was asked for. */
  readonly retain: boolean;
  /** True when the server sends it again, because it did not see it acknowledged. */
  readonly dup: boolean;
  /** Content Type, Response Topic, Correlation Data, User Properties and so on; empty before MQTT 5.0. */
  readonly properties: PublishProperties;
  #delivery: Delivery | null;

  constructor(
    topicName: string,
    payload: Uint8Array,
    qos: Qos,
    retain: boolean,
    dup: boolean,
    properties: PublishProperties,
    delivery: Delivery | null,
  ) {
    this.topicName = topicName;
    this.payload = payload;
    this.qos = qos;
    this.retain = retain;
    this.dup = dup;
    this.properties = properties;
    this.#delivery = delivery;
  }

  /** Whether this subscription still owes the server an acknowledgement. */
  get isPending(): boolean {
    return this.#delivery !== null;
  }

  /** The payload as UTF-8; what is not well-formed becomes U+FFFD. */
  text(): string {
    return new TextDecoder().decode(this.payload);
  }

  /** The payload as JSON. @throws {SyntaxError} when it is none. */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /**
   * This subscription is done with the message. Where acknowledgement is `manual`, the server is told; in any order: the
   * client keeps the order of the protocol. Nothing happens at QoS 0, or the second time.
   */
  acknowledge(): void {
    this.#settle(ReasonCode.Success);
  }

  /**
   * This subscription refuses the message.
   * @param reasonCode from 0x80, told to the server in MQTT 5.0, which does not send the message again; left out, and
   * always before MQTT 5.0, the message stays unacknowledged, and the server sends it again on the next connection.
   */
  reject(reasonCode?: ReasonCode): void {
    this.#settle(reasonCode);
  }

  #settle(reasonCode: ReasonCode | undefined): void {
    const delivery = this.#delivery;
    if (delivery === null) return;
    this.#delivery = null;
    delivery.release(reasonCode);
  }

  /** It is going to wait: a small payload no longer holds the memory of everything that was read with it. @internal */
  detach(): void {
    const { payload } = this;
    if (payload.buffer.byteLength > payload.length * 2) this.payload = payload.slice();
  }

  /** The same message for one more subscription. @internal */
  share(): Message {
    this.#delivery?.hold();
    return new Message(
      this.topicName,
      this.payload,
      this.qos,
      this.retain,
      this.dup,
      this.properties,
      this.#delivery,
    );
  }
}
