/** The commands of `martlet` beside those of the broker (`start`, `store`). A command's modules are loaded when it runs. */
import type { CommandRow } from './command.ts';

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
    load: async () => (await import('./completion/completion-command.ts')).completionOf(COMMANDS),
  },
  {
    name: 'doctor',
    summary: 'Find out why a connection does not work',
    group: 'Tools',
    load: async () => (await import('./doctor/doctor-command.ts')).command,
  },
  {
    name: 'record',
    summary: 'Record messages with their timing into a file',
    group: 'Messages',
    load: async () => (await import('./record/record-command.ts')).command,
  },
  {
    name: 'replay',
    summary: 'Publish a recording again, with its timing',
    group: 'Messages',
    load: async () => (await import('./record/replay-command.ts')).command,
  },
  {
    name: 'retained',
    summary: 'Show, read, remove, export and import retained messages',
    group: 'Messages',
    load: async () => (await import('./retained/retained-command.ts')).command,
  },
  {
    name: 'mosquitto',
    summary: 'Start a broker as mosquitto: its command line, its file, its habits',
    group: 'Broker',
    mosquittoName: 'mosquitto',
    load: async () => (await import('./mosquitto/mosquitto-command.ts')).command,
  },
  {
    name: 'passwd',
    summary: 'Keep users and passwords in a password file',
    group: 'Broker',
    mosquittoName: 'mosquitto_passwd',
    load: async () => (await import('./passwd/passwd-command.ts')).command,
  },
  {
    name: 'config',
    summary: 'Check, show and migrate configurations, and what one would change',
    group: 'Broker',
    load: async () => (await import('./config/config-command.ts')).command,
  },
  {
    name: 'reload',
    summary: 'Have a running broker read its configuration again',
    group: 'Broker',
    load: async () => (await import('./reload/reload-command.ts')).command,
  },
  {
    name: 'bans',
    summary: 'Show who is banned from a running broker, and let them in again',
    group: 'Broker',
    load: async () => (await import('./bans/bans-command.ts')).command,
  },
  {
    name: 'why',
    summary: 'Say why a message does or does not arrive',
    group: 'Broker',
    load: async () => (await import('./why/why-command.ts')).command,
  },
  {
    name: 'sn',
    summary: 'Speak MQTT-SN: publish, subscribe, a gateway, and finding one',
    group: 'Messages',
    load: async () => (await import('./sn/sn-command.ts')).command,
  },
  {
    name: 'proxy',
    summary: 'Show every packet between clients and a server, and make a bad network',
    group: 'Tools',
    load: async () => (await import('./proxy/proxy-command.ts')).command,
  },
  {
    name: 'simulate',
    summary: 'Simulate devices from a scenario',
    group: 'Tools',
    load: async () => (await import('./simulate/simulate-command.ts')).command,
  },
];
