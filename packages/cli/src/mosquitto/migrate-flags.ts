/** The flags of `martlet config migrate`, among those of `martlet config`. */
import type { FlagValues, SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { text } from '../flags/value-parsers.ts';

export type MigrateFlags = {
  readonly output: ValueFlag<string>;
  readonly force: SwitchFlag;
};

export type MigrateValues = FlagValues<MigrateFlags>;

export const MIGRATE_FLAGS: Readonly<MigrateFlags> = {
  output: {
    kind: 'value',
    names: ['-o', '--output'],
    placeholder: 'file',
    completes: 'file',
    parse: text('a file'),
    text: 'write the new configuration there, and the report to standard output; without it the configuration goes to standard output, and the report to standard error',
  },
  force: { kind: 'switch', names: ['--force'], text: 'write over a file that is there' },
};
