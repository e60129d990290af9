/** A payload that goes by reference, between bytes that are copied. */
export interface Piece {
  /** Where in the bytes it belongs: after this many of them. */
  readonly at: number;
  readonly payload: Uint8Array;
}

/** The bytes up to `length` with the payloads in their places, as a transport writes them. */
export function viewsOf(bytes: Uint8Array, length: number, pieces: readonly Piece[]): Uint8Array[] {
  const views: Uint8Array[] = [];
  let from = 0;
  for (const piece of pieces) {
    if (piece.at > from) views.push(bytes.subarray(from, piece.at));
    views.push(piece.payload);
    from = piece.at;
  }
  if (length > from) views.push(bytes.subarray(from, length));
  return views;
}
