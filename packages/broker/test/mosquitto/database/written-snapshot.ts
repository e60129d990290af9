/** The bytes of a `mosquitto.db`, laid out as Mosquitto 1.6 (version 5) and 2 (version 6) write them. */
export interface WrittenMessage {
  readonly id: bigint;
  readonly topicName: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain?: boolean;
  readonly expiresAtSeconds?: number;
  /** With their length. */
  readonly properties?: readonly number[];
  readonly publisher?: string;
}

export interface WrittenDelivery {
  readonly clientId: string;
  readonly message: bigint;
  readonly packetId?: number;
  readonly qos: number;
  readonly state: number;
  readonly retain?: boolean;
  readonly incoming?: boolean;
  readonly properties?: readonly number[];
}

export class WrittenSnapshot {
  readonly #version: number;
  readonly #chunks: Buffer[] = [];

  constructor(version = 6, messageNumberBytes = 8) {
    this.#version = version;
    const body = Buffer.alloc(16);
    body[8] = 1;
    body[9] = messageNumberBytes;
    this.chunk(1, body);
  }

  chunk(type: number, body: Uint8Array): this {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(type, 0);
    head.writeUInt32BE(body.length, 4);
    this.#chunks.push(head, Buffer.from(body));
    return this;
  }

  message(message: WrittenMessage): this {
    const { id, topicName, payload, qos, retain = false, expiresAtSeconds = 0, properties = [] } = message;
    const publisher = Buffer.from(message.publisher ?? 'publisher');
    const topic = Buffer.from(topicName);
    const bytes = Buffer.from(payload);
    const head = Buffer.alloc(32);
    head.writeBigUInt64LE(id, 0);
    head.writeBigInt64LE(BigInt(expiresAtSeconds), 8);
    head.writeUInt32BE(bytes.length, 16);
    head.writeUInt16BE(publisher.length, 22);
    head.writeUInt16BE(topic.length, 26);
    head[30] = qos;
    head[31] = retain ? 1 : 0;
    return this.chunk(2, Buffer.concat([head, publisher, topic, bytes, Buffer.from(properties)]));
  }

  session(clientId: string, intervalSeconds: number, expiresAtSeconds = 0): this {
    const id = Buffer.from(clientId);
    const head = Buffer.alloc(this.#version === 5 ? 16 : 24);
    head.writeBigInt64LE(BigInt(expiresAtSeconds), 0);
    head.writeUInt32BE(intervalSeconds, 8);
    head.writeUInt16BE(id.length, 14);
    return this.chunk(6, Buffer.concat([head, id]));
  }

  delivery(delivery: WrittenDelivery): this {
    const { clientId, message, packetId = 0, qos, state, retain = false, properties = [] } = delivery;
    const id = Buffer.from(clientId);
    const head = Buffer.alloc(16);
    head.writeBigUInt64LE(message, 0);
    head.writeUInt16BE(packetId, 8);
    head.writeUInt16BE(id.length, 10);
    head[12] = qos;
    head[13] = state;
    head[14] = retain ? 0x10 : 0;
    head[15] = delivery.incoming === true ? 0 : 1;
    return this.chunk(3, Buffer.concat([head, id, Buffer.from(properties)]));
  }

  subscription(clientId: string, topicFilter: string, qos: number, options = 0, identifier = 0): this {
    const id = Buffer.from(clientId);
    const filter = Buffer.from(topicFilter);
    const head = Buffer.alloc(12);
    head.writeUInt32BE(identifier, 0);
    head.writeUInt16BE(id.length, 4);
    head.writeUInt16BE(filter.length, 6);
    head[8] = qos;
    head[9] = options;
    return this.chunk(5, Buffer.concat([head, id, filter]));
  }

  retained(id: bigint): this {
    const body = Buffer.alloc(8);
    body.writeBigUInt64LE(id, 0);
    return this.chunk(4, body);
  }

  get bytes(): Buffer {
    const head = Buffer.alloc(23);
    head.write('\0\u{b5}\0mosquitto db', 0, 'latin1');
    head.writeUInt32BE(this.#version, 19);
    return Buffer.concat([head, ...this.#chunks]);
  }
}
