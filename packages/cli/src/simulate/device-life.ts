/**
 * What one device does and when, without a connection: its messages, its coming and going. Time is an argument, and chance comes
 * from a seed, so that the same scenario with the same seed is the same.
 */
import { ChangingValue } from './changing-value.ts';
import type { DeviceContext } from './device-template.ts';
import { DeviceTemplate } from './device-template.ts';
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
  readonly topic: DeviceTemplate;
  readonly payload: DeviceTemplate;
  dueMs: number;
  index: number;
}

export interface DeviceLifeOptions {
  readonly spec: DeviceSpec;
  /** Among those of its kind, from 1 on. */
  readonly number: number;
  readonly random: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Devices begin within this time, in ms, so that they do not all connect at once. */
  readonly beginWithinMs: number;
  wallMs(): number;
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

  /** @throws {UsageError} for a template that cannot be meant */
  constructor(options: DeviceLifeOptions) {
    const { spec, random, env } = options;
    this.#options = options;
    this.spec = spec;
    this.#values = new Map(
      Object.entries(spec.values).map(([name, each]) => [name, new ChangingValue(each, random)]),
    );
    const names = Object.keys(spec.values);
    const template = (text: string): DeviceTemplate => DeviceTemplate.parse(text, names, env);
    this.clientId = template(spec.clientId).fill(this.#context(0, 0));
    const { will } = spec.connection;
    this.will =
      will === undefined
        ? undefined
        : {
            topicName: template(will.topic).fill(this.#context(0, 0)),
            payload: template(will.payload).fill(this.#context(0, 0)),
            qos: will.qos,
            retain: will.retain,
          };
    this.#changeMs = random() * options.beginWithinMs;
    this.#messages = spec.messages.map((each) => ({
      spec: each,
      topic: template(each.topic),
      payload: template(each.payload),
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

  /** What is due now, one thing after the other; undefined: nothing. What was due while it was away is left out. */
  step(nowMs: number): Step | undefined {
    if (this.#changeMs <= nowMs) return this.#change(nowMs);
    if (!this.#isOnline) return undefined;
    const planned = this.#messages.find(({ dueMs }) => dueMs <= nowMs);
    if (planned === undefined) return undefined;
    const { spec, topic, payload } = planned;
    const context = this.#context(planned.index, nowMs);
    planned.index += 1;
    planned.dueMs = this.#after(planned.dueMs, spec.everyMs, spec.jitterMs, nowMs);
    return {
      kind: 'publish',
      message: {
        topicName: topic.fill(context),
        payload: payload.fill(context),
        qos: spec.qos,
        retain: spec.retain,
      },
    };
  }

  #change(nowMs: number): Step {
    const { onlineForMs, offlineForMs, jitterMs, breaks } = this.spec.connection;
    this.#isOnline = !this.#isOnline;
    if (!this.#isOnline) {
      this.#changeMs = nowMs + Math.max(0, offlineForMs + this.#jitter(jitterMs));
      return { kind: 'leave', breaks };
    }
    this.#changeMs =
      onlineForMs === undefined
        ? Number.POSITIVE_INFINITY
        : nowMs + Math.max(1, onlineForMs + this.#jitter(jitterMs));
    for (const planned of this.#messages) planned.dueMs = Math.max(planned.dueMs, nowMs);
    return { kind: 'connect' };
  }

  /** The next time, counted from when it was due, so that nothing adds up; not in the past. */
  #after(dueMs: number, everyMs: number, jitterMs: number, nowMs: number): number {
    return Math.max(nowMs, dueMs + Math.max(1, everyMs + this.#jitter(jitterMs)));
  }

  #jitter(jitterMs: number): number {
    return jitterMs === 0 ? 0 : (this.#options.random() * 2 - 1) * jitterMs;
  }

  #context(index: number, elapsedMs: number): DeviceContext {
    const { number, wallMs, random } = this.#options;
    return {
      index,
      number,
      deviceName: this.spec.name,
      wallMs,
      random,
      value: (name) => this.#values.get(name)!.next(elapsedMs),
    };
  }
}
