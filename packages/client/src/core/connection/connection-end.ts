/** Why a connection is over. */
import type { DisconnectPacket, ReasonCode } from '@martlet/protocol';
import type { ClientError } from '../ports/client-error.ts';

export interface ConnectionEnd {
  /** Who ended it: this side on purpose, the server with a packet that says so or by closing, or nobody that we know of. */
  readonly by: 'client' | 'server' | 'network';
  readonly error: ClientError;
  /** What CONNACK or DISCONNECT of the server, or our own DISCONNECT, said. */
  readonly reasonCode?: ReasonCode | undefined;
  /** The server's word on where to go instead. */
  readonly serverReference?: string | undefined;
  /** Whether CONNACK had accepted the connection. */
  readonly wasOnline?: boolean;
}

export type DisconnectProperties = DisconnectPacket['properties'];
