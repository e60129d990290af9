/** Every message of MQTT-SN 1.2, as the codec takes and gives them. Section numbers are those of the specification. */

/** -1 needs no connection and has no answer (section 6.8). */
export type SnQos = -1 | 0 | 1 | 2;

/** 0x0000 and 0xFFFF are reserved. */
export type TopicId = number;

/** How a message names its topic. */
export type TopicReference =
  /** By an identifier that the gateway has assigned for this client. */
  | { readonly kind: 'normal'; readonly topicId: TopicId }
  /** By one that both sides know beforehand. */
  | { readonly kind: 'predefined'; readonly topicId: TopicId }
  /** A topic name of two octets, in place of an identifier. */
  | { readonly kind: 'short'; readonly topicName: string }
  /** In full: in SUBSCRIBE and UNSUBSCRIBE, and in PUBLISH of QoS -1 as the Paho and RSMB gateways take it. */
  | { readonly kind: 'name'; readonly topicName: string };

/** Without its message, which is told apart. */
export interface WillTopic {
  readonly topicName: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

export interface Advertise {
  readonly type: 'advertise';
  readonly gatewayId: number;
  /** Seconds until the next one. */
  readonly duration: number;
}

export interface SearchGw {
  readonly type: 'searchgw';
  /** Hops; 0: the whole network. */
  readonly radius: number;
}

export interface GwInfo {
  readonly type: 'gwinfo';
  readonly gatewayId: number;
  /** Of the gateway, if another client answers for it; empty otherwise. Its form is up to the network. */
  readonly gatewayAddress: Uint8Array;
}

export interface Connect {
  readonly type: 'connect';
  readonly will: boolean;
  readonly cleanSession: boolean;
  /** 0x01 for MQTT-SN 1.2. */
  readonly protocolId: number;
  /** Keep alive, in seconds. */
  readonly duration: number;
  readonly clientId: string;
}

/** Answers that are a return code. */
export interface Answer {
  readonly type: 'connack' | 'willtopicresp' | 'willmsgresp';
  readonly returnCode: number;
}

/** Messages without a body. */
export interface Plain {
  readonly type: 'willtopicreq' | 'willmsgreq' | 'pingresp';
}

export interface WillTopicMessage {
  readonly type: 'willtopic' | 'willtopicupd';
  /** Null deletes the will. */
  readonly will: WillTopic | null;
}

export interface WillMessage {
  readonly type: 'willmsg' | 'willmsgupd';
  readonly payload: Uint8Array;
}

export interface Register {
  readonly type: 'register';
  /** 0 from a client. */
  readonly topicId: TopicId;
  readonly packetId: number;
  readonly topicName: string;
}

export interface Regack {
  readonly type: 'regack';
  readonly topicId: TopicId;
  readonly packetId: number;
  readonly returnCode: number;
}

export interface Publish {
  readonly type: 'publish';
  readonly dup: boolean;
  readonly qos: SnQos;
  readonly retain: boolean;
  readonly topic: TopicReference;
  /** 0 at QoS 0 and -1, though some clients send another. */
  readonly packetId: number;
  readonly payload: Uint8Array;
}

export interface Puback {
  readonly type: 'puback';
  /** As in the PUBLISH: of a short topic name, its two octets. */
  readonly topicId: TopicId;
  readonly packetId: number;
  readonly returnCode: number;
}

export interface Exchange {
  readonly type: 'pubrec' | 'pubrel' | 'pubcomp' | 'unsuback';
  readonly packetId: number;
}

export interface Subscribe {
  readonly type: 'subscribe';
  readonly dup: boolean;
  readonly qos: 0 | 1 | 2;
  readonly packetId: number;
  /** Never `normal`: without a kind, what stands there is a name (section 5.3.4). */
  readonly topic: TopicReference;
}

export interface Suback {
  readonly type: 'suback';
  readonly qos: 0 | 1 | 2;
  /** 0 for a filter with wildcards. */
  readonly topicId: TopicId;
  readonly packetId: number;
  readonly returnCode: number;
}

export interface Unsubscribe {
  readonly type: 'unsubscribe';
  readonly packetId: number;
  readonly topic: TopicReference;
}

export interface Pingreq {
  readonly type: 'pingreq';
  /** From a client that wakes. */
  readonly clientId: string | undefined;
}

export interface Disconnect {
  readonly type: 'disconnect';
  /** Seconds for which the client sleeps; undefined if it leaves. */
  readonly duration: number | undefined;
}

export type SnMessage =
  | Advertise
  | SearchGw
  | GwInfo
  | Connect
  | Answer
  | Plain
  | WillTopicMessage
  | WillMessage
  | Register
  | Regack
  | Publish
  | Puback
  | Exchange
  | Subscribe
  | Suback
  | Unsubscribe
  | Pingreq
  | Disconnect;
