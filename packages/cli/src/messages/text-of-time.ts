/** Text made of a time, kept while the time is the same: many messages come in one millisecond. */
export function textOfTime(make: (wallMs: number) => string): (wallMs: number) => string {
  let madeMs = Number.NaN;
  let text = '';
  return (wallMs) => {
    if (wallMs !== madeMs) {
      madeMs = wallMs;
      text = make(wallMs);
    }
    return text;
  };
}
