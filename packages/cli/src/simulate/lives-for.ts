/** The lives of all devices of a scenario. */
import { CommandFailure } from '../command-failure.ts';
import { quoted } from '../flags/value-parsers.ts';
import { DeviceLife } from './device-life.ts';
import type { Scenario } from './scenario.ts';
import { seededRandom } from './seeded-random.ts';

export interface LivesOptions {
  readonly seed: number;
  /** Milliseconds. */
  readonly beginWithinMs: number;
  /** Milliseconds since 1970. */
  readonly beganWallMs: number;
  /** Of the scenario's file, for messages. */
  readonly name: string;
}

/** @throws {CommandFailure} if two have the same client identifier */
export function livesFor({ devices }: Scenario, options: LivesOptions): readonly DeviceLife[] {
  const random = seededRandom(options.seed);
  const clientIds = new Set<string>();
  return devices.flatMap((spec, at) =>
    Array.from({ length: spec.count }, (_, index) => {
      const life = new DeviceLife({
        ...options,
        spec,
        number: index + 1,
        // A chance of its own, so that what one does changes nothing for the others.
        random: seededRandom(Math.floor(random() * 0x1_0000_0000)),
      });
      if (clientIds.has(life.clientId))
        throw new CommandFailure(
          `${options.name}: devices[${at}].clientId: expected one of its own for each device, as with {{n}}, got ${quoted(life.clientId)} again`,
        );
      clientIds.add(life.clientId);
      return life;
    }),
  );
}
