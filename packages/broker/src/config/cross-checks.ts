/** What the schema cannot see: keys that contradict each other, and what is worth a notice. */
import type { Configuration } from './configuration.ts';
import type { ConfigurationProblem } from './configuration-error.ts';
import type { Source } from './source.ts';

export function findingsOf(configuration: Configuration, source: Source): readonly ConfigurationProblem[] {
  return configuration.bridges.map((_bridge, at) => ({
    ...source.placeOf(['bridges', at]),
    key: `bridges[${at}]`,
    severity: 'notice',
    code: 'later',
    text: 'the bridge is checked, but bridges do not run yet',
  }));
}
