/**
 * The bare floor: what appending and syncing the same bytes in the same groups takes, without a broker. One group is under
 * way at a time, through the thread pool, as a commit is.
 */
import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { percentileOf } from '../samples.mjs';

const FILE_BYTES = 16 * 1024 * 1024;
const GROUPS = [1, 100, 1000, 2500];
const APPEND = constants.O_WRONLY | constants.O_CREAT;

/** Appends of 4 KiB, each followed by `fdatasync`: what this disk is. @returns {Promise<{ p50_us: number, p99_us: number }>} */
export async function measureSync(directory, secs) {
  const { times } = await append(directory, { bytes: 4096, flags: APPEND, sync: true, secs });
  return { p50_us: percentileOf(times, 0.5), p99_us: percentileOf(times, 0.99) };
}

/**
 * @param {number} messageBytes what the log takes for one message
 * @returns {Promise<{ group: number, way: string, per_s: number, cpu_us: number, p50_us: number, p99_us: number }[]>}
 */
export async function measureFloor(directory, messageBytes, secs) {
  const rows = [];
  for (const group of GROUPS) {
    const bytes = Math.ceil(group * messageBytes);
    for (const [way, flags, sync] of [
      ['append + fdatasync', APPEND, true],
      ['append, O_DSYNC', APPEND | constants.O_DSYNC, false],
      ['append, not synced', APPEND, false],
    ]) {
      const { times, elapsedMs, cpuUs } = await append(directory, { bytes, flags, sync, secs });
      const messages = times.length * group;
      rows.push({
        group,
        way,
        per_s: (messages / elapsedMs) * 1000,
        cpu_us: cpuUs / messages,
        p50_us: percentileOf(times, 0.5),
        p99_us: percentileOf(times, 0.99),
      });
    }
  }
  return rows;
}

async function append(directory, { bytes, flags, sync, secs }) {
  const piece = Buffer.alloc(bytes, 'x');
  const times = [];
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  while (performance.now() - startMs < secs * 1000) {
    const path = join(directory, 'floor');
    const file = await open(path, flags);
    for (let position = 0; position < FILE_BYTES; position += bytes) {
      const beforeMs = performance.now();
      await file.write(piece, 0, bytes, position);
      if (sync) await file.datasync();
      times.push((performance.now() - beforeMs) * 1000);
      if (performance.now() - startMs > secs * 1000) break;
    }
    await file.close();
    await rm(path);
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return { times, elapsedMs: performance.now() - startMs, cpuUs: user + system };
}
