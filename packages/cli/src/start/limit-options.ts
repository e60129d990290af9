/** From `--limit name=value` to limits as the broker takes them. */
import type { Limits } from '@martlet/broker';
import { resolveProfile } from '@martlet/broker';
import { UsageError } from '../usage-error.ts';

/** @throws {UsageError} with the nearest name, or the bounds */
export function parseLimits(assignments: readonly string[]): Partial<Limits> {
  const limits: Record<string, number> = {};
  for (const assignment of assignments) {
    const { name, value } = split(assignment);
    // Only digits: an empty value or 0x10 would otherwise pass as the number it converts to.
    limits[name] = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    check(limits, value);
  }
  return limits;
}

function split(assignment: string): { readonly name: string; readonly value: string } {
  const at = assignment.indexOf('=');
  if (at <= 0) {
    throw new UsageError(
      `option '--limit ${assignment}': expected a name and a value, such as connections=500`,
    );
  }
  return { name: assignment.slice(0, at), value: assignment.slice(at + 1) };
}

/** What was checked before passes again: the error is about the latest. */
function check(limits: Partial<Limits>, value: string): void {
  try {
    resolveProfile({ limits });
  } catch (cause) {
    const text = (cause as Error).message.replace(/got NaN$/, `got '${value}'`);
    throw new UsageError(`option '--limit': ${text}`, { cause });
  }
}
