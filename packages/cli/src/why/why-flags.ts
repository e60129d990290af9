/** The flags of `martlet why`. */
import type { ControlFlags } from '../control/control-flags.ts';
import { CONTROL_FLAGS } from '../control/control-flags.ts';
import type { ListFlag, SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { text, wholeNumber } from '../flags/value-parsers.ts';

export type WhyFlags = ControlFlags & {
  readonly client: ValueFlag<string>;
  readonly topic: ValueFlag<string>;
  readonly publish: SwitchFlag;
  readonly receive: SwitchFlag;
  readonly qos: ValueFlag<number>;
  readonly retain: SwitchFlag;
  readonly username: ValueFlag<string>;
  readonly group: ListFlag<string>;
  readonly address: ValueFlag<string>;
  readonly listener: ValueFlag<string>;
  readonly config: ValueFlag<string>;
  readonly json: SwitchFlag;
};

const IDENTITY = 'As somebody else, or as a client that never came';

export const WHY_FLAGS: Readonly<WhyFlags> = {
  client: {
    kind: 'value',
    names: ['--client', '-i'],
    placeholder: 'id',
    parse: text('a client identifier'),
    text: 'the client identifier',
  },
  topic: {
    kind: 'value',
    names: ['--topic', '-t'],
    placeholder: 'topic',
    parse: text('a topic name'),
    text: 'the topic name, as the client writes it',
  },
  publish: { kind: 'switch', names: ['--publish'], text: 'why does what it publishes not arrive?' },
  receive: {
    kind: 'switch',
    names: ['--receive'],
    text: 'why does it not get what is published? (the default)',
  },
  qos: {
    kind: 'value',
    names: ['--qos', '-q'],
    placeholder: 'qos',
    parse: wholeNumber(0, 2),
    text: 'of the message; default 0',
  },
  retain: { kind: 'switch', names: ['--retain', '-r'], text: 'the message is to be retained' },
  username: {
    kind: 'value',
    names: ['--username', '-u'],
    placeholder: 'user',
    parse: text(),
    group: IDENTITY,
    text: 'its user name; with any of these, the others are nobody and nowhere',
  },
  group: {
    kind: 'list',
    names: ['--group'],
    placeholder: 'group',
    parse: text('a group'),
    group: IDENTITY,
    text: 'a group that it is in; several may be given',
  },
  address: {
    kind: 'value',
    names: ['--address'],
    placeholder: 'address',
    parse: text('an address'),
    group: IDENTITY,
    text: 'where it comes from, such as 192.0.2.7:50312',
  },
  listener: {
    kind: 'value',
    names: ['--listener'],
    placeholder: 'name',
    parse: text('a listener'),
    group: IDENTITY,
    text: 'through which listener, such as tcp:1883',
  },
  config: {
    kind: 'value',
    names: ['--config'],
    placeholder: 'file',
    parse: text('a file'),
    completes: 'file',
    text: 'a dry run: by the rules of this configuration, which is not in effect yet',
  },
  json: { kind: 'switch', names: ['--json'], text: 'print all of it as one line of JSON' },
  ...CONTROL_FLAGS,
};
