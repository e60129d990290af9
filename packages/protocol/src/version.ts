/** The protocol levels as CONNECT carries them: MQTT 3.1 ("MQIsdp"), MQTT 3.1.1 and MQTT 5.0 (both "MQTT"). */
export const ProtocolVersion = { V31: 3, V311: 4, V5: 5 } as const;

export type ProtocolVersion = (typeof ProtocolVersion)[keyof typeof ProtocolVersion];
