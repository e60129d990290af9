/** Checks a configuration together with the files that it names, as a server would that starts with it, and starts none. */
import type { ConfigurationProblem } from '../config/configuration-error.ts';
import { ConfigurationError, inOrder, withoutRepetitions } from '../config/configuration-error.ts';
import { keyText } from '../config/key-path.ts';
import type { LoadedConfiguration } from '../config/load-configuration.ts';
import { nodeEnvironment } from '../host/broker-environment.ts';
import { checkListenerFiles } from '../listeners/open-listener.ts';
import type { AccessBuilding } from './access/access-building.ts';
import type { ProtocolOpeners } from './listeners/listener-opening.ts';
import { withListenerKeys } from './listeners/listener-problems.ts';

/**
 * Reads every file that the configuration names: passwords, rules, certificates. Nothing is opened, written or asked over a network.
 * @param openers what the server would be given for further protocols
 * @returns errors and notices by file and line, those of the configuration itself among them
 */
export async function checkConfiguration(
  loaded: LoadedConfiguration,
  openers: ProtocolOpeners = {},
): Promise<readonly ConfigurationProblem[]> {
  const problems: ConfigurationProblem[] = [...loaded.notices];
  const { AccessBuilder } = await import('./access/build-access.ts');
  const builder = new AccessBuilder({
    clock: nodeEnvironment(),
    log: { write: () => {} },
    env: {},
  });
  await collect(problems, async () => {
    const building = await builder.build(loaded, true);
    problems.push(...building.notices);
    try {
      await checkAccess(loaded, building, problems);
    } finally {
      building.close();
    }
  });
  await builder.close();
  await checkListeners(loaded, openers, problems);
  return inOrder(withoutRepetitions(loaded.source.named(problems)));
}

async function checkAccess(
  { configuration }: LoadedConfiguration,
  building: AccessBuilding,
  problems: ConfigurationProblem[],
): Promise<void> {
  const sections = [
    { ...configuration, at: [] },
    ...configuration.listeners.map((listener, index) => ({ ...listener, at: ['listeners', index] })),
  ];
  for (const { authentication, authorization, at } of sections) {
    if (authentication !== null)
      await collect(problems, async () => {
        const built = await building.authenticator(authentication, [...at, 'authentication']);
        problems.push(...built.notices);
        built.close();
      });
    if (authorization !== null)
      await collect(problems, async () => {
        const built = await building.authorizer(authorization, [...at, 'authorization']);
        problems.push(...built.notices);
        built.close();
      });
  }
}

async function checkListeners(
  { configuration, source }: LoadedConfiguration,
  openers: ProtocolOpeners,
  problems: ConfigurationProblem[],
): Promise<void> {
  for (const [index, listener] of configuration.listeners.entries()) {
    const opener = listener.protocol === 'mqtt-sn' ? openers[listener.protocol] : undefined;
    if (opener !== undefined) problems.push(...(await opener.check(listener, ['listeners', index])));
    const path = ['listeners', index, 'tls'];
    await collect(problems, async () => {
      const remarks = await checkListenerFiles(listener).catch((error: unknown) => {
        throw withListenerKeys(error, index);
      });
      const place = { ...source.placeOf(path), key: keyText(path), severity: 'notice' } as const;
      problems.push(...remarks.map(({ code, text }) => ({ ...place, code, text })));
    });
  }
}

/** What is wrong with one section keeps nobody from looking at the others. */
async function collect(problems: ConfigurationProblem[], check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    problems.push(...error.problems);
  }
}
