/** The keys of `martlet.yaml`, outermost; the tables of its sections stand beside this one. */
import { HABITS, WHEN_FULL } from '../../core/options/profile.ts';
import { DROP_REASONS } from '../../core/telling/drop-reason.ts';
import type { Configuration } from '../configuration.ts';
import type { Table } from '../row.ts';
import { AUTHENTICATION_ROWS } from './authentication-rows.ts';
import { AUTHORIZATION_ROWS, DYNAMIC_SECURITY_ROWS } from './authorization-rows.ts';
import { behaviourRow } from './behaviour-rows.ts';
import { BRIDGE_ROWS } from './bridge-rows.ts';
import { limitsRow } from './limit-rows.ts';
import { LISTENER_ROWS } from './listener-rows.ts';
import { LOG_ROWS } from './log-rows.ts';
import { RATES_ROWS } from './rate-rows.ts';

/** How much may stand in the lists that one user writes. */
const MAXIMUM_LISTENERS = 1000;

export const CONFIGURATION_ROWS: Readonly<Table<Configuration>> = {
  profile: {
    kind: 'choice',
    choices: ['martlet', 'mosquitto'],
    default: 'martlet',
    text: "whose defaults hold for `limits` and `behaviour`: Martlet's, or those of Mosquitto 2.1",
  },
  store: {
    kind: 'section',
    text: 'what is kept, and what an acknowledgement promises',
    keys: {
      directory: {
        kind: 'path',
        orFalse: true,
        default: null,
        defaultText: 'that of `martlet start`',
        text: 'where sessions and messages are kept; `false`: in memory only',
      },
      durability: {
        kind: 'choice',
        choices: ['disk', 'os', 'memory'],
        default: 'disk',
        text: HABITS.durability.text,
      },
      topicDurability: {
        kind: 'list',
        entryKey: 'topicFilter',
        default: [],
        text: HABITS.topicDurability.text,
        of: {
          kind: 'section',
          text: 'messages on some topics',
          keys: {
            topicFilter: { kind: 'text', form: 'topic-filter', text: 'a topic filter' },
            durability: {
              kind: 'choice',
              choices: ['disk', 'os', 'memory'],
              text: 'what an acknowledgement promises',
            },
          },
        },
      },
    },
  },
  listeners: {
    kind: 'list',
    entryKey: 'name',
    of: { kind: 'section', keys: LISTENER_ROWS, text: 'a place where clients connect' },
    maximumEntries: MAXIMUM_LISTENERS,
    default: [],
    defaultText: 'mqtt on 127.0.0.1:1883, and websocket on 127.0.0.1:8080',
    text: 'where clients connect',
  },
  authentication: {
    kind: 'section',
    keys: AUTHENTICATION_ROWS,
    text: 'who may connect',
  },
  authorization: {
    kind: 'section',
    keys: AUTHORIZATION_ROWS,
    text: 'what clients may do',
  },
  dynamicSecurity: {
    kind: 'section',
    keys: DYNAMIC_SECURITY_ROWS,
    default: null,
    text: "Mosquitto's dynamic security: clients, groups and roles that are changed while the broker runs, by `mosquitto_ctrl` and its like",
  },
  limits: limitsRow(),
  rates: { kind: 'section', keys: RATES_ROWS, text: 'how much whoever connects may do in a time' },
  queues: {
    kind: 'list',
    entryKey: 'topicFilter',
    default: [],
    text: HABITS.queues.text,
    of: {
      kind: 'section',
      text: 'messages on some topics',
      keys: {
        topicFilter: { kind: 'text', form: 'topic-filter', text: 'a topic filter' },
        whenFull: {
          kind: 'choice',
          choices: WHEN_FULL,
          text: 'what a full queue does with a message',
        },
        messages: {
          kind: 'number',
          optional: true,
          minimum: 0,
          maximum: 1_000_000_000,
          unit: 'messages',
          defaultText: '`limits.queuedMessages`',
          text: 'so many messages that wait, of whatever topic, are enough for the queue to be full for these; for `reject` and `drop-newest`',
        },
        bytes: {
          kind: 'number',
          optional: true,
          minimum: 0,
          maximum: 70_368_744_177_664,
          unit: 'bytes',
          defaultText: '`limits.queuedBytes`',
          text: 'the same in bytes',
        },
      },
    },
  },
  retained: {
    kind: 'section',
    text: 'retained messages',
    keys: {
      quotas: {
        kind: 'list',
        entryKey: 'topicPrefix',
        default: [],
        text: HABITS.retainedQuotas.text,
        of: {
          kind: 'section',
          text: 'what may be retained under a topic, itself included',
          keys: {
            topicPrefix: {
              kind: 'text',
              form: 'topic-name',
              text: 'whole levels without wildcards, such as `sensors/roof`',
            },
            messages: {
              kind: 'number',
              optional: true,
              minimum: 0,
              maximum: 1_000_000_000,
              unit: 'messages',
              defaultText: 'any number',
              text: 'retained messages',
            },
            bytes: {
              kind: 'number',
              optional: true,
              minimum: 0,
              maximum: 70_368_744_177_664,
              unit: 'bytes',
              defaultText: 'any number',
              text: 'bytes of retained messages with their topic names',
            },
          },
        },
      },
    },
  },
  deadLetters: {
    kind: 'section',
    text: 'messages that were dropped, published again for whoever wants to know',
    keys: {
      topicPrefix: {
        kind: 'text',
        form: 'topic-name',
        default: null,
        defaultText: 'none are published',
        text: HABITS.deadLetterPrefix.text,
      },
      reasons: {
        kind: 'list',
        of: {
          kind: 'choice',
          choices: DROP_REASONS.map(({ code }) => code),
          text: 'a reason for which messages are dropped',
        },
        default: [],
        defaultText: 'all but `no-matching-subscribers`',
        text: HABITS.deadLetterReasons.text,
      },
    },
  },
  behaviour: behaviourRow(),
  log: { kind: 'section', keys: LOG_ROWS, text: 'what is logged, where and how' },
  control: {
    kind: 'section',
    text: 'how `martlet reload`, `martlet why` and `martlet config plan` reach the running broker',
    keys: {
      socket: {
        kind: 'path',
        words: ['default', 'none'],
        default: 'default',
        text: 'a Unix socket for the user that the broker runs as; `default`: one of its own, which the commands find; `none`: there is none',
      },
    },
  },
  reload: {
    kind: 'section',
    text: 'when the configuration is read again, besides on SIGHUP and by `martlet reload`',
    keys: {
      watch: {
        kind: 'switch',
        default: false,
        text: 'whether a change of this file, or of one that it names, reloads; certificates are always watched',
      },
    },
  },
  pidFile: {
    kind: 'path',
    default: null,
    text: "a file in which the number of the broker's process stands while it runs",
  },
  user: {
    kind: 'text',
    form: 'plain',
    default: null,
    defaultText: 'the one that started it',
    text: 'the user as whom the broker goes on, once everything is opened, when root started it',
  },
  bridges: {
    kind: 'list',
    entryKey: 'name',
    of: { kind: 'section', keys: BRIDGE_ROWS, text: 'a bridge to another broker' },
    maximumEntries: MAXIMUM_LISTENERS,
    default: [],
    text: 'bridges to other brokers; they are read and checked, but do not run yet',
  },
};
