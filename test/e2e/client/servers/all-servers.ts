// One suite for all servers: it runs for each, on one that is started for the file and ends with it.

import { afterAll, beforeAll, describe } from 'vitest';
import { MARTLET } from './martlet-server.ts';
import { MOSQUITTO } from './mosquitto-server.ts';
import type { RunningServer, ServerSettings, TestedServer } from './tested-server.ts';

export const SERVERS: readonly TestedServer[] = [MARTLET, MOSQUITTO];

/** @param suite defines tests; `running` may be called in them, and not before */
export function describeEachServer(
  suite: (tested: TestedServer, running: () => RunningServer) => void,
  settings?: ServerSettings,
): void {
  for (const tested of SERVERS) {
    describe.skipIf(tested.isMissing)(`${tested.name} ${tested.label}`.trim(), () => {
      let server: RunningServer | undefined;
      beforeAll(async () => {
        server = await tested.start(settings);
      });
      afterAll(() => server?.close());
      suite(tested, () => server!);
    });
  }
}
