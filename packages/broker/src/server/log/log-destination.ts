import type { LogEntry } from './log-entry.ts';

/** Somewhere the log goes. It never throws and never waits: what it cannot write is counted, and told when it can. */
export interface LogDestination {
  write(entry: LogEntry): void;
  /** The file may have been moved away: another one begins under its name. */
  reopen(): void;
  /** Fulfils when what was given to it is written, or cannot be. */
  close(): Promise<void>;
}

/** Where a destination tells of its own trouble: everywhere else that the log goes. */
export type ReportTrouble = (code: string, text: string) => void;
