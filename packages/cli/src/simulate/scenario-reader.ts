/**
 * Reads a scenario from its JSON file. Everything that is wrong in one is said with its place, before anything is connected.
 */
import { CommandFailure } from '../command-failure.ts';
import { nearest } from '../flags/nearest.ts';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';
import { DeviceTemplate } from './device-template.ts';
import type { ConnectionSpec, DeviceSpec, MessageSpec, Scenario, ValueSpec, WillSpec } from './scenario.ts';

type Environment = Readonly<Record<string, string | undefined>>;

type Fields = Readonly<Record<string, unknown>>;

const MOST_DEVICES = 100_000;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * @param name of the file, for messages
 * @param env what `{{env NAME}}` is filled in from
 * @throws {CommandFailure}
 */
export function parseScenario(text: string, name: string, env: Environment): Scenario {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The text quotes the file, whose lines it must not break.
    const why = (error as Error).message.replaceAll(/\s+/g, ' ');
    throw new CommandFailure(`${name}: expected JSON: ${why}`, { cause: error });
  }
  return new ScenarioReader(name, env).scenario(value);
}

/** Reads the parts of a scenario, each with its place for what is wrong. */
class ScenarioReader {
  readonly #name: string;
  readonly #env: Environment;

  constructor(name: string, env: Environment) {
    this.#name = name;
    this.#env = env;
  }

