import type { ClientState } from './client-state.ts';
import type { SnMessage } from './codec/message.ts';

/** What a client asks of the gateway around it. */
export interface ClientOwner<Client> {
  /** @returns false if it may not be sent: see `ClientLine` */
  send(client: Client, message: SnMessage): boolean;
  onState(before: ClientState, after: ClientState): void;
  /** It has left or was lost, and is no client any more. */
  onGone(client: Client): void;
}
