/** From values to places along an axis, and where the axis has its marks. Pure. */

export interface ScaleMark {
  /** From 0 to 1 along the axis. */
  readonly at: number;
  readonly label: string;
}

export interface PlotScale {
  /** From 0 to 1; outside for what is not on the axis. */
  place(value: number): number;
  readonly marks: readonly ScaleMark[];
}

/** About so many marks. */
const MARKS = 5;

/** From 0 to a round number not below the maximum. */
export function linearScale(maximum: number, label: (value: number) => string): PlotScale {
  const step = roundStep((maximum > 0 ? maximum : 1) / MARKS);
  const count = Math.max(1, Math.ceil(maximum / step - 1e-9));
  const top = count * step;
  return {
    place: (value) => value / top,
    marks: Array.from({ length: count + 1 }, (_, index) => ({
      at: index / count,
      label: label(index * step),
    })),
  };
}

/** Time from 0 to an end that is where it is: a plot over time ends with the run. */
export function timeScale(endMs: number, label: (value: number) => string): PlotScale {
  const step = roundStep(endMs / MARKS);
  const marks: ScaleMark[] = [];
  for (let value = 0; value <= endMs * (1 + 1e-9); value += step)
    marks.push({ at: value / endMs, label: label(value) });
  return { place: (value) => value / endMs, marks };
}

/** By powers of ten, from one not above the minimum to one not below the maximum. */
export function logarithmicScale(
  minimum: number,
  maximum: number,
  label: (value: number) => string,
): PlotScale {
  const first = Math.floor(Math.log10(minimum) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(maximum) - 1e-9));
  const place = (value: number): number =>
    (Math.log10(Math.max(value, minimum / 10)) - first) / (last - first);
  const marks: ScaleMark[] = [];
  for (let power = first; power <= last; power++)
    marks.push({ at: place(10 ** power), label: label(10 ** power) });
  return { place, marks };
}

const NINES: readonly number[] = [0, 50, 90, 99, 99.9, 99.99, 99.999, 99.9999];

/** Percentiles by what is left to 100 %: each further nine takes as much room as the one before. */
export function ninesScale(highest: number): PlotScale {
  const depth = (percentile: number): number => -Math.log10(Math.max(1e-9, 1 - percentile / 100));
  const end = Math.max(depth(highest), 1);
  return {
    place: (percentile) => Math.min(1, depth(percentile) / end),
    marks: NINES.filter((percentile) => depth(percentile) <= end + 1e-9).map((percentile) => ({
      at: depth(percentile) / end,
      label: `${percentile} %`,
    })),
  };
}

/** 1, 2 or 5 times a power of ten, not below the value. */
function roundStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = value / power;
  return (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10) * power;
}
