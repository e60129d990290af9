/** The few packets that the harness itself writes, for MQTT 3.1.1 and 5.0, without a property. */

export const PUBACK = 0x40;
export const PUBREC = 0x50;
export const PUBREL = 0x62;
export const PUBCOMP = 0x70;

export function connectPacket({ clientId, version }) {
  const properties = version === 5 ? [0] : [];
  return packet(0x10, [...text('MQTT'), version, 2, 0, 0, ...properties, ...text(clientId)]);
}

export function connackPacket({ version }) {
  return packet(0x20, version === 5 ? [0, 0, 0] : [0, 0]);
}

export function subscribePacket({ topicFilter, qos, version }) {
  return packet(0x82, [0, 1, ...(version === 5 ? [0] : []), ...text(topicFilter), qos]);
}

export function subackPacket({ packetId, qos, version }) {
  return packet(0x90, [packetId >> 8, packetId & 255, ...(version === 5 ? [0] : []), qos]);
}

export function publishPacket({ topicName, payload, qos, packetId, version }) {
  const id = qos === 0 ? [] : [packetId >> 8, packetId & 255];
  return packet(0x30 | (qos << 1), [...text(topicName), ...id, ...(version === 5 ? [0] : [])], payload);
}

/** A packet that acknowledges with success: four bytes in both versions. */
export function acknowledgement(firstByte, packetId) {
  return Buffer.from([firstByte, 2, packetId >> 8, packetId & 255]);
}

function packet(firstByte, header, payload = Buffer.alloc(0)) {
  let left = header.length + payload.length;
  const length = [];
  do {
    length.push((left % 128) | (left >= 128 ? 128 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return Buffer.concat([Buffer.from([firstByte, ...length, ...header]), payload]);
}

function text(value) {
  const bytes = Buffer.from(value);
  return [bytes.length >> 8, bytes.length & 255, ...bytes];
}
