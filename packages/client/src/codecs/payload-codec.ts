/**
 * Turns a value into a payload and back: for typed topics, and for whoever wants to by hand.
 *
 *     const celsius: PayloadCodec<number> = {
 *       contentType: 'application/vnd.example.celsius',
 *       encode: (value) => new Uint8Array(new Float64Array([value]).buffer),
 *       decode: (payload) => new Float64Array(payload.slice().buffer)[0]!,
 *     };
 */
export interface PayloadCodec<T> {
  /** The Content Type that MQTT 5.0 messages get, unless their options say another. */
  readonly contentType?: string;
  /** 1: the payload is UTF-8. */
  readonly payloadFormatIndicator?: 0 | 1;
  /** @throws {ClientError} `INVALID_PAYLOAD` when the value cannot be encoded. */
  encode(value: T): Uint8Array;
  /** @throws {ClientError} `INVALID_PAYLOAD` when the payload is none of this codec's. */
  decode(payload: Uint8Array): T;
}
