/**
 * A client that publishes at QoS 1 and 2, knows what was acknowledged, and sends the rest again as the specification
 * asks: PUBLISH with DUP in the order of first sending, PUBREL where PUBREC had come.
 */
import { DurableClient } from './durable-client.mjs';

/** @typedef {import('./ledger.mjs').Message} Message */
/** @typedef {{ packetId: number, message: Message, released: boolean }} InFlight */

/** Messages that may be unacknowledged at a time. */
const WINDOW = 8;

export class Publisher extends DurableClient {
  /** @type {InFlight[]} */
  #inFlight = [];
  #lastPacketId = 0;

  /** Everything it sent is acknowledged, to the end. */
  get settled() {
    return this.#inFlight.length === 0;
  }

  get ready() {
    return this.accepted && this.#inFlight.length < WINDOW;
  }

  /**
   * Sends a new message; only when `ready`.
   * @param {Message} message
   * @returns {number} its packet identifier
   */
  publish(message) {
    const packetId = this.#nextPacketId();
    const inFlight = { packetId, message, released: false };
    this.#inFlight.push(inFlight);
    this.#sendPublish(inFlight, false);
    return packetId;
  }

  /** @override @param {boolean} sessionLost */
  onAccepted(sessionLost) {
    if (sessionLost) {
      // The other side knows none of these identifiers. What was accepted is over; the rest is a new attempt.
      this.#inFlight = this.#inFlight.filter(({ released }) => !released);
    }
    for (const inFlight of this.#inFlight) {
      if (inFlight.released) this.#sendPubrel(inFlight.packetId);
      else this.#sendPublish(inFlight, !sessionLost);
    }
  }

  /** @override @param {import('./wire.mjs').Packet} packet */
  onPacket(packet) {
    switch (packet.type) {
      case 'puback':
      case 'pubrec':
      case 'pubcomp': {
        const at = this.#inFlight.findIndex(({ packetId }) => packetId === packet.packetId);
        const inFlight = this.#inFlight[at];
        if (inFlight === undefined) {
          // PUBREC of a resent PUBLISH may come twice; it is answered, and nothing more [MQTT-4.3.3-4].
          if (packet.type === 'pubrec') this.#sendPubrel(packet.packetId);
          return;
        }
        const refused = packet.type !== 'pubcomp' && packet.reasonCode >= 0x80;
        if (refused) {
          this.ledger.note(`${packet.type.toUpperCase()} with 0x${packet.reasonCode.toString(16)}`);
        } else if (packet.type !== 'pubcomp') {
          this.ledger.acknowledged(inFlight.message);
        }
        if (packet.type === 'pubrec' && !refused) {
          inFlight.released = true;
          this.#sendPubrel(packet.packetId);
        } else {
          this.#inFlight.splice(at, 1);
        }
      }
    }
  }

  /** @param {InFlight} inFlight @param {boolean} dup */
  #sendPublish({ packetId, message }, dup) {
    const { topic } = message;
    message.sends++;
    this.send({
      type: 'publish',
      topicName: topic.name,
      payload: this.ledger.payloadOf(message),
      qos: topic.qos,
      retain: topic.retained,
      dup,
      packetId,
      properties: {},
    });
  }

  /** @param {number} packetId */
  #sendPubrel(packetId) {
    this.send({ type: 'pubrel', packetId, reasonCode: 0, properties: {} });
  }

  #nextPacketId() {
    do this.#lastPacketId = (this.#lastPacketId % 65_535) + 1;
    while (this.#inFlight.some(({ packetId }) => packetId === this.#lastPacketId));
    return this.#lastPacketId;
  }
}
