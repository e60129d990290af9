/** What the commands of `martlet store` can be told. */
import type { FlagRow, OptionalTextRow, OptionValues } from './option-table.ts';

const DATA_DIR: Readonly<OptionalTextRow> = {
  flags: '--data-dir <directory>',
  kind: 'text',
  default: null,
  text: 'where the broker keeps its data (default: as for martlet start)',
};

const JSON_OUTPUT: Readonly<FlagRow> = {
  flags: '--json',
  kind: 'flag',
  text: 'print one line of JSON instead',
};

type ReportRows = {
  readonly dataDir: OptionalTextRow;
  readonly json: FlagRow;
};

type BackupRows = {
  readonly dataDir: OptionalTextRow;
};

type ExportRows = {
  readonly dataDir: OptionalTextRow;
  readonly output: OptionalTextRow;
  readonly salvage: FlagRow;
};

type ImportRows = {
  readonly dataDir: OptionalTextRow;
  readonly input: OptionalTextRow;
  readonly salvage: FlagRow;
};

/** Of `check` and `stats`. */
export const STORE_REPORT_OPTIONS: Readonly<ReportRows> = { dataDir: DATA_DIR, json: JSON_OUTPUT };

export const STORE_BACKUP_OPTIONS: Readonly<BackupRows> = { dataDir: DATA_DIR };

export const STORE_EXPORT_OPTIONS: Readonly<ExportRows> = {
  dataDir: DATA_DIR,
  output: {
    flags: '--output <file>',
    kind: 'text',
    default: null,
    text: 'a new file to write to (default: standard output)',
  },
  salvage: {
    flags: '--salvage',
    kind: 'flag',
    text: 'export what can be read of a damaged store, and say what could not',
  },
};

export const STORE_IMPORT_OPTIONS: Readonly<ImportRows> = {
  dataDir: DATA_DIR,
  input: {
    flags: '--input <file>',
    kind: 'text',
    default: null,
    text: "the file to read: an export, or Mosquitto's mosquitto.db or SQLite database (default: an export from standard input)",
  },
  salvage: {
    flags: '--salvage',
    kind: 'flag',
    text: 'of a damaged mosquitto.db, import what is before the damage',
  },
};

export type StoreReportOptions = OptionValues<ReportRows>;
export type StoreBackupOptions = OptionValues<BackupRows>;
export type StoreExportOptions = OptionValues<ExportRows>;
export type StoreImportOptions = OptionValues<ImportRows>;
