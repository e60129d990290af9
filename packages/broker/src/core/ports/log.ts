export type LogLevel = 'error' | 'warning' | 'notice' | 'info' | 'debug';

/** Where the core reports what an operator should be able to read. Never throws; never calls back. */
export interface Log {
  /** `code` is stable and machine-readable, such as `connection-refused`; `text` is one line. */
  write(level: LogLevel, code: string, text: string): void;
}
