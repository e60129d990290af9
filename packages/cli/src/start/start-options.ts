/** What `martlet start` can be told. */
import type { OptionValues } from '../option-table.ts';

export const START_OPTIONS = {
  config: {
    flags: '-c, --config <file>',
    kind: 'text',
    default: null,
    text: "configuration: martlet.yaml, or Mosquitto's mosquitto.conf (default: ./martlet.yaml, ~/.config/martlet/martlet.yaml or /etc/martlet/martlet.yaml, if there is one; flags count before it)",
  },
  daemon: {
    flags: '-d, --daemon',
    kind: 'flag',
    text: 'run in the background; the command ends when the broker serves',
  },
  port: {
    flags: '--port <number>',
    kind: 'number',
    default: 1883,
    minimum: 0,
    maximum: 65_535,
    text: 'TCP port for MQTT; 0 takes a free one',
  },
  host: {
    flags: '--host <address>',
    kind: 'text',
    default: '127.0.0.1',
    text: 'address to listen on; 0.0.0.0 or :: for all networks',
  },
  wsPort: {
    flags: '--ws-port <number>',
    kind: 'number',
    default: 8080,
    minimum: 0,
    maximum: 65_535,
    text: 'HTTP port for MQTT over WebSocket; 0 takes a free one',
  },
  wsPath: {
    flags: '--ws-path <path>',
    kind: 'text',
    default: '/mqtt',
    pattern: '^/[^\\s?#]*$',
    expected: 'a path that begins with a slash, such as /mqtt',
    text: 'where WebSocket clients connect',
  },
  wsOrigin: {
    flags: '--ws-origin <origin>',
    kind: 'list',
    text: 'web site whose pages may connect, such as https://example.org (repeatable; default: those of this machine over a loopback address, else all)',
  },
  ws: { flags: '--no-ws', kind: 'switch', text: 'no WebSocket' },
  socket: {
    flags: '--socket <path>',
    kind: 'text',
    default: null,
    text: 'listen on a Unix socket too',
  },
  snPort: {
    flags: '--sn-port <number>',
    kind: 'number',
    default: null,
    minimum: 0,
    maximum: 65_535,
    text: 'listen for MQTT-SN on this UDP port, too (its own is 1883); 0 takes a free one',
  },
  snHost: {
    flags: '--sn-host <address>',
    kind: 'text',
    default: '127.0.0.1',
    text: 'address for MQTT-SN; * for all networks',
  },
  dataDir: {
    flags: '--data-dir <directory>',
    kind: 'text',
    default: null,
    text: 'where sessions and messages are kept (default: ./martlet-data; $STATE_DIRECTORY for a service of systemd; ~/.local/state/martlet for a global installation)',
  },
  durability: {
    flags: '--durability <level>',
    kind: 'choice',
    default: 'disk',
    choices: ['disk', 'os', 'memory'],
    text: 'what an acknowledgement means: on the disk, synced; handed to the operating system; in memory only',
  },
  topicDurability: {
    flags: '--topic-durability <filter=level>',
    kind: 'list',
    text: 'another level for messages on some topics, such as sensors/#=os (repeatable; the first that matches decides)',
  },
  limit: {
    flags: '--limit <name=value>',
    kind: 'list',
    text: 'set a limit, such as connections=500 (repeatable; docs/limits.md has them all)',
  },
  fullQueue: {
    flags: '--full-queue <habit>',
    kind: 'choice',
    default: 'drop-oldest',
    choices: ['drop-oldest', 'drop-newest'],
    text: 'what a session whose queue is full loses; --limit queuedMessages=N says how long it may be',
  },
  queueQos0: {
    flags: '--queue-qos0',
    kind: 'flag',
    text: 'let messages of QoS 0 wait for sessions that are offline, too',
  },
  willGraceMs: {
    flags: '--will-grace-ms <number>',
    kind: 'number',
    default: 30_000,
    minimum: 0,
    maximum: 86_400_000,
    text: 'ms after a restart in which a client may come back before its will is published',
  },
  control: {
    flags: '--control <path>',
    kind: 'text',
    default: null,
    text: "socket by which commands such as martlet reload find the broker; 'none': there is none (default: one in the directory for them)",
  },
  pidFile: {
    flags: '--pid-file <path>',
    kind: 'text',
    default: null,
    text: 'file to write the number of the process to, once it serves',
  },
  logFormat: {
    flags: '--log-format <format>',
    kind: 'choice',
    default: 'text',
    choices: ['text', 'json'],
    text: 'how log lines look on standard error',
  },
  verbose: {
    flags: '-v, --verbose',
    kind: 'count',
    text: 'log clients that come and go; -vv: subscriptions and dropped messages too',
  },
} as const;

export type StartOptions = OptionValues<typeof START_OPTIONS>;
