/**
 * Times many small steps and prints rows of a Markdown table. Steps are taken in thousands, and what is shown is CPU time
 * of all threads, which other programs on the machine disturb least. The median is what a step costs; the mean also has
 * garbage collection and tables that grow. "Worst 1,000" is time on the clock: pauses, and what else the machine did.
 */
const CHUNK = 1000;
/** Keeps results in use, so that nothing is optimised away. */
let sink = 0;

export function header() {
  console.log('| step | ns of CPU, median | mean | worst 1,000, ms | |\n|---|---:|---:|---:|---|');
}

export function row(...cells) {
  console.log(`| ${cells.join(' | ')} |`);
}

/** A step's result, kept in use. */
export function keep(value) {
  sink += value | 0;
}

/** Times `count` steps, each of which does `per` things; `note` is asked afterwards. */
export function measure(what, count, step, note = () => '', per = 1) {
  const chunk = Math.max(1, CHUNK / per);
  const each = [];
  let worstNs = 0;
  const before = cpuMicroseconds();
  for (let i = 0; i < count; ) {
    const first = i;
    const start = process.hrtime.bigint();
    const cpu = cpuMicroseconds();
    for (const end = Math.min(i + chunk, count); i < end; i++) keep(step(i));
    each.push(((cpuMicroseconds() - cpu) * 1000) / (i - first) / per);
    worstNs = Math.max(worstNs, Number(process.hrtime.bigint() - start));
  }
  const mean = ((cpuMicroseconds() - before) * 1000) / count / per;
  each.sort((a, b) => a - b);
  row(what, round(each[each.length >> 1]), round(mean), (worstNs / 1e6).toFixed(2), note());
}

function cpuMicroseconds() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

export function round(ns) {
  return ns < 100 ? ns.toFixed(1) : ns.toFixed(0);
}

/** What is reachable, after a full collection; NaN without `--expose-gc`. */
export function heapBytes() {
  if (globalThis.gc === undefined) return Number.NaN;
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

export function checkMeasured() {
  if (sink === 0) throw new Error('nothing was measured');
}
