import { DeliveryState } from '@martlet/protocol';
import type { ShareOwner } from '../ports/queue-owner.ts';
import type { Message, QoS } from './message.ts';

const NO_IDENTIFIERS: readonly number[] = Object.freeze([]);

/** One message for one session (or shared group); the message itself is shared by all that wait for it. */
export class Delivery {
  readonly message: Message;
  /** The QoS it is delivered at: the lower of the message's and the subscription's. [MQTT-3.8.4-8] */
  readonly qos: QoS;
  /** The RETAIN flag it is delivered with. */
  readonly retain: boolean;
  /** The identifiers of all matching subscriptions; empty if none. [MQTT-3.3.4-3] [MQTT-3.3.4-4] */
  readonly subscriptionIdentifiers: readonly number[];
  /** The shared group it came through, to which it returns when its session ends; null if none. */
  readonly share: ShareOwner | null;
  /** What waits in the group's queue and this stands for, until it is acknowledged or the session keeps it itself. */
  origin: Delivery | null;
  /** 0 until sent. */
  packetId: number;
  state: DeliveryState;
  /** The commit that its PUBLISH waits for, or last waited for; 0 if for none, Infinity if it never left. */
  heldFor: number;
  /** The store's own handle; 0 until a store has seen it. */
  storeId: number;
  /** The store's queue in which that is its handle; null until a store needs it. */
  storeOwner: object | null;

  constructor(
    message: Message,
    qos: QoS,
    retain: boolean,
    subscriptionIdentifiers: readonly number[] = NO_IDENTIFIERS,
    share: ShareOwner | null = null,
  ) {
    this.message = message;
    this.qos = qos;
    this.retain = retain;
    this.subscriptionIdentifiers = subscriptionIdentifiers;
    this.share = share;
    this.origin = null;
    this.packetId = 0;
    this.state = DeliveryState.Queued;
    this.heldFor = 0;
    this.storeId = 0;
    this.storeOwner = null;
  }
}
