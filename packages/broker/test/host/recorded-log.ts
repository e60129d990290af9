import type { Log, LogLevel } from '@martlet/broker';

/** A log that tests read. */
export class RecordedLog implements Log {
  readonly entries: { readonly level: LogLevel; readonly code: string; readonly text: string }[] = [];

  write(level: LogLevel, code: string, text: string): void {
    this.entries.push({ level, code, text });
  }

  textsOf(code: string): readonly string[] {
    return this.entries.filter((entry) => entry.code === code).map(({ text }) => text);
  }
}
