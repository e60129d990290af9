/** What `--json` prints of a store: one line, described in docs/guides/storing.md. Times are those of ISO 8601, in UTC. */
import type { CheckResult, StoreStats, StoreUse } from '@martlet/broker';
import { storeStateFields } from './store-state-text.ts';

export function checkJson(directory: string, use: StoreUse, { isClean, ...result }: CheckResult): string {
  const stop = isClean ? 'clean' : 'unclean';
  return JSON.stringify({ directory, ...storeStateFields(use), stop, ...result });
}

export function statsJson(
  directory: string,
  use: StoreUse,
  { segments, oldestMessage, ...stats }: StoreStats,
): string {
  return JSON.stringify({
    directory,
    ...storeStateFields(use),
    ...stats,
    segments: segments.map(({ modifiedAtWallMs, ...segment }) => ({
      ...segment,
      modifiedAt: timeText(modifiedAtWallMs),
    })),
    oldestMessage: oldestMessage && oldestJson(oldestMessage),
  });
}

function oldestJson({ keptBeforeWallMs, ...message }: NonNullable<StoreStats['oldestMessage']>): unknown {
  return { ...message, keptBefore: timeText(keptBeforeWallMs) };
}

/** Undefined, and then left out, if it is not known. */
function timeText(wallMs: number | undefined): string | undefined {
  return wallMs === undefined ? undefined : new Date(wallMs).toISOString();
}
