/**
 * Publishes as fast as Node.js and the kernel allow: packets are encoded once, and written in batches of one buffer. It
 * feeds the clients that receive, and is itself the floor beneath those that publish.
 *
 * What is under way is bounded by `window`: messages neither acknowledged nor, where somebody tells, taken by their
 * receiver.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Answers } from './answers.mjs';
import { connectPacket, PUBREC, PUBREL, publishPacket } from './raw-packets.mjs';
import { RawStream } from './raw-stream.mjs';
import { topicNames } from './scenarios.mjs';

const CONNACK = 0x20;

export class RawSender {
  sent = 0;
  acknowledged = 0;
  #socket;
  #qos;
  #window;
  #batch;
  #batches;
  /** How many its receiver has told of; Infinity: nobody tells. */
  #taken;
  #running = false;
  #answers;
  #onIdle = null;
  #onPublished;

  constructor(socket, task, { told = false, onPublished = () => {} } = {}) {
    this.#socket = socket;
    this.#answers = new Answers(socket);
    this.#qos = task.qos;
    this.#window = task.window;
    this.#batch = task.batch;
    this.#batches = batchesOf(task);
    this.#taken = told ? 0 : Number.POSITIVE_INFINITY;
    this.#onPublished = onPublished;
    socket.on('drain', () => this.#pump());
  }

  static async open(task, options) {
    const socket = connect({ host: task.host, port: task.port, noDelay: true });
    await once(socket, 'connect');
    // A measurement that this interrupts does not come to its end, which is told.
    socket.on('error', () => socket.destroy());
    const sender = new RawSender(socket, task, options);
    const accepted = new Promise((resolve) => {
      const stream = new RawStream((bytes, start) => {
        if (bytes[start] === CONNACK) resolve();
        else sender.#onAnswer(bytes[start], (bytes[start + 2] << 8) | bytes[start + 3]);
      });
      socket.on('data', (chunk) => {
        stream.push(chunk);
        sender.#afterRead();
      });
    });
    socket.write(connectPacket({ clientId: `${task.prefix}-sender`, version: task.version }));
    await accepted;
    return sender;
  }

  start() {
    this.#running = true;
    this.#pump();
  }

  /** Stops after the batch that is under way. Fulfilled when all that was sent is acknowledged. */
  async stop() {
    this.#running = false;
    if (this.#qos === 0 || this.acknowledged === this.sent) return;
    await new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** So many more have arrived at their receiver. */
  take(count) {
    this.#taken += count;
    this.#pump();
  }

  /** Fulfilled when everything written has left. */
  close() {
    return new Promise((resolve) => this.#socket.end(resolve));
  }

  #onAnswer(firstByte, packetId) {
    if (firstByte === PUBREC) {
      this.#answers.add(PUBREL, packetId);
    } else {
      this.acknowledged++;
      if (this.#qos !== 0) this.#onPublished(1);
    }
  }

  #afterRead() {
    this.#answers.flush();
    if (this.#onIdle !== null && this.acknowledged === this.sent) this.#onIdle();
    this.#pump();
  }

  #pump() {
    while (
      this.#running &&
      !this.#socket.writableNeedDrain &&
      this.#underWay() + this.#batch <= this.#window
    ) {
      this.#socket.write(this.#batches[(this.sent / this.#batch) % this.#batches.length]);
      this.sent += this.#batch;
      if (this.#qos === 0) this.#onPublished(this.#batch);
    }
  }

  #underWay() {
    const acknowledged = this.#qos === 0 ? this.sent : this.acknowledged;
    return this.sent - Math.min(acknowledged, this.#taken);
  }
}

/** A window's worth of packets, a buffer for each batch. A packet identifier comes again when its batch does. */
function batchesOf(task) {
  const { qos, bytes, window, batch, version } = task;
  const names = topicNames(task);
  const payload = Buffer.alloc(bytes, 'x');
  return Array.from({ length: Math.floor(window / batch) }, (_, index) =>
    Buffer.concat(
      Array.from({ length: batch }, (_, i) => {
        const number = index * batch + i;
        const topicName = names[number % names.length];
        return publishPacket({ topicName, payload, qos, packetId: number + 1, version });
      }),
    ),
  );
}
