/** One thing that the log tells, and of which kind it is: what an operator chooses by. */
import type { LogType } from '../../config/log-configuration.ts';
import type { LogLevel } from '../../core/ports/log.ts';

export interface LogEntry {
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  readonly level: LogLevel;
  /** Stable and machine-readable, such as `connection-refused`. */
  readonly code: string;
  readonly text: string;
}

/** Codes that begin so are about WebSocket. */
const WEBSOCKET_CODE = 'websocket-';

export function logTypeOf({ level, code }: LogEntry): LogType {
  switch (code) {
    case 'subscribed':
      return 'subscribe';
    case 'unsubscribed':
      return 'unsubscribe';
    default:
      return code.startsWith(WEBSOCKET_CODE) && level === 'debug' ? 'websockets' : level;
  }
}
