/** What is wrong with a configuration, for people: a line each, with a place that terminals and editors can open. */
import type { ConfigurationProblem } from '@martlet/broker/config';
import type { OutputStream } from '../command.ts';
import { escapeControls } from '../escape-controls.ts';
import { textStyleFor } from '../text-style.ts';

/** Such as `martlet.yaml:12:5: error: limits.queuedMesages: unknown key; did you mean queuedMessages?` */
export function problemLines(problems: readonly ConfigurationProblem[], stream: OutputStream): string {
  const style = textStyleFor(stream as NodeJS.WriteStream);
  return problems
    .map(({ file, line, column, key, severity, text }) => {
      const place = [file, line, column].filter((each) => each !== undefined).join(':');
      const kind = style(severity === 'error' ? 'red' : 'yellow', severity);
      const about = key === '' ? '' : `${style('bold', escapeControls(key))}: `;
      return `${style('cyan', escapeControls(place))}: ${kind}: ${about}${escapeControls(text)}\n`;
    })
    .join('');
}
