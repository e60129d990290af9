import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { DiskStore } from '../../../../src/stores/disk/disk-store.ts';
import { makeDirectory } from '../../../../src/stores/disk/files/make-directory.ts';
import { NodeLogFiles } from '../../../../src/stores/disk/files/node-log-files.ts';
import { backupStore } from '../../../../src/stores/disk/tools/backup-store.ts';
import { checkStore } from '../../../../src/stores/disk/tools/check-store.ts';
import { importStore } from '../../../../src/stores/disk/tools/import-store.ts';
import { SimulatedFiles } from '../simulated-files.ts';
import { contentsOfExport, contentsOfStore } from './agreement.ts';
import { BusyBroker } from './busy-broker.ts';
import { exported } from './exported.ts';
import { temporaryDirectories } from './temporary-directories.ts';
import { WrittenStore, writeExample } from './written-store.ts';

const pathOf = temporaryDirectories();

describe('The broker and an export', () => {
  test('show the same of an example, before and after it was imported', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    const example = await WrittenStore.open(files, 300);
    await writeExample(example);
    await example.close();
    const text = await exported(files);
    expect(contentsOfStore(await DiskStore.openOn(files))).toEqual(contentsOfExport(text));
    const directory = pathOf('imported');
    await importStore(Readable.from([text]), directory, { segmentBytes: 300 });
    const imported = await DiskStore.open({ directory });
    expect(contentsOfStore(imported)).toEqual(contentsOfExport(text));
    await imported.close();
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'show the same of a store that was used and cleaned all the time (seed %i)',
    async (seed) => {
      const files = new SimulatedFiles({ seed });
      const broker = await BusyBroker.open(files, seed);
      for (let round = 0; round < 100; round++) {
        for (let i = 0; i < 25; i++) broker.act();
        await broker.commit();
        if (round % 20 !== 19) continue;
        // The broker goes on while it is looked at.
        expect(await checkStore(files)).toMatchObject({ isSound: true, findings: [] });
      }
      expect(Number.parseInt([...files.names].sort()[0]!, 10)).toBeGreaterThan(1);
      const text = await exported(files);
      const found = await DiskStore.openOn(files.afterKill());
      expect(contentsOfExport(text)).toEqual(contentsOfStore(found));
    },
  );

  test('show the same of a backup that was taken while the store was used and cleaned', async () => {
    const directory = pathOf('store');
    await makeDirectory(directory);
    const broker = await BusyBroker.open(new NodeLogFiles(directory), 1);
    let rounds = 0;
    const work = async () => {
      for (let i = 0; i < 25; i++) broker.act();
      await broker.commit();
      rounds++;
    };
    await work();
    for (let backups = 0; backups < 4; backups++) {
      const target = pathOf('backup');
      let isDone = false;
      const backup = backupStore(directory, target).finally(() => {
        isDone = true;
      });
      while (!isDone || rounds < 60 * backups) await work();
      await backup;
      expect(await checkStore(target)).toMatchObject({ isSound: true, findings: [] });
      const restored = await DiskStore.openOn(new NodeLogFiles(target));
      expect(contentsOfStore(restored)).toEqual(contentsOfExport(await exported(target)));
      await restored.close();
    }
    await broker.close();
  });
});
