/** Why a connection is over. */
import type { DisconnectPacket } from '@martlet/protocol';
import type { ClientError } from '../ports/client-error.ts';

export interface ConnectionEnd {
  /** Who ended it: this side on purpose, the server with a packet that says so or by closing, or nobody that we know of. */
  readonly by: 'client' | 'server' | 'network';
  /** With the reason code of CONNACK or DISCONNECT. */
  readonly error: ClientError;
  /** The server's word on where to go instead. */
  readonly serverReference?: string | undefined;
  /** Whether CONNACK had accepted the connection. */
  readonly wasOnline?: boolean;
}

export type DisconnectProperties = DisconnectPacket['properties'];
