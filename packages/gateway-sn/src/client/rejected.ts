import { ReturnCode, returnCodeText } from '../core/codec/return-code.ts';
import type { SnClientErrorCode } from './sn-client-error.ts';
import { SnClientError } from './sn-client-error.ts';

const CODES: Readonly<Record<number, SnClientErrorCode>> = {
  [ReturnCode.Congestion]: 'CONGESTION',
  [ReturnCode.InvalidTopicId]: 'INVALID_TOPIC_ID',
};

/** What the gateway answered, as an error. */
export function rejected(what: string, returnCode: number): SnClientError {
  return new SnClientError(
    CODES[returnCode] ?? 'NOT_SUPPORTED',
    `the gateway answered ${what} with "${returnCodeText(returnCode)}"`,
  );
}
