/** What the log of a broker that a command runs has of the process. */
import type { LogLevel } from '@martlet/broker';
import type { LogWorld } from '@martlet/broker/server';
import { strftime } from '../messages/strftime.ts';
import type { TextStyle } from '../text-style.ts';
import { textStyleFor } from '../text-style.ts';

export function startLogWorld(): LogWorld {
  // Whoever read the log has gone; the broker's clients have not.
  process.stderr.on('error', () => {});
  const styles = { stdout: textStyleFor(process.stdout), stderr: textStyleFor(process.stderr) };
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    wallMs: () => Date.now(),
    timeText: (format, time) =>
      format.replaceAll(/%(.)/gsu, (_whole, conversion: string) => strftime(conversion, time)),
    markLevel: (stream, level) => styledLevel(level, styles[stream]),
  };
}

function styledLevel(level: LogLevel, style: TextStyle): string {
  switch (level) {
    case 'error':
      return style('red', level);
    case 'warning':
      return style('yellow', level);
    case 'notice':
    case 'info':
    case 'debug':
      return level;
  }
}
