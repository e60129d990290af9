/** `--latency`: the time from the request to the response, as mosquitto_rr 2.1 writes it. */

/** Such as `Latency: 1.234567ms`, `Latency: 12.500000µs`, `Latency: 2.000000001`. @param ms with fractions */
export function latencyText(ms: number): string {
  const ns = Math.max(0, Math.round(ms * 1e6));
  if (ns >= 1e9) return `Latency: ${Math.floor(ns / 1e9)}.${String(ns % 1e9).padStart(9, '0')}`;
  if (ns >= 1e6) return `Latency: ${(ns / 1e6).toFixed(6)}ms`;
  return ns >= 1000 ? `Latency: ${(ns / 1000).toFixed(6)}µs` : `Latency: ${ns}ns`;
}
