import { Writable } from 'node:stream';
import type { ExportOptions } from '../../../../src/stores/disk/tools/export-store.ts';
import { exportStore } from '../../../../src/stores/disk/tools/export-store.ts';
import type { StoreSource } from '../../../../src/stores/disk/tools/store-snapshot.ts';

/** The text of an export. */
export async function exported(source: StoreSource, options: ExportOptions = {}): Promise<string> {
  const chunks: Buffer[] = [];
  const target = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  await exportStore(source, target, options);
  return Buffer.concat(chunks).toString('utf8');
}

/** Its lines as objects. */
export function linesOf(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
