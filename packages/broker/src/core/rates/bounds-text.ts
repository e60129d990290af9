/** The bounds that are set, such as `messagesInPerSecond 10, bytesInPerSecond 5000`. */
export function boundsText(bounds: Readonly<Record<string, number | null>>): string {
  return Object.entries(bounds)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
