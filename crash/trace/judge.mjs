/**
 * Goes through a trace and asks, for each packet that tells a client of something kept: if the power had gone when the call
 * began that sent this packet, would the broker that starts again know it?
 */
import { decodePacket, FrameResult, PacketStream } from '@martlet/protocol';
import { recoveredSessions } from './recovered-state.mjs';
import { momentsOf } from './strace-log.mjs';
import { TracedDisk } from './traced-disk.mjs';

/** @typedef {import('../wire.mjs').Packet} Packet */
/** @typedef {import('./recovered-state.mjs').RecoveredSession} RecoveredSession */

/**
 * Who was connected in the trace, and what they sent.
 * @typedef {object} Cast
 * @property {ReadonlyMap<number, string>} clients Client identifiers by the port at their end.
 * @property {string} publisher Whose PUBLISH packets are known.
 * @property {ReadonlyMap<number, string>} payloads Of these, by packet identifier.
 * @property {string} absent A client whose session gets every message, and who takes none.
 */
/**
 * @typedef {object} Judgement
 * @property {Record<string, number>} told How many packets of each kind told of something kept.
 * @property {readonly string[]} early Those that left before it was on the disk, in words.
 * @property {number} syncs System calls after which more was on the disk.
 */

const MAXIMUM_PACKET_BYTES = 1 << 20;
const SOCKET_WRITES = ['write', 'writev', 'sendto', 'sendmsg'];
/** What waits for PUBCOMP: `DeliveryState.AwaitingPubcomp`. */
const AWAITING_PUBCOMP = 3;

/**
 * @param {string} text of the trace
 * @param {string} directory of the store
 * @param {Cast} cast
 * @returns {Promise<Judgement>}
 */
export async function judge(text, directory, cast) {
  const disk = new TracedDisk(directory);
  /** @type {Map<number, PacketReader>} */
  const readers = new Map();
  /** @type {Record<string, number>} */
  const told = {};
  const early = [];
  let known = { version: -1, sessions: /** @type {ReadonlyMap<string, RecoveredSession>} */ (new Map()) };
  for (const moment of momentsOf(text)) {
    disk.pass(moment);
    const { kind, call } = moment;
    const port = kind === 'begin' && SOCKET_WRITES.includes(call.name) ? peerPort(call.fdName) : undefined;
    if (port === undefined) continue;
    const clientId = cast.clients.get(port);
    if (clientId === undefined) continue;
    let reader = readers.get(port);
    if (reader === undefined) readers.set(port, (reader = new PacketReader()));
    for (const packet of reader.packetsIn(call.data)) {
      if (known.version !== disk.version) {
        known = { version: disk.version, sessions: await recoveredSessions(disk.image()) };
      }
      const isKept = keptIn(known.sessions, cast, clientId, packet);
      if (isKept === undefined) continue;
      told[packet.type] = (told[packet.type] ?? 0) + 1;
      if (!isKept) early.push(`${packet.type.toUpperCase()}${identifierText(packet)} to ${clientId}`);
    }
  }
  return { told, early, syncs: disk.syncs };
}

/**
 * Whether a broker that knows these sessions knows what the packet has told; undefined if it has told nothing that must
 * be kept.
 * @param {ReadonlyMap<string, RecoveredSession>} sessions
 * @param {Cast} cast
 * @param {string} clientId
 * @param {Packet} packet
 */
function keptIn(sessions, cast, clientId, packet) {
  const own = sessions.get(clientId);
  switch (packet.type) {
    case 'connack':
      return own !== undefined;
    case 'suback':
      return (own?.topicFilters.size ?? 0) > 0;
    case 'puback':
    case 'pubrec': {
      const payload = cast.payloads.get(packet.packetId);
      if (clientId !== cast.publisher || payload === undefined) return undefined;
      const isQueued = sessions.get(cast.absent)?.payloads.has(payload) === true;
      return isQueued && (packet.type === 'puback' || own?.received.has(packet.packetId) === true);
    }
    case 'pubcomp':
      return own !== undefined && !own.received.has(packet.packetId);
    case 'publish':
      return packet.qos === 2 ? own?.inFlight.has(packet.packetId) === true : undefined;
    case 'pubrel':
      return own?.inFlight.get(packet.packetId) === AWAITING_PUBCOMP;
    default:
      return undefined;
  }
}

/** @param {string} name of a socket, as strace writes it */
function peerPort(name) {
  const [, port] = /^TCP:\[.*->127\.0\.0\.1:(\d+)\]$/.exec(name) ?? [];
  return port === undefined ? undefined : Number(port);
}

/** @param {Packet} packet */
function identifierText(packet) {
  return 'packetId' in packet ? ` ${packet.packetId}` : '';
}

/** The packets of one connection, from the calls that wrote them. */
class PacketReader {
  /** @type {Packet[]} */
  #packets = [];
  #stream = new PacketStream(
    {
      onShown: () => {},
      onFrame: (bytes, start, body, end) => {
        const copy = bytes.slice(start, end);
        this.#packets.push(decodePacket(copy, 0, body - start, end - start, 5, { from: 'server' }));
        return FrameResult.Next;
      },
    },
    MAXIMUM_PACKET_BYTES,
  );

  /** @param {Buffer} data that one call wrote: whole packets, as far as the broker writes them whole */
  packetsIn(data) {
    this.#stream.receive(data, 0, data.length);
    if (this.#stream.keptBytes > 0)
      throw new Error('a packet was written in parts: when did it begin to leave?');
    return this.#packets.splice(0);
  }
}
