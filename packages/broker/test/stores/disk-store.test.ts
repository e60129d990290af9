import { SimulatedFiles } from './disk/simulated-files.ts';
import { realHarness, simulatedHarness } from './disk-harness.ts';
import { describeStore } from './store-contract.ts';

describeStore('DiskStore, simulated files', { keepsAtOnce: false, histories: 300 }, () =>
  simulatedHarness(new SimulatedFiles({ seed: 1 }), {}),
);
describeStore(
  'DiskStore, simulated files that are always cleaned',
  { keepsAtOnce: false, histories: 300 },
  () => simulatedHarness(new SimulatedFiles({ seed: 2 }), { segmentBytes: 1024, smallestCleanedBytes: 2048 }),
);
describeStore('DiskStore, a directory', { keepsAtOnce: false, histories: 10 }, () => realHarness({}));
