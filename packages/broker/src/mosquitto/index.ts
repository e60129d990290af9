/** `@martlet/broker/mosquitto`: what Mosquitto has, for Martlet. */
export type { MosquittoDatabaseErrorCode } from './database/database-error.ts';
export { MosquittoDatabaseError } from './database/database-error.ts';
export type {
  MosquittoDatabaseKind,
  MosquittoImportOptions,
  MosquittoImportResult,
} from './database/import-mosquitto.ts';
export { importMosquittoDatabase, mosquittoDatabaseKind } from './database/import-mosquitto.ts';
