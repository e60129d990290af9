import type { DeliveryState } from '@martlet/protocol';
import { Durability } from '../core/ports/durability.ts';
import type {
  MessageConversion,
  SessionRecord,
  ShareOwner,
  StoredMessage,
  SubscriptionRecord,
} from '../core/ports/store.ts';
import { Delivery } from '../core/publish/delivery.ts';
import type { Message } from '../core/publish/message.ts';
import type { KeptDelivery, KeptQueue } from './kept-queue.ts';
import type { KeptState } from './kept-state.ts';

interface ImageDelivery {
  readonly message: StoredMessage;
  readonly qos: Delivery['qos'];
  readonly retain: boolean;
  readonly subscriptionIdentifiers: readonly number[];
  readonly share: ShareOwner | null;
  readonly packetId: number;
  readonly state: DeliveryState;
}

export interface ImageQueue {
  readonly waiting: readonly ImageDelivery[];
  readonly inFlight: readonly ImageDelivery[];
}

interface ImageSession {
  readonly record: SessionRecord;
  readonly subscriptions: readonly SubscriptionRecord[];
  readonly received: readonly number[];
  /** Null if it holds nothing. */
  readonly queue: ImageQueue | null;
}

interface ImageShare {
  readonly owner: ShareOwner;
  readonly queue: ImageQueue;
}

/** What a crash leaves of a memory store: the kept state, sharing nothing with the process that made it. */
export interface MemoryImage {
  readonly sessions: readonly ImageSession[];
  readonly shares: readonly ImageShare[];
  readonly retained: readonly StoredMessage[];
}

export const EMPTY_IMAGE: Readonly<MemoryImage> = { sessions: [], shares: [], retained: [] };

/** Draws one image: messages that are shared are shared in it. */
export class ImageWriter {
  readonly #messages = new Map<Message, StoredMessage>();

  imageOf(state: KeptState): MemoryImage {
    const shares: ImageShare[] = [];
    for (const [owner, kept] of state.shareQueues()) {
      const queue = this.#queueOf(kept);
      if (queue !== null) shares.push({ owner, queue });
    }
    return {
      sessions: Array.from(state.sessions.values(), ({ record, subscriptions, received }) => ({
        record,
        subscriptions: [...(subscriptions?.values() ?? [])],
        received: [...(received ?? [])],
        queue: this.#queueOf(state.sessionQueue(record.clientId)),
      })),
      shares,
      retained: Array.from(state.retained.values(), ({ message, expiresAtWallMs }) =>
        this.#messageOf(message, expiresAtWallMs),
      ),
    };
  }

  #queueOf(kept: KeptQueue | undefined): ImageQueue | null {
    if (kept === undefined || kept.size === 0) return null;
    const images = (deliveries: readonly KeptDelivery[]): ImageDelivery[] =>
      deliveries
        .filter(({ delivery }) => delivery.message.durability !== Durability.Memory)
        .map((each) => this.#deliveryOf(each));
    return { waiting: images(kept.waiting()), inFlight: images(kept.inFlight()) };
  }

  #deliveryOf(kept: KeptDelivery): ImageDelivery {
    const { message, qos, retain, subscriptionIdentifiers, share } = kept.delivery;
    return {
      message: this.#messageOf(message, kept.expiresAtWallMs),
      qos,
      retain,
      subscriptionIdentifiers,
      share,
      packetId: kept.packetId,
      state: kept.state,
    };
  }

  #messageOf(message: Message, expiresAtWallMs: number): StoredMessage {
    let stored = this.#messages.get(message);
    if (stored === undefined) {
      stored = storedMessage(message, expiresAtWallMs);
      this.#messages.set(message, stored);
    }
    return stored;
  }
}

function storedMessage(message: Message, expiresAtWallMs: number): StoredMessage {
  return {
    topicName: message.topic.name,
    payload: message.payload.slice(),
    qos: message.qos,
    retain: message.retain,
    properties: message.properties.slice(),
    expiresAtWallMs,
  };
}

/** Makes the messages of an image anew, each once however many deliveries share it. */
export class ImageReader {
  readonly #conversion: MessageConversion;
  readonly #messages = new Map<StoredMessage, Message | null>();

  constructor(conversion: MessageConversion) {
    this.#conversion = conversion;
  }

  /** Null for one that the core does not take back. */
  messageOf(stored: StoredMessage): Message | null {
    let message = this.#messages.get(stored);
    if (message === undefined) {
      message = this.#conversion.restore(stored);
      this.#messages.set(stored, message);
    }
    return message;
  }

  /** Those that the core takes back, each with the expiry that was kept. */
  deliveriesOf(images: readonly ImageDelivery[]): [delivery: Delivery, expiresAtWallMs: number][] {
    const deliveries: [Delivery, number][] = [];
    for (const { message: stored, qos, retain, subscriptionIdentifiers, share, packetId, state } of images) {
      const message = this.messageOf(stored);
      if (message === null) continue;
      const delivery = new Delivery(message, qos, retain, subscriptionIdentifiers, share);
      delivery.packetId = packetId;
      delivery.state = state;
      deliveries.push([delivery, stored.expiresAtWallMs]);
    }
    return deliveries;
  }
}
