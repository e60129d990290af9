/** Properties mean MQTT 5.0: who gives some need not say `-V 5`. */
import type { GivenFlag } from '../flags/parse-flags.ts';
import { UsageError } from '../usage-error.ts';

interface Versioned {
  readonly protocolVersion: 3 | 4 | 5 | undefined;
}

/**
 * The values of the flags with the version that is meant. As in Mosquitto's tools, `-D` counts more than a `-V` before it.
 * @throws {UsageError} for an older version after `-D`, which would lose the properties
 */
export function withPropertyVersion<Values extends Versioned>(
  values: Values,
  given: readonly GivenFlag[],
): Values {
  const keys = given.map(({ key }) => key);
  const lastProperty = keys.lastIndexOf('properties');
  if (lastProperty < 0 || values.protocolVersion === 5) return values;
  if (keys.lastIndexOf('protocolVersion') > lastProperty)
    throw new UsageError('-V: expected 5, which alone has properties (-D), got an older version');
  return { ...values, protocolVersion: 5 };
}
