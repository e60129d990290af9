/** Return codes of MQTT-SN 1.2, section 5.3.10; all others are reserved. */
export const ReturnCode = {
  Accepted: 0x00,
  Congestion: 0x01,
  InvalidTopicId: 0x02,
  NotSupported: 0x03,
} as const;

const TEXTS: readonly string[] = [
  'accepted',
  'rejected: congestion',
  'rejected: invalid topic ID',
  'rejected: not supported',
];

/** In the specification's words. */
export function returnCodeText(returnCode: number): string {
  return TEXTS[returnCode] ?? `reserved return code 0x${returnCode.toString(16).padStart(2, '0')}`;
}
