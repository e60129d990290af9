/** `@martlet/broker/mosquitto`: what Mosquitto has, for Martlet. */
export type { MosquittoDatabaseErrorCode } from './database/database-error.ts';
export { MosquittoDatabaseError } from './database/database-error.ts';
export type {
  MosquittoDatabaseKind,
  MosquittoImportOptions,
  MosquittoImportResult,
} from './database/import-mosquitto.ts';
export { importMosquittoDatabase, mosquittoDatabaseKind } from './database/import-mosquitto.ts';
export type {
  LoadedMosquittoConfiguration,
  TranslationSurroundings,
} from './load-mosquitto-configuration.ts';
export { loadMosquittoConfiguration } from './load-mosquitto-configuration.ts';
export { MosquittoLog } from './log/mosquitto-log.ts';
export type { MigratedLine, Migration, MigrationFate } from './migration.ts';
export { migrateMosquittoConfiguration } from './migration.ts';
export { MOSQUITTO_VERSION, MOSQUITTO_VERSION_TEXT } from './mosquitto-version.ts';
export type { OptionFate, OptionRow, OptionScope } from './options/option-row.ts';
export { OPTIONS as MOSQUITTO_OPTIONS } from './options/options.ts';
export { MOSQUITTO_PROFILE } from './profile.ts';
