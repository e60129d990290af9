/** From `--durability`, `--topic-durability` and `--data-dir` to the levels a broker takes, and where it keeps things. */
import type { DurabilityName, TopicDurability } from '@martlet/broker';
import { resolveProfile } from '@martlet/broker';
import { UsageError } from '../usage-error.ts';

export interface Levels {
  readonly durability: DurabilityName;
  readonly topicDurability: readonly TopicDurability[];
}

/** @throws {UsageError} for what is no topic filter with a level */
export function parseLevels(durability: DurabilityName, assignments: readonly string[]): Levels {
  const topicDurability: TopicDurability[] = [];
  for (const assignment of assignments) {
    // A topic filter may have an equals sign in it, a level has none.
    const at = assignment.lastIndexOf('=');
    if (at <= 0) {
      throw new UsageError(
        `option '--topic-durability ${assignment}': expected a topic filter and a level, such as sensors/#=os`,
      );
    }
    topicDurability.push({
      topicFilter: assignment.slice(0, at),
      durability: assignment.slice(at + 1) as DurabilityName,
    });
    check(topicDurability);
  }
  return { durability, topicDurability };
}

/** What was checked before passes again: the error is about the latest. */
function check(topicDurability: readonly TopicDurability[]): void {
  try {
    resolveProfile({ topicDurability });
  } catch (cause) {
    throw new UsageError(
      (cause as Error).message.replace(/^option topicDurability/, "option '--topic-durability'"),
      {
        cause,
      },
    );
  }
}

/** True when nothing is ever written, so that no store on a disk is needed. */
export function isMemoryOnly({ durability, topicDurability }: Levels): boolean {
  return durability === 'memory' && topicDurability.every((entry) => entry.durability === 'memory');
}
