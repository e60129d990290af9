export type { ClientErrorCode, ClientErrorKind } from './core/ports/client-error.ts';
export { ClientError } from './core/ports/client-error.ts';
