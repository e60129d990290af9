// Says CONNECT to a broker on loopback with the protocol package's sources, and prints the type of what comes back.
// Run by the runtimes under test, with the port as argument.

import { once } from 'node:events';
import { connect } from 'node:net';
import type { FrameSink } from '@martlet/protocol';
import {
  decodeServerPacket,
  encodeClientPacket,
  FrameResult,
  PacketStream,
  ProtocolVersion,
} from '@martlet/protocol';

const version = ProtocolVersion.V5;
const socket = connect({ host: '127.0.0.1', port: Number(process.argv[2]) });

const sink: FrameSink = {
  onFrame: (bytes, start, body, end) => {
    console.log(decodeServerPacket(bytes, start, body, end, version).type);
    socket.end();
    return FrameResult.Stop;
  },
  onShown: () => {},
};
const stream = new PacketStream(sink, 1000);
socket.on('data', (bytes: Uint8Array) => stream.receive(bytes, 0, bytes.length));

await once(socket, 'connect');
socket.write(
  encodeClientPacket(
    {
      type: 'connect',
      protocolVersion: version,
      clientId: 'a',
      cleanStart: true,
      keepAlive: 60,
      properties: {},
    },
    version,
  ),
);
await once(socket, 'close');
