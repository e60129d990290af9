/** The keys of `log`. */
import type { LogConfiguration } from '../log-configuration.ts';
import type { Table } from '../row.ts';

export const LOG_ROWS: Readonly<Table<LogConfiguration>> = {
  destinations: {
    kind: 'list',
    entryKey: 'type',
    of: {
      kind: 'variants',
      text: 'where log lines go',
      variants: {
        stderr: { text: 'standard error', keys: {} },
        stdout: { text: 'standard output', keys: {} },
        file: {
          text: 'a file, opened anew on SIGHUP',
          keys: { path: { kind: 'path', text: 'the file; it is made if it is not there' } },
        },
        syslog: {
          text: "the system's log",
          keys: {
            facility: {
              kind: 'choice',
              choices: [
                'daemon',
                'user',
                'local0',
                'local1',
                'local2',
                'local3',
                'local4',
                'local5',
                'local6',
                'local7',
              ],
              default: 'daemon',
              text: 'the facility of syslog',
            },
            tag: {
              kind: 'text',
              form: 'plain',
              default: 'martlet',
              text: 'the name of the program in the lines',
            },
          },
        },
        topic: { text: 'messages on `$SYS/broker/log/…`', keys: {} },
        none: { text: 'nowhere', keys: {} },
      },
    },
    default: [{ type: 'stderr' }],
    defaultText: 'standard error',
    text: 'where log lines go',
  },
  types: {
    kind: 'list',
    of: {
      kind: 'choice',
      choices: ['error', 'warning', 'notice', 'info', 'debug', 'subscribe', 'unsubscribe', 'websockets'],
      text: 'a kind of log line',
    },
    default: ['error', 'warning', 'notice'],
    text: 'which lines are logged; `info` has clients that come and go, `debug` subscriptions and dropped messages',
  },
  format: {
    kind: 'choice',
    choices: ['text', 'json', 'mosquitto'],
    default: 'text',
    text: 'how lines look: for people, an object of JSON each, or in the words of Mosquitto',
  },
  timestamps: {
    kind: 'text',
    form: 'plain',
    default: 'iso',
    text: 'how lines tell the time: `iso` (UTC), `epoch` (seconds since 1970), `none`, or a format of strftime such as `%Y-%m-%dT%H:%M:%S`',
  },
  connectionMessages: {
    kind: 'switch',
    default: true,
    text: 'whether clients that come and go are logged at `info`',
  },
};
