import type { ControlFlags } from '../control/control-flags.ts';
import { CONTROL_FLAGS } from '../control/control-flags.ts';
import type { SwitchFlag } from '../flags/flag.ts';

export type ReloadFlags = ControlFlags & {
  readonly dryRun: SwitchFlag;
  readonly json: SwitchFlag;
};

export const RELOAD_FLAGS: Readonly<ReloadFlags> = {
  dryRun: {
    kind: 'switch',
    names: ['--dry-run'],
    text: 'change nothing: say what would change, and who would be disconnected',
  },
  json: { kind: 'switch', names: ['--json'], text: 'print the report as JSON' },
  ...CONTROL_FLAGS,
};
