/** A plot of lines as an SVG element that stands in a page: its colours are those of the page's style. */
import { escaped } from './markup.ts';
import type { PlotScale } from './plot-scale.ts';

export interface PlotLine {
  readonly name: string;
  /** Number of the colour, from 1. */
  readonly colour: number;
  readonly isDashed?: boolean;
  /** Null leaves a gap. */
  readonly points: readonly (readonly [number, number | null])[];
}

export interface Plot {
  readonly title: string;
  /** What the vertical axis counts. */
  readonly unit: string;
  readonly x: PlotScale;
  readonly y: PlotScale;
  readonly lines: readonly PlotLine[];
  /** A stretch along the horizontal axis that is set back: the warm-up. */
  readonly pale?: { readonly from: number; readonly to: number; readonly label: string };
}

const WIDTH = 720;
const HEIGHT = 280;
const LEFT = 64;
const RIGHT = 16;
const TOP = 12;
const BOTTOM = 28;
const INNER_WIDTH = WIDTH - LEFT - RIGHT;
const INNER_HEIGHT = HEIGHT - TOP - BOTTOM;
/** Marks that are nearer to each other than this are left out. */
const LEAST_GAP = 46;

export function svgPlot(plot: Plot): string {
  const legend = plot.lines.map(
    ({ name, colour, isDashed }) =>
      `<span class="key c${colour}${isDashed ? ' dashed' : ''}">${escaped(name)}</span>`,
  );
  const label = `${plot.title}: ${plot.lines.map(({ name }) => name).join(', ')}`;
  return `<figure>
<figcaption><b>${escaped(plot.title)}</b> <small>${escaped(plot.unit)}</small><span class="legend">${legend.join('')}</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(label)}">
${paleMarkup(plot)}${axesMarkup(plot)}
${plot.lines.map((line) => lineMarkup(line, plot)).join('\n')}
</svg>
</figure>`;
}

function paleMarkup({ pale, x }: Plot): string {
  if (pale === undefined || pale.to <= pale.from) return '';
  const from = acrossOf(x.place(pale.from));
  const width = acrossOf(Math.min(1, x.place(pale.to))) - from;
  const text = width > 50 ? `<text x="${round(from + 6)}" y="${TOP + 14}">${escaped(pale.label)}</text>` : '';
  return `<rect class="pale" x="${round(from)}" y="${TOP}" width="${round(width)}" height="${INNER_HEIGHT}"/>${text}\n`;
}

function axesMarkup({ x, y }: Plot): string {
  const across = y.marks.map(({ at, label }) => {
    const height = round(upOf(at));
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${height}" y2="${height}"/><text class="end" x="${LEFT - 8}" y="${round(upOf(at) + 4)}">${escaped(label)}</text>`;
  });
  const marks: string[] = [];
  let lastPlace = Number.NEGATIVE_INFINITY;
  for (const { at, label } of x.marks) {
    const place = acrossOf(at);
    if (place - lastPlace < LEAST_GAP) continue;
    lastPlace = place;
    // The last label would stand half outside of the picture.
    const anchor = place > WIDTH - RIGHT - 20 ? 'end' : 'middle';
    marks.push(`<text class="${anchor}" x="${round(place)}" y="${HEIGHT - 8}">${escaped(label)}</text>`);
  }
  return [...across, ...marks].join('');
}

/** One path for each stretch without a gap; a single point is a dot. */
function lineMarkup({ points, colour, isDashed, name }: PlotLine, { x, y }: Plot): string {
  const style = `line c${colour}${isDashed ? ' dashed' : ''}`;
  const stretches: string[][] = [[]];
  for (const [across, up] of points) {
    if (up === null) {
      if (stretches.at(-1)!.length > 0) stretches.push([]);
    } else {
      stretches.at(-1)!.push(`${round(acrossOf(x.place(across)))},${round(upOf(y.place(up)))}`);
    }
  }
  return stretches
    .filter((stretch) => stretch.length > 0)
    .map((stretch) => {
      const [first] = stretch;
      if (stretch.length > 1) {
        return `<polyline class="${style}" points="${stretch.join(' ')}"><title>${escaped(name)}</title></polyline>`;
      }
      const [cx, cy] = first!.split(',');
      return `<circle class="${style}" cx="${cx}" cy="${cy}" r="2.5"/>`;
    })
    .join('');
}

function acrossOf(place: number): number {
  return LEFT + place * INNER_WIDTH;
}

function upOf(place: number): number {
  return TOP + (1 - Math.max(0, Math.min(1, place))) * INNER_HEIGHT;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
