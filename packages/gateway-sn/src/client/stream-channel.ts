/** A client on a serial line: the gateway is at the other end, or somewhere in the air behind it. */
import type { OpenByteStream } from '../links/byte-stream.ts';
import type { Framing } from '../links/framing/framing.ts';
import type { OpenChannel } from './datagram-channel.ts';

/** Of an XBee's address: what follows is the 16-bit one, which changes when it joins its network again. */
const LASTING_ADDRESS_BYTES = 8;

/**
 * The way to a gateway over a stream of bytes, to be opened once.
 * @param framing of this line only: it remembers what has not come whole
 * @param gateway its address of 64 bits, where the framing has addresses: who else is in the air is not heard then. Null
 *   sends to all that hear it, and hears all
 * @example
 * const line = serialDevice({ path: '/dev/ttyUSB0', baudRate: 9600 });
 * const gateway = Buffer.from('0013a200407ea2b1', 'hex');
 * const client = await connectSn({ clientId: 'thermometer', channel: streamChannel(line, new XbeeFraming(), gateway) });
 */
export function streamChannel(
  openStream: OpenByteStream,
  framing: Framing,
  gateway: Uint8Array | null = null,
): OpenChannel {
  const isGateway = (node: Uint8Array | null): boolean =>
    gateway === null || node === null || gateway.length < LASTING_ADDRESS_BYTES || startsAlike(node, gateway);
  return async (onDatagram, onClosed) => {
    const stream = await openStream((bytes) => {
      for (const { node, message } of framing.push(bytes, performance.now())) {
        if (isGateway(node)) onDatagram(message);
      }
    }, onClosed);
    return {
      maximumMessageBytes: framing.maximumMessageBytes,
      send: (message) => {
        if (message.length <= framing.maximumMessageBytes) {
          stream.write(framing.encode({ node: gateway, message }));
        }
      },
      close: () => stream.close(),
    };
  };
}

function startsAlike(node: Uint8Array, gateway: Uint8Array): boolean {
  for (let i = 0; i < LASTING_ADDRESS_BYTES; i++) if (node[i] !== gateway[i]) return false;
  return true;
}
