/** A client on a serial line: the gateway is at the other end. */
import type { OpenByteStream } from '../links/byte-stream.ts';
import type { Framing } from '../links/framing/framing.ts';
import type { OpenChannel } from './datagram-channel.ts';

/** @param gateway its address, where the framing has addresses; all that hear it otherwise */
export function streamChannel(
  openStream: OpenByteStream,
  framing: Framing,
  gateway: Uint8Array | null = null,
): OpenChannel {
  return async (onDatagram, onClosed) => {
    const stream = await openStream((bytes) => {
      for (const { message } of framing.push(bytes, performance.now())) onDatagram(message);
    }, onClosed);
    return {
      send: (message) => stream.write(framing.encode({ node: gateway, message })),
      close: () => stream.close(),
    };
  };
}
