/**
 * The messages of QoS 1 and 2 that one side sends on one connection: which are open, and which packet may come next for each.
 *
 * What one side sends, this sees before the other one does, and so before its answer: no order of the two directions makes
 * it wrong. It says nothing of packet identifiers that it cannot know: of a session that is older than the connection, and
 * of a message that was sent twice, which may be answered twice.
 */
import type { ProtocolVersion, PublishPacket } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';
import type { Direction } from './direction.ts';
import type { Violation } from './violation.ts';
import { statementOf } from './violation.ts';

/** What comes next: the answer of the receiver, or PUBREL of the sender. */
type Awaited = 'puback' | 'pubrec' | 'pubrel' | 'pubcomp';

/** Which answer of the receiver, or which PUBREL, it is about. */
export interface Acknowledgement {
  readonly type: Awaited;
  readonly packetId: number;
  readonly reasonCode: ReasonCode;
}

const NONE: readonly Violation[] = [];

export class ExchangeWatch {
  /** As many may be open at once, as the receiver has said. */
  receiveMaximum = 65_535;
  /** The session may be older than this connection. */
  isResumed = false;
  readonly #sender: Direction;
  readonly #open: Map<number, Awaited> = new Map();
  /** Packet identifiers of what went twice. There are no more than 65,535. */
  readonly #twice: Set<number> = new Set();
  /** Messages of an earlier connection that have ended on this one: each lets one more be sent (section 4.9 of 5.0). */
  #older = 0;

  constructor(sender: Direction) {
    this.#sender = sender;
  }

  isOpen(packetId: number): boolean {
    return this.#open.has(packetId);
  }

  /** Of a packet with this identifier a second one is under way, by a rule of the proxy. */
  twice(packetId: number): void {
    this.#twice.add(packetId);
  }

  /** A PUBLISH of the sender with QoS 1 or 2. */
  onPublish({ packetId, qos, dup }: PublishPacket, version: ProtocolVersion): readonly Violation[] {
    const awaited = this.#open.get(packetId);
    const found: Violation[] = [];
    if (awaited === undefined) {
      if (this.#open.size >= this.receiveMaximum + this.#older) found.push(this.#tooMany());
    } else {
      this.#twice.add(packetId);
      if (!dup) found.push(inUse(packetId, this.#sender, version));
      else found.push(...sentAgain(awaited, packetId, version));
    }
    // One that is sent again may have been answered meanwhile.
    if (awaited === undefined || !dup) this.#open.set(packetId, qos === 1 ? 'puback' : 'pubrec');
    return found;
  }

  /** PUBREL of the sender, or an answer of the receiver. */
  onAcknowledgement(
    { type, packetId, reasonCode }: Acknowledgement,
    version: ProtocolVersion,
  ): readonly Violation[] {
    const awaited = this.#open.get(packetId);
    this.#goOn(type, packetId, reasonCode);
    if (awaited === type || this.isResumed || this.#twice.has(packetId)) return NONE;
    // It answers what was wrong before.
    if (reasonCode === ReasonCode.PacketIdentifierNotFound) return NONE;
    // Before MQTT 5.0 packets may be sent again at any time.
    const isAgain =
      (type === 'pubrec' && (awaited === 'pubrel' || awaited === 'pubcomp')) ||
      (type === 'pubrel' && awaited === 'pubcomp');
    if (isAgain && version !== 5) {
      this.#twice.add(packetId);
      return NONE;
    }
    if (isAgain)
      return [
        {
          statement: 'MQTT-4.4.0-1',
          text: `${type.toUpperCase()} ${packetId} is sent again on the same connection`,
        },
      ];
    return [
      {
        statement: statementOf(version, 'MQTT-2.2.1-5', 'MQTT-2.3.1-6'),
        text: `no message with packet identifier ${packetId} waits for this`,
      },
    ];
  }

  #goOn(type: Awaited, packetId: number, reasonCode: ReasonCode): void {
    if (this.isResumed && !this.#open.has(packetId)) {
      if (type === 'puback' || type === 'pubcomp') this.#older += 1;
      return;
    }
    const isRefused = reasonCode >= ReasonCode.UnspecifiedError;
    if (type === 'puback' || type === 'pubcomp' || (type === 'pubrec' && isRefused))
      this.#open.delete(packetId);
    else if (type === 'pubrel') this.#open.set(packetId, 'pubcomp');
    else if (this.#open.get(packetId) === 'pubrec') this.#open.set(packetId, 'pubrel');
  }

  #tooMany(): Violation {
    return {
      statement: this.#sender === 'toServer' ? 'MQTT-3.3.4-7' : 'MQTT-3.3.4-9',
      text: `the other side takes ${this.receiveMaximum} messages at once, and as many are open`,
    };
  }
}

export function inUse(packetId: number, sender: Direction, version: ProtocolVersion): Violation {
  const statement =
    sender === 'toServer'
      ? statementOf(version, 'MQTT-2.2.1-3', 'MQTT-2.3.1-2')
      : statementOf(version, 'MQTT-2.2.1-4', 'MQTT-2.3.1-4');
  return { statement, text: `packet identifier ${packetId} is in use` };
}

function sentAgain(awaited: Awaited, packetId: number, version: ProtocolVersion): readonly Violation[] {
  if (version === 5)
    return [{ statement: 'MQTT-4.4.0-1', text: `PUBLISH ${packetId} is sent again on the same connection` }];
  if (awaited === 'pubcomp')
    return [{ statement: 'MQTT-4.3.3-1', text: `PUBLISH ${packetId} is sent again after its PUBREL` }];
  return NONE;
}
