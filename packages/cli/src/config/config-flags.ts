/** The flags of `martlet config`. */
import type { ControlFlags } from '../control/control-flags.ts';
import { CONTROL_FLAGS } from '../control/control-flags.ts';
import type { FlagValues, SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { choice, text } from '../flags/value-parsers.ts';
import type { MigrateFlags } from '../mosquitto/migrate-flags.ts';
import { MIGRATE_FLAGS } from '../mosquitto/migrate-flags.ts';

export type ConfigFlags = ControlFlags &
  MigrateFlags & {
    readonly format: ValueFlag<'yaml' | 'json'>;
    readonly changed: SwitchFlag;
    readonly defaults: SwitchFlag;
    readonly origin: SwitchFlag;
    readonly running: SwitchFlag;
    readonly against: ValueFlag<string>;
    readonly json: SwitchFlag;
  };

export type ConfigValues = FlagValues<ConfigFlags>;

export const CONFIG_FLAGS: Readonly<ConfigFlags> = {
  format: {
    kind: 'value',
    names: ['--format'],
    placeholder: 'format',
    parse: choice('yaml', 'json'),
    completes: ['yaml', 'json'],
    text: 'how show prints: yaml (the default) or json',
    group: 'show',
  },
  changed: {
    kind: 'switch',
    names: ['--changed'],
    text: 'only what the file and the environment say',
    group: 'show',
  },
  defaults: { kind: 'switch', names: ['--defaults'], text: 'what holds without any file', group: 'show' },
  origin: {
    kind: 'switch',
    names: ['--origin'],
    text: 'where each value comes from: a line of the file, a variable, or the defaults',
    group: 'show',
  },
  running: {
    kind: 'switch',
    names: ['--running'],
    text: 'what a running broker goes by, whatever stands in its file by now',
    group: 'show',
  },
  against: {
    kind: 'value',
    names: ['--against'],
    placeholder: 'file',
    parse: text('a file'),
    completes: 'file',
    text: 'compare with this file, not with a running broker',
    group: 'plan',
  },
  output: { ...MIGRATE_FLAGS.output, group: 'migrate' },
  force: { ...MIGRATE_FLAGS.force, group: 'migrate' },
  json: { kind: 'switch', names: ['--json'], text: 'print what check or plan finds as JSON' },
  ...CONTROL_FLAGS,
};
