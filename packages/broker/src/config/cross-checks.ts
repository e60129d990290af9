/** What the schema cannot see: keys that contradict each other or lack each other, and what is worth a notice. */
import { resolveProfile } from '../core/options/resolve-profile.ts';
import { checkAuthentication, checkAuthorization } from './access-checks.ts';
import { checkBridges } from './bridge-checks.ts';
import type { Configuration } from './configuration.ts';
import type { ConfigurationProblem } from './configuration-error.ts';
import { Findings } from './findings.ts';
import { checkListeners } from './listener-checks.ts';
import { checkMqttSnAccess } from './mqtt-sn-checks.ts';
import { profileOptionsOf } from './profile-options.ts';
import type { Source } from './source.ts';

/** Errors and notices. */
export function findingsOf(configuration: Configuration, source: Source): readonly ConfigurationProblem[] {
  const findings = new Findings(source);
  checkListeners(configuration.listeners, findings);
  checkAuthentication(configuration.authentication, ['authentication'], configuration, findings);
  checkAuthorization(configuration.authorization, ['authorization'], configuration, findings);
  for (const [at, { authentication, authorization }] of configuration.listeners.entries()) {
    const path = ['listeners', at] as const;
    if (authentication !== null)
      checkAuthentication(authentication, [...path, 'authentication'], configuration, findings);
    if (authorization !== null)
      checkAuthorization(authorization, [...path, 'authorization'], configuration, findings);
  }
  checkMqttSnAccess(configuration, findings);
  checkProfile(configuration, findings);
  checkLog(configuration, findings);
  checkBridges(configuration.bridges, findings);
  return findings.problems;
}

/** What only the core itself can say of its options; limits have their bounds in the schema. */
function checkProfile(configuration: Configuration, findings: Findings): void {
  const { limits: _limits, ...options } = profileOptionsOf(configuration);
  for (const [name, value] of Object.entries(options)) {
    try {
      resolveProfile({ [name]: value });
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      const text = error.message.replace(/^option \w+: /, '');
      findings.error(PLACES[name] ?? ['behaviour', name], 'bad-value', text);
    }
  }
}

/** Where the core's options stand that are not under `behaviour`. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  topicDurability: ['store', 'topicDurability'],
  rates: ['rates'],
  queues: ['queues'],
  retainedQuotas: ['retained', 'quotas'],
  deadLetterPrefix: ['deadLetters', 'topicPrefix'],
  deadLetterReasons: ['deadLetters', 'reasons'],
};

function checkLog({ log }: Configuration, findings: Findings): void {
  const { destinations } = log;
  const none = destinations.findIndex(({ type }) => type === 'none');
  if (none !== -1 && destinations.length > 1)
    findings.error(
      ['log', 'destinations', none],
      'contradiction',
      'expected none alone, got others beside it',
    );
}
