/**
 * What one device does and when, without a connection: its messages, its coming and going. Chance comes from a seed, and
 * nothing depends on when it is asked: the same scenario with the same seed is the same.
 */
import { ChangingValue } from './changing-value.ts';
import type { DeviceContext, DeviceTemplate } from './device-template.ts';
import type { DeviceSpec, MessageSpec } from './scenario.ts';

export interface DueMessage {
  readonly topicName: string;
  readonly payload: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

export type Step =
  | { readonly kind: 'connect' }
  | { readonly kind: 'leave'; readonly breaks: boolean }
  | { readonly kind: 'publish'; readonly message: DueMessage };

interface PlannedMessage {
  readonly spec: MessageSpec;
  dueMs: number;
  index: number;
}

export interface DeviceLifeOptions {
  readonly spec: DeviceSpec;
  /** Among those of its kind, from 1 on. */
  readonly number: number;
  /** At least 0, below 1; the device's own. */
  readonly random: () => number;
  /** Devices begin within this time, in ms, so that they do not all connect at once. */
  readonly beginWithinMs: number;
  /** When the simulation began, in milliseconds since 1970. */
  readonly beganWallMs: number;
}

export class DeviceLife {
  readonly clientId: string;
  readonly spec: DeviceSpec;
  readonly will: DueMessage | undefined;
  readonly #options: DeviceLifeOptions;
  readonly #values: ReadonlyMap<string, ChangingValue>;
  readonly #messages: readonly PlannedMessage[];
  #isOnline = false;
  /** When it comes or goes next; Infinity: it stays. */
  #changeMs: number;

  constructor(options: DeviceLifeOptions) {
    const { spec, random } = options;
    this.#options = options;
    this.spec = spec;
    this.#values = new Map(
      Object.entries(spec.values).map(([name, each]) => [name, new ChangingValue(each, random)]),
    );
    this.clientId = spec.clientId.fill(this.#context(0, 0));
    const { will } = spec.connection;
    this.will = will === undefined ? undefined : this.#filled(will, this.#context(0, 0));
    this.#changeMs = random() * options.beginWithinMs;
    this.#messages = spec.messages.map((each) => ({
      spec: each,
      dueMs: this.#changeMs + random() * each.everyMs,
      index: 0,
    }));
  }

  /** When it does something next, in ms since the simulation began. */
  get nextMs(): number {
    let next = this.#changeMs;
    if (this.#isOnline) for (const { dueMs } of this.#messages) next = Math.min(next, dueMs);
    return next;
  }

  /** What it does at {@link nextMs}; what follows is due then or later. */
  step(): Step {
    const atMs = this.nextMs;
    const planned = this.#isOnline ? this.#messages.find(({ dueMs }) => dueMs === atMs) : undefined;
    if (planned === undefined) return this.#change(atMs);
    const { spec } = planned;
    const message = this.#filled(spec, this.#context(planned.index, atMs));
    planned.index += 1;
    planned.dueMs = atMs + Math.max(1, spec.everyMs + this.#jitter(spec.jitterMs));
    return { kind: 'publish', message };
  }

  #change(atMs: number): Step {
    const { onlineForMs, offlineForMs, jitterMs, breaks } = this.spec.connection;
    this.#isOnline = !this.#isOnline;
    if (!this.#isOnline) {
      this.#changeMs = atMs + Math.max(1, offlineForMs + this.#jitter(jitterMs));
      return { kind: 'leave', breaks };
    }
    this.#changeMs =
      onlineForMs === undefined
        ? Number.POSITIVE_INFINITY
        : atMs + Math.max(1, onlineForMs + this.#jitter(jitterMs));
    // What was due while it was away is said once, now.
    for (const planned of this.#messages) planned.dueMs = Math.max(planned.dueMs, atMs);
    return { kind: 'connect' };
  }

  #jitter(jitterMs: number): number {
    return jitterMs === 0 ? 0 : (this.#options.random() * 2 - 1) * jitterMs;
  }

  #filled(
    spec: {
      readonly topic: DeviceTemplate;
      readonly payload: DeviceTemplate;
      readonly qos: 0 | 1 | 2;
      readonly retain: boolean;
    },
    context: DeviceContext,
  ): DueMessage {
    return {
      topicName: spec.topic.fill(context),
      payload: spec.payload.fill(context),
      qos: spec.qos,
      retain: spec.retain,
    };
  }

  /** Of one message: a value that stands in it twice is the same. */
  #context(index: number, elapsedMs: number): DeviceContext {
    const { number, beganWallMs, random } = this.#options;
    const values = new Map<string, string>();
    return {
      index,
      number,
      deviceName: this.spec.name,
      wallMs: () => Math.floor(beganWallMs + elapsedMs),
      random,
      value: (name) => {
        let value = values.get(name);
        if (value === undefined) {
          value = this.#values.get(name)!.next(elapsedMs);
          values.set(name, value);
        }
        return value;
      },
    };
  }
}
