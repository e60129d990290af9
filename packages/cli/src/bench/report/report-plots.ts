/** The plots of a report: of one result, or of two laid over each other. */
import type { BenchResult, SeriesPoint } from '../bench-result.ts';
import { mainLatencyOf } from '../bench-result.ts';
import { countText } from '../figure-text.ts';
import { linearScale, logarithmicScale, ninesScale, timeScale } from './plot-scale.ts';
import type { PlotLine } from './svg-plot.ts';
import { svgPlot } from './svg-plot.ts';

const MEBIBYTE = 1_048_576;

/** @param names of the results, for the legends; of a single one it is left out */
export function plotsOf(results: readonly BenchResult[], names: readonly string[]): readonly string[] {
  return [
    percentilePlot(results, names),
    ratePlot(results, names),
    latencyPlot(results, names),
    processorPlot(results, names),
    memoryPlot(results, names),
  ].filter((plot) => plot !== '');
}

function percentilePlot(results: readonly BenchResult[], names: readonly string[]): string {
  const isOne = results.length === 1;
  const lines = results.flatMap((result, index) => {
    const main = mainLatencyOf(result);
    const curves = isOne
      ? ([
          ['delivery', result.delivery],
          [result.plan.scenario === 'subscribe' ? 'SUBACK' : 'acknowledgement', result.answer],
          ['CONNACK', result.plan.scenario === 'connections' ? result.connect : null],
        ] as const)
      : ([[names[index]!, main?.of ?? null]] as const);
    return curves
      .filter(([, distribution]) => distribution !== null)
      .map(([name, distribution], place) => ({
        name,
        colour: index + place + 1,
        points: distribution!.curve,
      }));
  });
  if (lines.length === 0) return '';
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
  const before100 = lines
    .flatMap(({ points }) => points.map(([percentile]) => percentile))
    .filter((at) => at < 100);
  return svgPlot({
    title: 'Latency by percentile',
    unit: 'ms, logarithmic; each nine to the right is ten times rarer',
    x: ninesScale(Math.max(90, ...before100)),
    y: logarithmicScale(lowestOf(values), Math.max(...values, 0.01), millisecondLabel),
    lines,
  });
}

function ratePlot(results: readonly BenchResult[], names: readonly string[]): string {
  const pick = ({ plan }: BenchResult): ((point: SeriesPoint) => number) =>
    plan.subscribers > 0 ? (point) => point.deliveredPerSecond : (point) => point.answeredPerSecond;
  const lines = results.flatMap((result, index): PlotLine[] => {
    const hasAnswers = result.plan.subscribers > 0 || result.plan.qos > 0 || result.plan.idle > 0;
    const isConnecting = result.plan.scenario === 'connections';
    const what = result.plan.subscribers > 0 ? 'delivered' : isConnecting ? 'connections' : 'acknowledged';
    const sent = lineOf(result, 'sent', results.length === 1 ? 2 : index + 1, (point) => point.sentPerSecond);
    if (!hasAnswers) return [{ ...sent, name: nameOf('sent', names, index) }];
    const answered = lineOf(result, nameOf(what, names, index), index + 1, pick(result));
    return results.length === 1 && !isConnecting ? [answered, { ...sent, isDashed: true }] : [answered];
  });
  return overTime(results, lines, 'Rate', 'a second', countText);
}

function latencyPlot(results: readonly BenchResult[], names: readonly string[]): string {
  const lines = results.flatMap((result, index): PlotLine[] => {
    const isOne = results.length === 1;
    const median = lineOf(result, nameOf('p50', names, index), index + 1, (point) => point.p50Ms);
    const high = lineOf(result, nameOf('p99', names, index), isOne ? 2 : index + 1, (point) => point.p99Ms);
    const highest = lineOf(result, 'maximum', 3, (point) => point.maximumMs);
    return isOne ? [highest, high, median] : [{ ...median, isDashed: true }, high];
  });
  const values = valuesOf(lines);
  if (values.length === 0) return '';
  const endMs = endOf(results);
  return svgPlot({
    title: 'Latency over time',
    unit: 'ms, logarithmic',
    x: timeScale(endMs, secondLabel),
    y: logarithmicScale(lowestOf(values), Math.max(...values, 0.01), millisecondLabel),
    lines,
    ...paleOf(results),
  });
}

function processorPlot(results: readonly BenchResult[], names: readonly string[]): string {
  const lines = results.flatMap((result, index): PlotLine[] => {
    const isOne = results.length === 1;
    const broker = lineOf(
      result,
      nameOf('broker, cores', names, index),
      index + 1,
      (point) => point.brokerCores,
    );
    const generator = lineOf(result, 'busiest thread of the generator', 2, (point) => point.generatorBusy);
    return isOne ? [broker, { ...generator, isDashed: true }] : [broker];
  });
  const shown = lines.filter(({ points }) => points.some(([, value]) => value !== null));
  return overTime(results, shown, 'Processors', 'cores', roundLabel);
}

function memoryPlot(results: readonly BenchResult[], names: readonly string[]): string {
  const lines = results.map((result, index) =>
    lineOf(result, nameOf('broker', names, index), index + 1, (point) =>
      point.brokerMemoryBytes === null ? null : point.brokerMemoryBytes / MEBIBYTE,
    ),
  );
  const shown = lines.filter(({ points }) => points.some(([, value]) => value !== null));
  return overTime(results, shown, 'Memory of the broker', 'MiB, resident, or as it says', roundLabel);
}

/** From 0 up, over the time of the run. Nothing where there is nothing to draw. */
function overTime(
  results: readonly BenchResult[],
  lines: readonly PlotLine[],
  title: string,
  unit: string,
  label: (value: number) => string,
): string {
  const values = valuesOf(lines);
  if (values.length === 0) return '';
  return svgPlot({
    title,
    unit,
    x: timeScale(endOf(results), secondLabel),
    y: linearScale(Math.max(...values), label),
    lines,
    ...paleOf(results),
  });
}

function lineOf(
  { series, pointMs }: BenchResult,
  name: string,
  colour: number,
  value: (point: SeriesPoint) => number | null,
): PlotLine {
  return { name, colour, points: series.map((point) => [point.atMs - pointMs / 2, value(point)] as const) };
}

function nameOf(what: string, names: readonly string[], index: number): string {
  return names.length > 1 ? `${names[index]}: ${what}` : what;
}

function valuesOf(lines: readonly PlotLine[]): readonly number[] {
  return lines.flatMap(({ points }) => points.map(([, value]) => value)).filter((value) => value !== null);
}

function endOf(results: readonly BenchResult[]): number {
  return Math.max(...results.map(({ series, pointMs }) => series.at(-1)?.atMs ?? pointMs));
}

function paleOf(results: readonly BenchResult[]): { pale?: { from: number; to: number; label: string } } {
  const to = Math.max(...results.map(({ plan }) => plan.warmUpMs));
  return to === 0 ? {} : { pale: { from: 0, to, label: 'warm-up' } };
}

/** Of those that are above 0, since there is none on a logarithmic axis. */
function lowestOf(values: readonly number[]): number {
  return Math.max(0.001, Math.min(...values.filter((value) => value > 0), 1000));
}

function millisecondLabel(ms: number): string {
  return ms >= 1 ? countText(ms) : String(Number(ms.toPrecision(1)));
}

/** Of a round number. */
function roundLabel(value: number): string {
  return value >= 1000 ? countText(value) : String(Number(value.toPrecision(6)));
}

function secondLabel(ms: number): string {
  return `${Number((ms / 1000).toFixed(2))} s`;
}