  scenario(value: unknown): Scenario {
    const fields = this.#object(value, 'the file', ['devices']);
    const devices = this.#list(fields['devices'], 'devices').map((each, at) =>
      this.#device(each, `devices[${at}]`),
    );
    const total = devices.reduce((sum, { count }) => sum + count, 0);
    if (total === 0 || total > MOST_DEVICES)
      throw this.#wrong(
        'devices',
        `1 to ${MOST_DEVICES.toLocaleString('en-US')} devices in all`,
        String(total),
      );
    return { devices };
  }

  #device(value: unknown, place: string): DeviceSpec {
    const fields = this.#object(value, place, [
      'name',
      'count',
      'clientId',
      'values',
      'messages',
      'connection',
    ]);
    const name = this.#text(fields['name'], `${place}.name`);
    const values = this.#object(fields['values'] ?? {}, `${place}.values`);
    const valueNames = Object.keys(values);
    return {
      name,
      count: this.#number(fields['count'] ?? 1, `${place}.count`, 1, MOST_DEVICES, true),
      clientId: this.#template(
        this.#text(fields['clientId'] ?? `${name}-{{n}}`, `${place}.clientId`),
        `${place}.clientId`,
        valueNames,
      ),
      values: Object.fromEntries(
        Object.entries(values).map(([key, spec]) => [key, this.#value(spec, `${place}.values.${key}`)]),
      ),
      messages: this.#list(fields['messages'], `${place}.messages`).map((each, at) =>
        this.#message(each, `${place}.messages[${at}]`, valueNames),
      ),
      connection: this.#connection(fields['connection'] ?? {}, `${place}.connection`, valueNames),
    };
  }

  #value(value: unknown, place: string): ValueSpec {
    const any = this.#object(value, place);
    const common = {
      noise: this.#number(any['noise'] ?? 0, `${place}.noise`, 0, Number.MAX_SAFE_INTEGER),
      digits: this.#number(any['digits'] ?? 2, `${place}.digits`, 0, 10, true),
    };
    const number = (key: string, otherwise?: number): number =>
      this.#number(
        any[key] ?? otherwise,
        `${place}.${key}`,
        -Number.MAX_SAFE_INTEGER,
        Number.MAX_SAFE_INTEGER,
      );
    const known = (...keys: readonly string[]): void =>
      this.#knows(any, place, ['kind', 'noise', 'digits', ...keys]);
    const bounds = (): { min: number; max: number } => {
      const [min, max] = [number('min'), number('max')];
      if (min > max) throw this.#wrong(place, 'min up to max', `${min} and ${max}`);
      return { min, max };
    };
    switch (any['kind']) {
      case 'drift': {
        known('start', 'step', 'min', 'max');
        const { min, max } = bounds();
        const [start, step] = [number('start', (min + max) / 2), number('step')];
        return { kind: 'drift', start, step, min, max, ...common };
      }
      case 'wave':
        known('mean', 'amplitude', 'period');
        return {
          kind: 'wave',
          mean: number('mean'),
          amplitude: number('amplitude'),
          periodMs: this.#duration(any['period'], `${place}.period`, 1),
          ...common,
        };
      case 'counter':
        known('start', 'step');
        return {
          kind: 'counter',
          start: number('start', 0),
          step: number('step', 1),
          ...common,
          digits: this.#number(any['digits'] ?? 0, `${place}.digits`, 0, 10, true),
        };
      case 'uniform':
        known('min', 'max');
        return { kind: 'uniform', ...bounds(), ...common };
      case 'choice':
        known('of');
        return {
          kind: 'choice',
          of: this.#list(any['of'], `${place}.of`).map((each, at) => this.#text(each, `${place}.of[${at}]`)),
          ...common,
        };
      default:
        throw this.#wrong(`${place}.kind`, 'drift, wave, counter, uniform or choice', any['kind']);
    }
  }

  #message(value: unknown, place: string, valueNames: readonly string[]): MessageSpec {
    const fields = this.#object(value, place, ['topic', 'payload', 'every', 'jitter', 'qos', 'retain']);
    return {
      topic: this.#topic(fields['topic'], `${place}.topic`, valueNames),
      payload: this.#template(fields['payload'] ?? '', `${place}.payload`, valueNames),
      everyMs: this.#duration(fields['every'], `${place}.every`, 1),
      jitterMs: this.#duration(fields['jitter'] ?? 0, `${place}.jitter`, 0),
      qos: this.#qos(fields['qos'], `${place}.qos`),
      retain: this.#flag(fields['retain'], `${place}.retain`),
    };
  }

  #topic(value: unknown, place: string, valueNames: readonly string[]): DeviceTemplate {
    const text = this.#text(value, place);
    if (/[+#]/.test(text)) throw this.#wrong(place, 'the name of a topic, without + and #', text);
    return this.#template(text, place, valueNames);
  }

  #template(value: unknown, place: string, valueNames: readonly string[]): DeviceTemplate {
    try {
      return DeviceTemplate.of(value, valueNames, this.#env);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new CommandFailure(`${this.#name}: ${place}: ${error.message}`, { cause: error });
    }
  }

  #will(value: unknown, place: string, valueNames: readonly string[]): WillSpec {
    const fields = this.#object(value, place, ['topic', 'payload', 'qos', 'retain']);
    return {
      topic: this.#topic(fields['topic'], `${place}.topic`, valueNames),
      payload: this.#template(fields['payload'] ?? '', `${place}.payload`, valueNames),
      qos: this.#qos(fields['qos'], `${place}.qos`),
      retain: this.#flag(fields['retain'], `${place}.retain`),
    };
  }

  #connection(value: unknown, place: string, valueNames: readonly string[]): ConnectionSpec {
    const fields = this.#object(value, place, [
      'keepAlive',
      'sessionExpiryInterval',
      'onlineFor',
      'offlineFor',
      'jitter',
      'breaks',
      'will',
    ]);
    if (fields['offlineFor'] !== undefined && fields['onlineFor'] === undefined)
      throw new CommandFailure(
        `${this.#name}: ${place}: expected onlineFor with offlineFor, got none; without it a device stays`,
      );
    return {
      keepAlive: this.#number(fields['keepAlive'] ?? 60, `${place}.keepAlive`, 0, 65_535, true),
      sessionExpiryInterval: this.#number(
        fields['sessionExpiryInterval'] ?? 0,
        `${place}.sessionExpiryInterval`,
        0,
        0xffff_ffff,
        true,
      ),
      onlineForMs:
        fields['onlineFor'] === undefined
          ? undefined
          : this.#duration(fields['onlineFor'], `${place}.onlineFor`, 1),
      offlineForMs: this.#duration(fields['offlineFor'] ?? '5s', `${place}.offlineFor`, 0),
      jitterMs: this.#duration(fields['jitter'] ?? 0, `${place}.jitter`, 0),
      breaks: this.#flag(fields['breaks'], `${place}.breaks`),
      will:
        fields['will'] === undefined ? undefined : this.#will(fields['will'], `${place}.will`, valueNames),
    };
  }

  #object(value: unknown, place: string, known?: readonly string[]): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.#wrong(place, 'an object', value);
    if (known !== undefined) this.#knows(value as Fields, place, known);
    return value as Fields;
  }

  #knows(fields: Fields, place: string, known: readonly string[]): void {
    for (const key of Object.keys(fields)) {
      if (known.includes(key)) continue;
      const near = nearest(key, known);
      throw new CommandFailure(
        `${this.#name}: ${place}: expected ${known.join(', ')}, got ${quoted(key)}${near === undefined ? '' : `; did you mean ${near}?`}`,
      );
    }
  }

  #list(value: unknown, place: string): readonly unknown[] {
    if (Array.isArray(value) && value.length > 0) return value;
    throw this.#wrong(place, 'a list that is not empty', value);
  }

  #text(value: unknown, place: string): string {
    if (typeof value === 'string' && value !== '') return value;
    throw this.#wrong(place, 'text', value);
  }

  #flag(value: unknown, place: string): boolean {
    if (value === undefined || typeof value === 'boolean') return value ?? false;
    throw this.#wrong(place, 'true or false', value);
  }

  #qos(value: unknown, place: string): 0 | 1 | 2 {
    const qos = value ?? 0;
    if (qos === 0 || qos === 1 || qos === 2) return qos;
    throw this.#wrong(place, '0, 1 or 2', value);
  }

  #number(value: unknown, place: string, minimum: number, maximum: number, isWhole = false): number {
    if (
      typeof value === 'number' &&
      value >= minimum &&
      value <= maximum &&
      (!isWhole || Number.isInteger(value))
    )
      return value;
    throw this.#wrong(place, `a ${isWhole ? 'whole ' : ''}number from ${minimum} to ${maximum}`, value);
  }

  /** Milliseconds, from a number of seconds or text with a unit. */
  #duration(value: unknown, place: string, minimumMs: number): number {
    const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(String(value)) ?? [];
    const ms = amount === undefined ? Number.NaN : Number(amount) * UNITS[unit]!;
    if (ms >= minimumMs && ms <= 365 * UNITS['d']!) return ms;
    throw this.#wrong(place, 'a time such as "500ms", "5s" or "10m"', value);
  }

  #wrong(place: string, expected: string, got: unknown): CommandFailure {
    const text = got === undefined ? 'nothing' : quoted(typeof got === 'string' ? got : JSON.stringify(got));
    return new CommandFailure(`${this.#name}: ${place}: expected ${expected}, got ${text}`);
  }
}
