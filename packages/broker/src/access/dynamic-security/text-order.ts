/** The order in which names are listed: by character, as Mosquitto's, in no language. */

export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
