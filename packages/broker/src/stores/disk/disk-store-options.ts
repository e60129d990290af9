/** The options of a disk store, held against what they may be before anything is opened. */
import type { Log } from '../../core/ports/log.ts';

export interface DiskStoreOptions {
  /** Where it tells what an operator should know. @default nowhere */
  readonly log?: Log | undefined;
  /** A new file is begun when one has this many bytes. @default 16 MiB */
  readonly segmentBytes?: number | undefined;
  /** Files that hold less than this in all are not cleaned. @default 64 MiB */
  readonly smallestCleanedBytes?: number | undefined;
  /** What a turn ends with while a commit is under way goes to another batch once this many bytes are in one. @default 32 MiB */
  readonly largeBatchBytes?: number | undefined;
  /** Ms: how long opening and closing wait for a disk that does not answer. @default 10,000 */
  readonly patienceMs?: number | undefined;
  /** Monotonic; for the time between tries to read what cannot be read. @default the process's */
  readonly clock?: { readonly nowMs: number } | undefined;
  /** Told while it is opened: bytes read, of how many. */
  readonly onProgress?: ((readBytes: number, totalBytes: number) => void) | undefined;
}

/** What an option has to be, in words, and the test of it. */
interface OptionRule {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

const BYTES: Readonly<OptionRule> = {
  expected: 'a whole number of bytes from 1 on',
  accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
};

const RULES: Readonly<Record<keyof DiskStoreOptions, OptionRule>> = {
  log: {
    expected: 'an object with a method write(level, code, text)',
    accepts: (value) => hasMember(value, 'write', 'function'),
  },
  segmentBytes: BYTES,
  smallestCleanedBytes: {
    expected: 'a whole number of bytes from 0 on',
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  },
  largeBatchBytes: BYTES,
  patienceMs: {
    expected: 'a number of ms from 0 on',
    accepts: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
  },
  clock: {
    expected: 'an object with a number nowMs',
    accepts: (value) => hasMember(value, 'nowMs', 'number'),
  },
  onProgress: {
    expected: 'a function of the bytes read and their total',
    accepts: (value) => typeof value === 'function',
  },
};

const DIRECTORY = 'directory';

/**
 * @throws {TypeError} for options without a directory, an unknown option, with the known ones, or a value of the
 *   wrong kind, with what was expected
 */
export function checkDirectoryOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`expected options such as { directory: './martlet-data' }, got ${shown(options)}`);
  }
  const { directory, ...others } = options as { readonly directory?: unknown };
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    throw new TypeError(
      `option ${DIRECTORY}: expected the path of a directory, such as './martlet-data', got ${shown(directory)}`,
    );
  }
  checkStoreOptions(others);
}

function checkStoreOptions(options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(RULES, name)) {
      const known = [DIRECTORY, ...Object.keys(RULES)].join(', ');
      throw new TypeError(`unknown option ${name} of a disk store: expected one of ${known}`);
    }
    if (value === undefined) continue;
    const { expected, accepts } = RULES[name as keyof DiskStoreOptions];
    if (!accepts(value)) throw new TypeError(`option ${name}: expected ${expected}, got ${shown(value)}`);
  }
}

function hasMember(value: unknown, name: string, type: 'function' | 'number'): boolean {
  return (
    typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[name] === type
  );
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
