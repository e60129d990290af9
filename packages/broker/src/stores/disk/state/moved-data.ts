import type { BatchMove } from '../log/batch-places.ts';

/** The data areas that have moved, to be asked for many places. */
export class MovedData {
  /** None is empty; in the order of the places they leave, and none overlaps another there. */
  readonly #moves: readonly BatchMove[];

  /** @param moves in the order of the places they leave */
  constructor(moves: readonly BatchMove[]) {
    this.#moves = moves.filter(({ dataLength }) => dataLength > 0);
  }

  get isEmpty(): boolean {
    return this.#moves.length === 0;
  }

  /** What moved was in segments from this one on. */
  get firstSegment(): number {
    return this.#moves[0]!.from.segment;
  }

  /** And up to this one. */
  get lastSegment(): number {
    return this.#moves.at(-1)!.from.segment;
  }

  /** The data area that had this place, if it has moved. */
  find(segment: number, offset: number): BatchMove | undefined {
    const moves = this.#moves;
    let low = 0;
    let high = moves.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { from } = moves[middle]!;
      const isBehind = from.segment < segment || (from.segment === segment && from.dataStart <= offset);
      if (isBehind) low = middle + 1;
      else high = middle;
    }
    const move = moves[low - 1];
    if (move === undefined || move.from.segment !== segment) return undefined;
    return offset < move.from.dataStart + move.dataLength ? move : undefined;
  }
}
