/** Subprotocols spoken, the preferred one first. The second is what clients offered before MQTT 3.1.1 named the first. */
export const SUBPROTOCOLS: readonly string[] = ['mqtt', 'mqttv3.1'];

/**
 * The subprotocol to answer: `mqtt` wherever it is offered [MQTT-6.0.0-4] [MQTT-6.0.0-4] 3.1.1, and undefined where
 * nothing spoken here is.
 *
 * @param offered The values of Sec-WebSocket-Protocol.
 */
export function chooseSubprotocol(offered: ReadonlySet<string>): string | undefined {
  return SUBPROTOCOLS.find((subprotocol) => offered.has(subprotocol));
}

/** The header `Sec-WebSocket-Protocol` as a set: names separated by commas. */
export function offeredSubprotocols(header: string | undefined): ReadonlySet<string> {
  return new Set((header ?? '').split(',').map((name) => name.trim()));
}
