import type { PublishProperties, Qos } from '@martlet/protocol';
import { EAGER_PROPERTY_BYTES, isReasonCodeOf, ReasonCode } from '@martlet/protocol';
import { ClientError } from '../ports/client-error.ts';
import type { Delivery } from './delivery.ts';

const decoder: Readonly<TextDecoder> = /* @__PURE__ */ new TextDecoder();

/** What a message takes in memory beside its bytes, at most: of itself, and of each property that may come many times. */
const MESSAGE_BYTES = 200;
const PROPERTY_BYTES = 128;

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
  properties: PublishProperties;
  readonly #propertyBytes: number;
  #delivery: Delivery | null;

  /** @param propertyBytes of the properties, as they came @internal */
  constructor(
    topicName: string,
    payload: Uint8Array,
    qos: Qos,
    retain: boolean,
    dup: boolean,
    properties: PublishProperties,
    delivery: Delivery | null,
    propertyBytes = 0,
  ) {
    this.topicName = topicName;
    this.payload = payload;
    this.qos = qos;
    this.retain = retain;
    this.dup = dup;
    this.properties = properties;
    this.#propertyBytes = propertyBytes;
    this.#delivery = delivery;
  }

  /** Whether this subscription still owes the server an acknowledgement. */
  get isPending(): boolean {
    return this.#delivery !== null;
  }

  /** The payload as UTF-8; what is not well-formed becomes U+FFFD. */
  text(): string {
    return decoder.decode(this.payload);
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
   * This subscription refuses the message. With a reason code the server is told, and does not send it again. Without one,
   * and before MQTT 5.0, where nobody can be told, it stays unacknowledged, and the server sends it again on the next
   * connection; until then it takes one of the places that `receiveMaximum` gives, or the server itself, for messages
   * under way. Who wants an older server to forget it acknowledges it.
   *
   * @param reasonCode one of PUBACK, from 0x80 on
   * @throws {ClientError} INVALID_OPTION
   */
  reject(reasonCode?: ReasonCode): void {
    if (reasonCode !== undefined) checkRefusal('reasonCode', reasonCode);
    this.#settle(reasonCode);
  }

  #settle(reasonCode: ReasonCode | undefined): void {
    const delivery = this.#delivery;
    if (delivery === null) return;
    this.#delivery = null;
    delivery.release(reasonCode, this);
  }

  /** What it counts while it waits, in bytes: about what it takes in memory. @internal */
  get bytes(): number {
    const { properties } = this;
    let count = properties.subscriptionIdentifiers?.length ?? 0;
    // In a long section they are bytes until somebody asks, and then his.
    if (this.#propertyBytes <= EAGER_PROPERTY_BYTES) count += properties.userProperties?.length ?? 0;
    const ownBytes = MESSAGE_BYTES + count * PROPERTY_BYTES;
    return ownBytes + this.topicName.length + this.payload.length + this.#propertyBytes;
  }

  /** It is going to wait: a small part no longer holds the memory of everything that was read with it. @internal */
  detach(): void {
    const { payload, properties } = this;
    const { correlationData } = properties;
    if (isPart(payload)) this.payload = new Uint8Array(payload);
    if (correlationData !== undefined && isPart(correlationData)) {
      // To spread them would ask for the User Properties.
      this.properties = Object.defineProperties(
        {},
        {
          ...Object.getOwnPropertyDescriptors(properties),
          correlationData: { value: new Uint8Array(correlationData), enumerable: true },
        },
      );
    }
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
      this.#propertyBytes,
    );
  }
}

function isPart(bytes: Uint8Array): boolean {
  return bytes.buffer.byteLength > bytes.length * 2;
}

/** @throws {ClientError} INVALID_OPTION for a reason code that no message can be refused with */
export function checkRefusal(name: string, reasonCode: ReasonCode): void {
  if (reasonCode >= 0x80 && isReasonCodeOf('puback', reasonCode)) return; // [MQTT-3.4.2-1] [MQTT-3.5.2-1]
  const text = `${name}: expected a reason code of PUBACK from 0x80 on, got ${String(reasonCode)}`;
  throw new ClientError('INVALID_OPTION', text);
}
