/** What the gateway counts; counters only rise. */
export class GatewayMetrics {
  datagramsReceived = 0;
  datagramsSent = 0;
  bytesReceived = 0;
  bytesSent = 0;
  malformed = 0;
  /** Datagrams above the rate of a client. */
  rateExceeded = 0;
  /** Messages from peers that have not connected. */
  strangers = 0;
  connects = 0;
  connectsRefused = 0;
  /** Will handshakes that stopped half-way. */
  connectsAbandoned = 0;
  clientsLost = 0;
  retransmissions = 0;
  /** Messages that no retry got acknowledged; they are kept. */
  retriesExhausted = 0;
  publishesReceived = 0;
  publishesSent = 0;
  /** Of QoS -1. */
  unconnectedPublishes = 0;
  unconnectedRefused = 0;
  /** QoS 0 messages that gave way in a full buffer. */
  bufferFull = 0;
  /** Messages longer than the link carries. */
  tooLong = 0;
  /** Messages that expired before the client could be given them. */
  expired = 0;
  /** QoS 0 messages of clients, and acknowledgements, for which the broker had no room. */
  upstreamFull = 0;
  /** Messages that do not belong where they came, such as PUBLISH within a will handshake; they are dropped. */
  unexpected = 0;
  /** Messages that a client rejected. */
  rejectedByClient = 0;
  /** Times that nothing more was sent to an address that is not validated. */
  withheld = 0;
}
