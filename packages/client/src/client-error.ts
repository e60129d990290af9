export type { ClientErrorCode, ClientErrorKind } from './core/ports/client-error.ts';
export { ClientError, errorText } from './core/ports/client-error.ts';
