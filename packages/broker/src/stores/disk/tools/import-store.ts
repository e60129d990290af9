import { Durability } from '../../../core/ports/durability.ts';
import { SegmentLog } from '../log/segment-log.ts';
import { RecordWriter } from '../records/record-writer.ts';
import type { ExportCounts } from './export/export-lines.ts';
import { ImportError } from './import/import-error.ts';
import { LineError } from './import/line-fields.ts';
import { LineImport } from './import/line-import.ts';
import { readLines } from './import/line-reader.ts';
import { NewStoreDirectory } from './new-store-directory.ts';

/** So much is gathered for one write. */
const BATCH_BYTES = 4 * 1024 * 1024;
const LINES_PER_REPORT = 10_000;

export interface ImportOptions {
  /** @default 16 MiB */
  readonly segmentBytes?: number;
  readonly onProgress?: (lines: number) => void;
  /**
   * A file in the directory from which the export was made: it may stay there, as all may that belongs to no store. If root imports,
   * the store belongs to its owner; else to the directory's.
   * @default none: the directory must be empty, or not there
   */
  readonly beside?: string | undefined;
}

/**
 * Makes a store of what `exportStore` wrote, in an empty or absent directory. Every line is checked, and that none is
 * missing at the end. The directory holds the whole store when this resolves, and none when it rejects.
 *
 * @param source a readable stream of UTF-8; it may be as long as it likes
 * @throws {ImportError} when the export is not one, with the number of the line
 * @throws {StoreToolError} `target-not-empty`
 * @throws {StoreLockError} when a broker uses the directory
 * @throws {StoreFailure} when the disk is full or fails
 *
 * @example
 * await importStore(createReadStream('martlet.ndjson'), '/var/lib/martlet');
 */
export async function importStore(
  source: AsyncIterable<Uint8Array | string>,
  directory: string,
  options: ImportOptions = {},
): Promise<Readonly<ExportCounts>> {
  const made = await NewStoreDirectory.make(directory, { beside: options.beside });
  try {
    const counts = await importInto(made, source, options);
    await made.finish();
    return counts;
  } catch (error) {
    await made.abandon();
    throw error;
  }
}

async function importInto(
  { files }: NewStoreDirectory,
  source: AsyncIterable<Uint8Array | string>,
  { segmentBytes, onProgress }: ImportOptions,
): Promise<ExportCounts> {
  const log = await SegmentLog.open(files, {
    segmentBytes,
    onReplay: () => undefined,
    onMoved: () => undefined,
    onNote: () => undefined,
  });
  try {
    const writer = new RecordWriter(log.gathering.meta);
    const lines = new LineImport(writer);
    let lineNumber = 0;
    for await (const [number, text] of readLines(source)) {
      lineNumber = number;
      takeLine(lines, text, number, log);
      const { data, meta } = log.gathering;
      if (data.length + meta.length >= BATCH_BYTES) {
        await log.commit(Durability.Os);
        writer.begin(log.gathering.meta);
      }
      if (number % LINES_PER_REPORT === 0) onProgress?.(number);
    }
    if (!lines.hasEnd) {
      const text =
        'expected a last line with "type":"end", got none: the export was cut, or was not finished';
      throw new ImportError(text, { lineNumber: lineNumber + 1 });
    }
    onProgress?.(lineNumber);
    await log.close();
    return lines.counts;
  } catch (error) {
    await log.close().catch(() => undefined);
    throw error;
  }
}

function takeLine(lines: LineImport, text: string, lineNumber: number, log: SegmentLog): void {
  try {
    lines.take(text, log.gathering.data);
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    throw new ImportError(error.message, { lineNumber, cause: error });
  }
}
