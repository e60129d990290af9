/** A column of the index: one plain number for each thing, by its number. */
export type Column = Float64Array | Uint32Array | Int32Array | Uint8Array;

/** Copies as much of a column as the new one, larger or smaller, has room for; returns the new one. */
export function copyInto<T extends Column>(to: T, from: T): T {
  to.set(from.length > to.length ? from.subarray(0, to.length) : from);
  return to;
}
