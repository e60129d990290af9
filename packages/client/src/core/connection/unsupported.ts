import { ClientError } from '../ports/client-error.ts';

/** What the application asks for is nothing that the server can do, by what it said about itself. */
export function unsupported(what: string): ClientError {
  return new ClientError('NOT_SUPPORTED_BY_SERVER', `expected a server with ${what}, got one without`);
}

/** @param most bytes of a packet that the server takes [MQTT-3.2.2-15] */
export function tooLarge(most: number, bytes: number): ClientError {
  const text = `expected a packet of at most ${most} bytes, which the server takes, got ${bytes}`;
  return new ClientError('PACKET_TOO_LARGE', text);
}
