/**
 * A server that cuts each connection, once it has answered CONNECT and SUBSCRIBE, acknowledged a PUBLISH and seen one of its own
 * acknowledged, which shows that the client has read everything. Every second connection is reset, the others are ended.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { acknowledgement, connackPacket, PUBACK, publishPacket, subackPacket } from './raw-packets.mjs';
import { RawStream } from './raw-stream.mjs';

const CONNECT = 1;
const PUBLISH = 3;
const SUBSCRIBE = 8;

export async function startCuttingServer(task) {
  let connections = 0;
  const topicName = `${task.prefix}/t/000`;
  const message = publishPacket({ ...task, topicName, payload: Buffer.alloc(task.bytes, 'x'), packetId: 7 });
  const server = createServer({ noDelay: true }, (socket) => {
    const reset = connections++ % 2 === 0;
    let waitsFor = 2;
    const told = () => {
      if (--waitsFor === 0) socket.write(message);
    };
    const stream = new RawStream((bytes, start, body) => {
      const type = bytes[start] >> 4;
      if (type === CONNECT) {
        socket.write(connackPacket(task));
      } else if (type === SUBSCRIBE) {
        socket.write(subackPacket({ ...task, packetId: bytes.readUInt16BE(body) }));
        told();
      } else if (type === PUBLISH) {
        socket.write(acknowledgement(PUBACK, bytes.readUInt16BE(body + 2 + bytes.readUInt16BE(body))));
        told();
      } else if (bytes[start] === PUBACK) {
        if (reset) socket.resetAndDestroy();
        else socket.end();
      }
    });
    socket.on('data', (chunk) => stream.push(chunk));
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    get connections() {
      return connections;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
