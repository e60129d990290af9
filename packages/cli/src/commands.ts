/** The commands of `martlet` beside those of the broker (`start`, `store`). A command's modules are loaded when it runs. */
import type { Command } from './command.ts';

export type CommandGroup = 'Messages' | 'Broker' | 'Tools';

export interface CommandRow {
  readonly name: string;
  /** One line for `martlet --help`, which loads no command. */
  readonly summary: string;
  readonly group: CommandGroup;
  /** The name under which Mosquitto has it. */
  readonly mosquittoName?: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'pub',
    summary: 'Publish messages',
    group: 'Messages',
    mosquittoName: 'mosquitto_pub',
    load: async () => (await import('./pub/pub-command.ts')).command,
  },
  {
    name: 'rr',
    summary: 'Send a request and print its response',
    group: 'Messages',
    mosquittoName: 'mosquitto_rr',
    load: async () => (await import('./rr/rr-command.ts')).command,
  },
  {
    name: 'sub',
    summary: 'Subscribe to topics, and print the messages that come',
    group: 'Messages',
    mosquittoName: 'mosquitto_sub',
    load: async () => (await import('./sub/sub-command.ts')).command,
  },
  {
    name: 'bench',
    summary: 'Measure a server: rates, latencies, losses',
    group: 'Tools',
    load: async () => (await import('./bench/bench-command.ts')).command,
  },
  {
    name: 'test',
    summary: 'Check whether a server keeps to the specification',
    group: 'Tools',
    load: async () => (await import('./conformance/test-command.ts')).command,
  },
  {
    name: 'completion',
    summary: 'Print what bash, zsh or fish needs to complete commands and flags',
    group: 'Tools',
    load: async () => (await import('./completion/completion-command.ts')).command,
  },
  {
    name: 'doctor',
    summary: 'Find out why a connection does not work',
    group: 'Tools',
    load: async () => (await import('./doctor/doctor-command.ts')).command,
  },
];
