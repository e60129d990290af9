/** What checks say when something is not as it has to be. */
import type { AcknowledgementPacket, PublishPacket } from '@martlet/protocol';
import { CheckFailure, CheckInconclusive } from './check-failure.ts';
import { reasonText } from './packet-text.ts';

const utf8 = new TextEncoder();

export function bytesOf(payload: string | Uint8Array): Uint8Array {
  return typeof payload === 'string' ? utf8.encode(payload) : payload;
}

export function textOf(packet: PublishPacket): string {
  return new TextDecoder().decode(packet.payload);
}

/** Fails unless it is so. */
export function expectThat(isSo: boolean, expected: string, got: string): asserts isSo {
  if (!isSo) throw new CheckFailure(`expected ${expected}, got ${got}`);
}

/** Fails unless both have the same JSON. */
export function expectEqual(got: unknown, expected: unknown, what: string): void {
  const [gotText, expectedText] = [JSON.stringify(got), JSON.stringify(expected)];
  expectThat(gotText === expectedText, `${what} to be ${expectedText}`, String(gotText));
}

/** An acknowledgement has to be of the packet identifier that it is waited for with. */
export function checkId<Packet extends AcknowledgementPacket>(packet: Packet, packetId: number): Packet {
  if (packet.packetId === packetId) return packet;
  throw new CheckFailure(
    `expected ${packet.type.toUpperCase()} with packet identifier ${packetId}, got ${packet.packetId}`,
  );
}

/** As {@link checkId}, where a check cannot go on if the server refuses the message: that says nothing about a statement. */
export function checkTaken(packet: AcknowledgementPacket, packetId: number): void {
  const { reasonCode } = checkId(packet, packetId);
  if (reasonCode < 0x80) return;
  throw new CheckInconclusive(`the server refused a PUBLISH that the check needs: ${reasonText(reasonCode)}`);
}
