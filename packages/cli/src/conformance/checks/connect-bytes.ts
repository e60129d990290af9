/** CONNECT byte by byte, for checks that need what no encoder writes. */
import type { CheckWorld } from '../check-world.ts';
import { field, frame } from '../frame.ts';

/** Connect Flags: Clean Start, which was Clean Session. */
export const CLEAN = 0x02;
export const KEEP_ALIVE: readonly number[] = [0, 60];

/** A CONNECT byte by byte. @param payload after the properties */
export function connectBytes(
  world: CheckWorld,
  flags: number,
  ...payload: readonly Uint8Array[]
): Uint8Array {
  const properties = world.isV5 ? [0] : [];
  return frame(0x10, field('MQTT'), [world.version, flags], KEEP_ALIVE, properties, ...payload);
}
