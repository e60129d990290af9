/**
 * The Properties section of a PUBLISH for whoever reads and writes the rest of that packet by itself, as a client does.
 */
import type { PublishProperties } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { PacketReader } from './packet-reader.ts';
import { PacketWriter } from './packet-writer.ts';
import { readPropertyList, writeProperties } from './properties.ts';

/**
 * The properties in `bytes[start, end)`, without the Property Length before them. Correlation Data is a view of `bytes`.
 *
 * @throws {RemoteError} for everything that `decodePacket` refuses in them.
 */
export function readPublishProperties(bytes: Uint8Array, start: number, end: number): PublishProperties {
  return start === end ? NO_PROPERTIES : readPropertyList(new PacketReader(bytes, start, end), 'publish');
}

/**
 * The bytes of the whole section, the Property Length before it included: one without properties.
 *
 * @throws {TypeError | RangeError} for a value that the property cannot have.
 */
export function encodePublishProperties(properties: PublishProperties): Uint8Array {
  const writer = new PacketWriter();
  writeProperties(writer, 'publish', properties);
  return writer.copy();
}
