/** A scenario: which devices there are, what they measure, when they publish it, and how their connections behave. */
import type { DeviceTemplate } from './device-template.ts';

/** How a value of a device changes from one message to the next. */
export type ValueKind =
  | {
      readonly kind: 'drift';
      readonly start: number;
      readonly step: number;
      readonly min: number;
      readonly max: number;
    }
  | { readonly kind: 'wave'; readonly mean: number; readonly amplitude: number; readonly periodMs: number }
  | { readonly kind: 'counter'; readonly start: number; readonly step: number }
  | { readonly kind: 'uniform'; readonly min: number; readonly max: number }
  | { readonly kind: 'choice'; readonly of: readonly string[] };

export type ValueSpec = ValueKind & {
  /** Up to so much more or less, by chance, in what is published; not in what the value goes on from. */
  readonly noise: number;
  readonly digits: number;
};

export interface MessageSpec {
  readonly topic: DeviceTemplate;
  readonly payload: DeviceTemplate;
  readonly everyMs: number;
  /** Up to so much more or less, by chance. */
  readonly jitterMs: number;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

export interface ConnectionSpec {
  readonly keepAlive: number;
  /** Seconds for which the server keeps the session; 0: not at all. */
  readonly sessionExpiryInterval: number;
  /** How long a device stays; undefined: for good. */
  readonly onlineForMs: number | undefined;
  /** How long it is away then. */
  readonly offlineForMs: number;
  /** Up to so much more or less of both, by chance. */
  readonly jitterMs: number;
  /** Whether its connection breaks instead, so that its will is published. */
  readonly breaks: boolean;
  readonly will: WillSpec | undefined;
}

export interface WillSpec {
  readonly topic: DeviceTemplate;
  readonly payload: DeviceTemplate;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

export interface DeviceSpec {
  readonly name: string;
  readonly count: number;
  readonly clientId: DeviceTemplate;
  readonly values: Readonly<Record<string, ValueSpec>>;
  readonly messages: readonly MessageSpec[];
  readonly connection: ConnectionSpec;
}

export interface Scenario {
  readonly devices: readonly DeviceSpec[];
}
