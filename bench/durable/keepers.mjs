/** Whoever keeps messages: our broker at each level, and Mosquitto, each fresh and with a directory of its own. */
import { startMartlet, startMosquitto } from '../measured-broker.mjs';
import { newDirectory, removeDirectory } from './data-directory.mjs';

/** Limits that no measurement here meets. */
const HIGH_LIMITS = { queuedMessages: 1e9, queuedBytes: 2 ** 40, queuedBytesInAll: 2 ** 40 };

/**
 * @param {import('./parts.mjs').Keeper} keeper
 * @param {{ parent: string, mosquitto: string | null, defaultLimits?: boolean, profile?: string }} options `profile` is where our broker's CPU profile goes
 * @returns {Promise<MeasuredBroker & { directory: string, end(): Promise<void> }>} `end` also removes the directory
 */
export async function startKeeper(keeper, { parent, mosquitto, defaultLimits = false, profile }) {
  const directory = newDirectory(parent);
  const broker =
    keeper === 'mosquitto'
      ? await startMosquitto(mosquitto, { keptIn: directory })
      : await startMartlet({
          ...(keeper === 'memory' ? {} : { directory }),
          nodeOptions: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
          options: {
            ...(keeper === 'memory' ? {} : { durability: keeper }),
            ...(defaultLimits ? {} : { limits: HIGH_LIMITS }),
          },
        });
  return {
    ...broker,
    directory,
    async end() {
      await broker.stop();
      removeDirectory(directory);
    },
  };
}
