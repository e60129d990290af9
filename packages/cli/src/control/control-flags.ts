/** Flags by which commands choose one of the brokers that run on this machine. */
import type { ValueFlag } from '../flags/flag.ts';
import { text } from '../flags/value-parsers.ts';

export type ControlFlags = {
  readonly broker: ValueFlag<string>;
  readonly control: ValueFlag<string>;
};

export const CONTROL_FLAGS: Readonly<ControlFlags> = {
  broker: {
    kind: 'value',
    names: ['--broker'],
    placeholder: 'name',
    parse: text(),
    text: 'which broker, if several run: its name, which is that of its configuration file, or the number of its process',
  },
  control: {
    kind: 'value',
    names: ['--control'],
    placeholder: 'path',
    parse: text(),
    completes: 'file',
    text: 'its control socket (default: the one in the directory where brokers have theirs)',
  },
};

export interface BrokerChoice {
  readonly broker?: string | undefined;
  readonly control?: string | undefined;
}
