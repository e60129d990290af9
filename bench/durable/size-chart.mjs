/**
 * Draws the size of the log over a steady load.
 *
 *     npm run bench -- --set durable --json results.json
 *     node bench/durable/size-chart.mjs results.json docs/log-size.svg
 */
import { readFileSync, writeFileSync } from 'node:fs';

const [WIDTH, HEIGHT] = [760, 320];
const FRAME = { left: 64, right: 20, top: 34, bottom: 48 };
const COLORS = ['#1769aa', '#b3541e'];
const MB = 1024 * 1024;
const MILLION = 1_000_000;

const [, , source, target] = process.argv;
if (target === undefined) {
  console.error('node bench/durable/size-chart.mjs RESULTS.json CHART.svg');
  process.exit(2);
}
const { series } = JSON.parse(readFileSync(source, 'utf8')).durable.size;
writeFileSync(target, chart(series));

function chart(lines) {
  const points = lines.flatMap((line) => line.points);
  const across = scale(Math.max(...points.map(({ acked }) => acked)) / MILLION);
  const up = scale(Math.max(...points.map(({ bytes }) => bytes)) / MB);
  const x = (millions) => FRAME.left + (millions / across.end) * (WIDTH - FRAME.left - FRAME.right);
  const y = (megabytes) => HEIGHT - FRAME.bottom - (megabytes / up.end) * (HEIGHT - FRAME.top - FRAME.bottom);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    '<title>Size of the log over messages kept and acknowledged under a steady load</title>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...up.ticks.flatMap((tick) => [
      `<line x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}" stroke="#ddd"/>`,
      text(FRAME.left - 8, y(tick) + 4, `${tick}`, 'end'),
    ]),
    ...across.ticks.map((tick) => text(x(tick), HEIGHT - FRAME.bottom + 18, `${tick}`, 'middle')),
    text(WIDTH / 2, HEIGHT - 10, 'millions of messages kept and acknowledged', 'middle'),
    text(8, 16, 'MB of log', 'start'),
    ...lines.flatMap((line, index) => curve(line, COLORS[index], index, x, y)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function curve({ backlog, points }, color, index, x, y) {
  const path = points.map(
    ({ acked, bytes }) => `${x(acked / MILLION).toFixed(1)},${y(bytes / MB).toFixed(1)}`,
  );
  const label =
    backlog === 0
      ? 'nothing else waits'
      : `${backlog.toLocaleString('en')} messages wait for a client that never comes`;
  const at = FRAME.left + 60 + index * 190;
  return [
    `<polyline fill="none" stroke="${color}" stroke-width="1.5" points="${path.join(' ')}"/>`,
    `<line x1="${at}" x2="${at + 20}" y1="12" y2="12" stroke="${color}" stroke-width="3"/>`,
    text(at + 26, 16, label, 'start'),
  ];
}

function text(x, y, words, anchor) {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="#333">${words}</text>`;
}

/** Round steps up to the next one above the largest value. */
function scale(largest) {
  const rough = largest / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  const count = Math.ceil(largest / step);
  return {
    end: count * step,
    ticks: Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(6))),
  };
}
