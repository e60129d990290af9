/** Messages of MQTT-SN 1.2 and their bytes, from the specification; Wireshark's dissector agrees with them. */
import type { SnMessage } from '../../src/core/codec/message.ts';

export interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly message: SnMessage;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export const VECTORS: readonly Vector[] = [
  { name: 'ADVERTISE', hex: '0500010384', message: { type: 'advertise', gatewayId: 1, duration: 900 } },
  { name: 'SEARCHGW', hex: '030100', message: { type: 'searchgw', radius: 0 } },
  { name: 'GWINFO', hex: '030201', message: { type: 'gwinfo', gatewayId: 1, gatewayAddress: bytes('') } },
  {
    name: 'CONNECT',
    hex: '0a040c01003c64657631',
    message: {
      type: 'connect',
      will: true,
      cleanSession: true,
      protocolId: 1,
      duration: 60,
      clientId: 'dev1',
    },
  },
  { name: 'CONNACK', hex: '030500', message: { type: 'connack', returnCode: 0 } },
  { name: 'WILLTOPICREQ', hex: '0206', message: { type: 'willtopicreq' } },
  {
    name: 'WILLTOPIC',
    hex: '060730772f74',
    message: { type: 'willtopic', will: { topicName: 'w/t', qos: 1, retain: true } },
  },
  { name: 'WILLTOPIC, empty', hex: '0207', message: { type: 'willtopic', will: null } },
  { name: 'WILLMSGREQ', hex: '0208', message: { type: 'willmsgreq' } },
  { name: 'WILLMSG', hex: '0509627965', message: { type: 'willmsg', payload: bytes('bye') } },
  {
    name: 'REGISTER',
    hex: '0b0a00000001612f622f63',
    message: { type: 'register', topicId: 0, packetId: 1, topicName: 'a/b/c' },
  },
  {
    name: 'REGACK',
    hex: '070b0001000100',
    message: { type: 'regack', topicId: 1, packetId: 1, returnCode: 0 },
  },
  {
    name: 'PUBLISH of QoS 1',
    hex: '090c20000100026869',
    message: {
      type: 'publish',
      dup: false,
      qos: 1,
      retain: false,
      topic: { kind: 'normal', topicId: 1 },
      packetId: 2,
      payload: bytes('hi'),
    },
  },
  {
    name: 'PUBLISH of QoS -1 with a short topic name',
    hex: '090c627a7a00006869',
    message: {
      type: 'publish',
      dup: false,
      qos: -1,
      retain: false,
      topic: { kind: 'short', topicName: 'zz' },
      packetId: 0,
      payload: bytes('hi'),
    },
  },
  {
    name: 'PUBLISH of QoS -1 with a predefined topic',
    hex: '090c61000500006869',
    message: {
      type: 'publish',
      dup: false,
      qos: -1,
      retain: false,
      topic: { kind: 'predefined', topicId: 5 },
      packetId: 0,
      payload: bytes('hi'),
    },
  },
  {
    name: 'PUBACK',
    hex: '070d0001000200',
    message: { type: 'puback', topicId: 1, packetId: 2, returnCode: 0 },
  },
  { name: 'PUBCOMP', hex: '040e0002', message: { type: 'pubcomp', packetId: 2 } },
  { name: 'PUBREC', hex: '040f0002', message: { type: 'pubrec', packetId: 2 } },
  { name: 'PUBREL', hex: '04100002', message: { type: 'pubrel', packetId: 2 } },
  {
    name: 'SUBSCRIBE to a name',
    hex: '0812200003612f23',
    message: {
      type: 'subscribe',
      dup: false,
      qos: 1,
      packetId: 3,
      topic: { kind: 'name', topicName: 'a/#' },
    },
  },
  {
    name: 'SUBSCRIBE to a predefined topic',
    hex: '07122100030005',
    message: {
      type: 'subscribe',
      dup: false,
      qos: 1,
      packetId: 3,
      topic: { kind: 'predefined', topicId: 5 },
    },
  },
  {
    name: 'SUBACK',
    hex: '0813200000000300',
    message: { type: 'suback', qos: 1, topicId: 0, packetId: 3, returnCode: 0 },
  },
  {
    name: 'UNSUBSCRIBE',
    hex: '0814000004612f23',
    message: { type: 'unsubscribe', packetId: 4, topic: { kind: 'name', topicName: 'a/#' } },
  },
  { name: 'UNSUBACK', hex: '04150004', message: { type: 'unsuback', packetId: 4 } },
  { name: 'PINGREQ', hex: '0216', message: { type: 'pingreq', clientId: undefined } },
  {
    name: 'PINGREQ of a client that wakes',
    hex: '061664657631',
    message: { type: 'pingreq', clientId: 'dev1' },
  },
  { name: 'PINGRESP', hex: '0217', message: { type: 'pingresp' } },
  { name: 'DISCONNECT', hex: '0218', message: { type: 'disconnect', duration: undefined } },
  { name: 'DISCONNECT to sleep', hex: '0418012c', message: { type: 'disconnect', duration: 300 } },
  {
    name: 'WILLTOPICUPD',
    hex: '061a10772f74',
    message: { type: 'willtopicupd', will: { topicName: 'w/t', qos: 0, retain: true } },
  },
  { name: 'WILLTOPICRESP', hex: '031b00', message: { type: 'willtopicresp', returnCode: 0 } },
  { name: 'WILLMSGUPD', hex: '031c78', message: { type: 'willmsgupd', payload: bytes('x') } },
  { name: 'WILLMSGRESP', hex: '031d00', message: { type: 'willmsgresp', returnCode: 0 } },
  {
    name: 'PUBLISH with a length of three octets',
    hex: `01010d0c00000100 00${'41'.repeat(260)}`.replace(' ', ''),
    message: {
      type: 'publish',
      dup: false,
      qos: 0,
      retain: false,
      topic: { kind: 'normal', topicId: 1 },
      packetId: 0,
      payload: bytes('A'.repeat(260)),
    },
  },
];

/** Of the Paho and RSMB gateways, not of the specification. */
export const LONG_TOPIC_VECTOR: Readonly<Vector> = {
  name: 'PUBLISH of QoS -1 with a name',
  hex: '100c600005000068656c6c6f74657374',
  message: {
    type: 'publish',
    dup: false,
    qos: -1,
    retain: false,
    topic: { kind: 'name', topicName: 'hello' },
    packetId: 0,
    payload: bytes('test'),
  },
};
