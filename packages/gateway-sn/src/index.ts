export type { DecodeOptions, Malformed, MalformedReason } from './codec/decode-message.ts';
export { decodeMessage } from './codec/decode-message.ts';
export { encodeMessage, shortTopicId } from './codec/encode-message.ts';
export type { Encapsulated } from './codec/forwarder.ts';
export { decodeForwarder, encodeForwarder, MAXIMUM_NODE_ID_BYTES } from './codec/forwarder.ts';
export { MAXIMUM_MESSAGE_BYTES } from './codec/frame.ts';
export type { SnMessage, SnQos, TopicId, TopicReference, WillTopic } from './codec/message.ts';
export { MessageType } from './codec/message-type.ts';
export { ReturnCode, returnCodeText } from './codec/return-code.ts';
