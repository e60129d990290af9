/** How a check ends early: what it throws. */

/** The server did not do what the statement says. The message says what was expected, and what came. */
export class CheckFailure extends Error {
  override readonly name = 'CheckFailure';
}

/** The check does not apply to this server, which lacks what is optional. */
export class CheckSkipped extends Error {
  override readonly name = 'CheckSkipped';
}

/** Nothing can be said of the server: it could not be reached, or refused what the check needs first. */
export class CheckInconclusive extends Error {
  override readonly name = 'CheckInconclusive';
}
