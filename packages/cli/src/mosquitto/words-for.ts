/** How a server speaks: in Mosquitto's words where its log has Mosquitto's format. */
import type { Configuration } from '@martlet/broker/config';
import type { ServerDependencies } from '@martlet/broker/server';

type Words = Pick<ServerDependencies, 'phrase' | 'onBroker' | 'openListener'>;

/** @param configuration the one in effect; it may become another one */
export async function wordsFor(configuration: () => Configuration): Promise<Words> {
  if (configuration().log.format !== 'mosquitto') return {};
  const { MosquittoLog } = await import('@martlet/broker/mosquitto');
  return new MosquittoLog(() => configuration().log).dependencies;
}
