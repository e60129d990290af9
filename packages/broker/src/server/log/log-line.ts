/**
 * An entry of the log as one line, whatever peers put into its text: control characters are escaped, so that a client
 * identifier can neither forge a line nor command the terminal.
 */
import type { LogLevel } from '../../core/ports/log.ts';
import type { LogEntry } from './log-entry.ts';

/** `text` for people, `json` for programs, `mosquitto` for scripts that read Mosquitto's log: the time and the text. */
export type LogFormat = 'text' | 'json' | 'mosquitto';

/** `iso`: 2026-01-02T03:04:05.006Z; `epoch`: seconds since 1970; `none`; else a format of `strftime`, such as `%F %T`. */
export type LogTimestamps = string;

/** Writes a time in a format of `strftime`. */
export type TimeText = (format: string, time: Date) => string;

export interface LineStyle {
  readonly format: LogFormat;
  readonly timestamps: LogTimestamps;
  readonly timeText: TimeText;
}

const AS_IT_IS = (level: LogLevel): string => level;

/** @param markLevel marks up the name of a level for people: colour on a terminal */
export function logLine(
  entry: LogEntry,
  style: LineStyle,
  markLevel: (level: LogLevel) => string = AS_IT_IS,
): string {
  const { level, code, text } = entry;
  const time = timestamp(entry.wallMs, style);
  switch (style.format) {
    case 'json':
      return JSON.stringify(time === '' ? { level, code, text } : { time, level, code, text });
    case 'text':
      return `${time === '' ? '' : `${time} `}${markLevel(level)} ${code}: ${escapeControls(text)}`;
    case 'mosquitto':
      return `${time === '' ? '' : `${time}: `}${indentedLine(text)}`;
  }
}

function timestamp(wallMs: number, { timestamps, timeText }: LineStyle): string {
  switch (timestamps) {
    case 'none':
      return '';
    case 'iso':
      return new Date(wallMs).toISOString();
    case 'epoch':
      return String(Math.floor(wallMs / 1000));
    default:
      return escapeControls(timeText(timestamps, new Date(wallMs)));
  }
}

/** Mosquitto's lines about topics of a packet begin with a tab. */
function indentedLine(text: string): string {
  return text.startsWith('\t') ? `\t${escapeControls(text.slice(1))}` : escapeControls(text);
}

export function escapeControls(text: string): string {
  // C0, DEL, C1, the line separators, and what turns the direction of writing.
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => {
      if (character === '\n') return '\\n';
      if (character === '\t') return '\\t';
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    },
  );
}
