/** There is no connection, or no longer one: in words, and as the exit code that Mosquitto's tools have for it. */
import type { ClientError, ReasonCode } from '@martlet/client';
import { CommandFailure } from '../command-failure.ts';
import { ExitCode } from '../exit-code.ts';

/** A server could not be reached, or would not have us. */
export class ConnectionFailure extends CommandFailure {
  override readonly name: string = 'ConnectionFailure';
  override readonly exitCode: number;

  constructor(message: string, exitCode: number, cause: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }

  /** @param error what an attempt to connect was rejected with */
  static of(error: unknown, protocolVersion: number): ConnectionFailure {
    const text = error instanceof Error ? error.message : String(error);
    return new ConnectionFailure(text, exitCodeForConnection(error, protocolVersion), error);
  }
}

/** Return codes of CONNACK before MQTT 5.0, by the reason codes that stand for them in the client. */
const RETURN_CODES: Readonly<Record<number, number>> = { 132: 1, 133: 2, 136: 3, 134: 4, 135: 5 };

/**
 * The code of CONNACK where the server has refused the connection: as it is in MQTT 5.0 (128 and above), from 1 to 5 before.
 * Everything else is 1.
 *
 * @param error what an attempt to connect was rejected with
 */
export function exitCodeForConnection(error: unknown, protocolVersion: number): number {
  const reasonCode = reasonCodeOf(error);
  if (reasonCode === undefined || reasonCode < 0x80) return ExitCode.Failure;
  return protocolVersion === 5 ? reasonCode : (RETURN_CODES[reasonCode] ?? ExitCode.Failure);
}

/** By the property and not by the class, so that nothing of the client has to be loaded. */
function reasonCodeOf(error: unknown): ReasonCode | undefined {
  return error instanceof Error && error.name === 'ClientError'
    ? (error as ClientError).reasonCode
    : undefined;
}
