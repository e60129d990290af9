/**
 * No client: the bare minimum of Node.js and the kernel for the same traffic, with packets that were encoded before. What a client takes
 * beyond this is its own.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Answers } from './answers.mjs';
import { connectPacket, PUBACK, PUBCOMP, PUBREC, PUBREL, subscribePacket } from './raw-packets.mjs';
import { RawSender } from './raw-sender.mjs';
import { RawStream } from './raw-stream.mjs';

const SUBACK = 0x90;
const PUBLISH = 3;

/** Publishes until the meter has stopped, and until everything is acknowledged. */
export async function publish(task, meter) {
  const onPublished = (count) => {
    meter.messages += count;
  };
  const sender = await RawSender.open(task, { onPublished });
  sender.start();
  await meter.run();
  await sender.stop();
  await sender.close();
}

/** Subscribes; every message is counted. Returns what ends it. */
export async function receive(task, meter) {
  const { qos, version } = task;
  const socket = connect({ host: task.host, port: task.port, noDelay: true });
  await once(socket, 'connect');
  const headerBytes = 2 + Buffer.byteLength(`${task.prefix}/t/000`);
  const answers = new Answers(socket);
  await new Promise((resolve) => {
    const stream = new RawStream((bytes, start, body, end) => {
      const type = bytes[start] >> 4;
      if (type === PUBLISH) {
        meter.onMessage(headerBytes - 2, task.bytes);
        if (qos > 0) answers.add(qos === 1 ? PUBACK : PUBREC, bytes.readUInt16BE(body + headerBytes));
      } else if (bytes[start] === PUBREL) {
        answers.add(PUBCOMP, bytes.readUInt16BE(body));
      } else if (bytes[start] === SUBACK && bytes[end - 1] === qos) {
        resolve();
      }
    });
    socket.on('data', (chunk) => {
      stream.push(chunk);
      answers.flush();
    });
    socket.write(connectPacket({ clientId: `${task.prefix}-floor`, version }));
    socket.write(subscribePacket({ topicFilter: `${task.prefix}/#`, qos, version }));
  });
  return () => socket.destroy();
}
