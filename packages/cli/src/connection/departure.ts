/**
 * The end of a connection. A client that is closed gives its last bytes a few seconds, and the process goes when the command
 * has ended: a long message of QoS 0 over a slow connection would be lost. So a command that publishes waits here, first
 * until what it has written has left, and then until the connection is closed.
 *
 * It also says in DISCONNECT what `-D disconnect` gave, which the client has no words for.
 */
import type { Client, CloseOptions, OpenTransport } from '@martlet/client';
import type { DisconnectProperties } from '@martlet/protocol';
import { decodePacket, encodePacket } from '@martlet/protocol';

const DISCONNECT = 0xe0;
/** Of a packet of fewer than 128 bytes. */
const SHORT_HEADER_BYTES = 2;

export class Departure {
  readonly #properties: DisconnectProperties | undefined;
  #isOpen = false;
  /** More was written than the connection takes at once. */
  #isCongested = false;
  #onChange: () => void = () => {};

  /** @param properties for DISCONNECT; left out before MQTT 5.0 */
  constructor(properties: DisconnectProperties) {
    this.#properties = Object.keys(properties).length === 0 ? undefined : properties;
  }

  /** Watches over the connections that are opened; for {@link ClientNeeds.wrapTransport}. */
  wrap(open: OpenTransport): OpenTransport {
    return async (server, listener, signal) => {
      const transport = await open(
        server,
        {
          onBytes: (bytes) => listener.onBytes(bytes),
          onDrain: () => {
            this.#set(true, false);
            listener.onDrain();
          },
          onClose: (error) => {
            this.#set(false, false);
            listener.onClose(error);
          },
        },
        signal,
      );
      this.#set(true, false);
      return {
        write: (bytes) => {
          const isTaken = transport.write(this.#lastWords(bytes));
          if (!isTaken) this.#set(true, true);
          return isTaken;
        },
        get sentBytes() {
          return transport.sentBytes;
        },
        end: () => transport.end(),
        destroy: () => transport.destroy(),
        ...(transport.pause === undefined ? {} : { pause: () => transport.pause?.() }),
        ...(transport.resume === undefined ? {} : { resume: () => transport.resume?.() }),
      };
    };
  }

  /** Closes the client when what it has written has left; fulfilled when the connection is gone, or the signal aborts. */
  async leave(client: Client, signal: AbortSignal, options?: CloseOptions): Promise<void> {
    await this.#until(() => !this.#isCongested, signal);
    await client.close(options);
    await this.#until(() => !this.#isOpen, signal);
  }

  #set(isOpen: boolean, isCongested: boolean): void {
    this.#isOpen = isOpen;
    this.#isCongested = isCongested;
    this.#onChange();
  }

  #until(test: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!test() && !signal.aborted) return;
        this.#onChange = () => {};
        signal.removeEventListener('abort', look);
        resolve();
      };
      this.#onChange = look;
      signal.addEventListener('abort', look);
      look();
    });
  }

  /** DISCONNECT, which is written alone and at the end, with what was given. */
  #lastWords(bytes: Uint8Array): Uint8Array {
    const properties = this.#properties;
    const isAlone = bytes[0] === DISCONNECT && bytes.length === SHORT_HEADER_BYTES + bytes[1]!;
    if (properties === undefined || !isAlone) return bytes;
    const packet = decodePacket(bytes, 0, SHORT_HEADER_BYTES, bytes.length, 5);
    if (packet.type !== 'disconnect') return bytes;
    return encodePacket({ ...packet, properties: { ...packet.properties, ...properties } }, 5);
  }
}
