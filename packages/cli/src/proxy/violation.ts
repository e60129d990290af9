/** What is against the specification between the packets of a connection. */
import type { ProtocolVersion } from '@martlet/protocol';

export interface Violation {
  /** Its number in the specification of the connection's version; for MQTT 3.1, which numbers none, that of 3.1.1. */
  readonly statement: string;
  readonly text: string;
}

/** The same rule bears other numbers in 3.1.1 and 5.0. */
export function statementOf(version: ProtocolVersion, of5: string, of311: string): string {
  return version === 5 ? of5 : of311;
}
