/** What a result depends on and does not say: the machine, and how long its disk takes to sync. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';

const SYNCS = 200;
const BLOCK_BYTES = 4096;

export function machineText() {
  const model = cpus()[0]?.model ?? 'unknown processor';
  const { median, p99 } = syncTimes();
  const sync = `fdatasync after an append of 4 KiB: median ${median.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
  return `${cpus().length} × ${model}, Linux ${release()}, Node.js ${process.versions.node}; ${sync}`;
}

/** Of an append of 4 KiB and `fdatasync`, in ms, where the rig keeps its directories. */
function syncTimes() {
  const directory = mkdtempSync(join(tmpdir(), 'martlet-sync-'));
  const file = openSync(join(directory, 'appended'), 'w');
  const block = new Uint8Array(BLOCK_BYTES);
  const times = [];
  for (let i = 0; i < SYNCS; i++) {
    const startMs = performance.now();
    writeSync(file, block);
    fdatasyncSync(file);
    times.push(performance.now() - startMs);
  }
  closeSync(file);
  rmSync(directory, { recursive: true, force: true });
  times.sort((a, b) => a - b);
  return { median: times[SYNCS >> 1] ?? 0, p99: times[Math.floor(SYNCS * 0.99)] ?? 0 };
}
