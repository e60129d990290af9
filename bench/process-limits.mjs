/** What Linux tells about processes. */
import { readFileSync } from 'node:fs';

const PLANNED_CLIENTS = 100_000;
/** Descriptors that a broker or generator needs for other things than clients. */
const RESERVE = 300;

/** How many clients one broker can have here: a descriptor each. */
export function mostClients() {
  const limit = Number(
    /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024,
  );
  return Math.min(PLANNED_CLIENTS, limit - RESERVE);
}

export function residentKilobytes(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}

/** Resident memory that is no file's: the heap, buffers, tables. */
export function anonymousKilobytes(pid) {
  return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}
