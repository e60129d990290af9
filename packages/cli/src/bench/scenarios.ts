/** What can be measured: who takes part, and what each scenario takes where nothing is said. */

export type ScenarioName =
  | 'pairs'
  | 'fan-out'
  | 'fan-in'
  | 'shared'
  | 'publish'
  | 'subscribe'
  | 'connections';

export interface Scenario {
  readonly name: ScenarioName;
  /** One line, for the help. */
  readonly text: string;
  readonly publishers: number;
  readonly subscribers: number;
  /** Connections that neither publish nor receive. */
  readonly idle: number;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'pairs', text: 'each publisher has a subscriber', publishers: 10, subscribers: 10, idle: 0 },
  { name: 'fan-out', text: 'all subscribers get everything', publishers: 1, subscribers: 100, idle: 0 },
  { name: 'fan-in', text: 'many publishers, one subscriber', publishers: 100, subscribers: 1, idle: 0 },
  { name: 'shared', text: 'subscribers share the work ($share)', publishers: 10, subscribers: 10, idle: 0 },
  { name: 'publish', text: 'publishers, and nobody who subscribes', publishers: 10, subscribers: 0, idle: 0 },
  { name: 'subscribe', text: 'how long SUBSCRIBE takes', publishers: 0, subscribers: 0, idle: 100 },
  { name: 'connections', text: 'how long connecting takes', publishers: 0, subscribers: 0, idle: 1000 },
];

export const SCENARIO_NAMES: readonly ScenarioName[] = SCENARIOS.map(({ name }) => name);

export function scenarioOf(name: ScenarioName): Scenario {
  return SCENARIOS.find((each) => each.name === name)!;
}
