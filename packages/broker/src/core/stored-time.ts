/**
 * How the time that passed while the broker was off is counted. Wall clocks can be wrong, most of all at a start: a machine
 * without a clock of its own begins in 1970, or where it was switched off, and learns the time later.
 */

/** 1 January 2025, in ms since 1970: earlier than any broker ran. A clock that says less has not been set. */
const EARLIEST_PLAUSIBLE_MS = 1_735_689_600_000;

/**
 * What is to be added to the wall clock so that it continues the time in which the store's records are. 0 if both can
 * be believed, so that the time between them has passed; else no time has.
 *
 * @param lastWallMs the time when something was last kept, as the clock went then; 0 if not known
 * @param wallMs the wall clock now
 */
export function storedTimeAheadMs(lastWallMs: number, wallMs: number): number {
  if (lastWallMs === 0) return 0;
  const isBelieved = lastWallMs >= EARLIEST_PLAUSIBLE_MS && wallMs >= lastWallMs;
  return isBelieved ? 0 : lastWallMs - wallMs;
}
