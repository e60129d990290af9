/** Where datagrams come from and go to: UDP, a forwarder, a serial line. */

/** Somebody on the other side of a link. The same peer is told apart by `key` alone; objects may be made anew. */
export interface Peer {
  /** Of an address and port, or of a forwarder and a node behind it. */
  readonly key: string;
  /** Without port or node, so that one that came back from another port is known: an IP address, a serial device. */
  readonly host: string;
  /** For logs and for MQTT's `peer`, such as `192.0.2.7:40112`. */
  readonly text: string;
  /** Its address cannot be forged, or those who could are trusted: loopback, private networks, a serial line. */
  readonly trusted: boolean;
  /** The longest message that it can be sent. */
  readonly maximumMessageBytes: number;
}

export interface Link {
  /** Never throws, and never calls back into the core; what cannot be sent is lost, as datagrams may be. */
  send(peer: Peer, bytes: Uint8Array): void;
  /** To everyone who can hear it; absent where there is no such thing. */
  broadcast?(bytes: Uint8Array, radius: number): void;
}
