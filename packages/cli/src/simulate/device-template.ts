/**
 * What a device says, with places: `{{n}}`, `{{name}}` and its values by their names; everything else is what
 * `martlet pub --template` has. A text is filled in as it is; anything else is JSON with places in its texts.
 */

import type { TemplateContext } from '../messages/template.ts';
import { Template } from '../messages/template.ts';
import { UsageError } from '../usage-error.ts';

/** What a device has to say. */
export interface DeviceContext extends TemplateContext {
  /** Of the device among those of its kind, from 1 on. */
  readonly number: number;
  readonly deviceName: string;
  /** A value of the device as it is in this message. */
  value(name: string): string;
}

type Part = (context: DeviceContext) => string;
type Environment = Readonly<Record<string, string | undefined>>;

/** What a text may turn into when it is one place alone: numbers as JSON writes them, and its three words. */
const JSON_WORD: Readonly<RegExp> = /^(-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null)$/;
/** Digits by chance are no number. */
const HEX_PLACE: Readonly<RegExp> = /^\{\{\s*hex\b/;
/** Objects in objects, in a scenario. */
const DEEPEST = 100;

export class DeviceTemplate {
  readonly #part: Part;

  private constructor(part: Part) {
    this.#part = part;
  }

  /**
   *     DeviceTemplate.of('home/room{{n}}', [], env)                           // home/room1
   *     DeviceTemplate.of({ celsius: '{{t}}', at: '{{now iso}}' }, ['t'], env)  // {"celsius":21.5,"at":"2026-…"}
   *
   * In JSON a text that is one place alone becomes a number, true, false or null where it is filled with one.
   *
   * @param value a text, or what JSON has
   * @param valueNames of the device; they count more than the functions of templates
   * @throws {UsageError} for a place that is none of these
   */
  static of(value: unknown, valueNames: readonly string[], env: Environment): DeviceTemplate {
    const parser = new TemplateParser(valueNames, env);
    return new DeviceTemplate(typeof value === 'string' ? parser.text(value) : parser.json(value, 0));
  }

  fill(context: DeviceContext): string {
    return this.#part(context);
  }
}

class TemplateParser {
  readonly #valueNames: readonly string[];
  readonly #env: Environment;

  constructor(valueNames: readonly string[], env: Environment) {
    this.#valueNames = valueNames;
    this.#env = env;
  }

  text(text: string): Part {
    const parts: Part[] = [];
    let from = 0;
    for (const match of text.matchAll(/\{\{\s*([A-Za-z_][\w-]*)\s*\}\}/g)) {
      const part = this.#ownPlace(match[1]!);
      if (part === undefined) continue;
      parts.push(...this.#general(text.slice(from, match.index)), part);
      from = match.index + match[0].length;
    }
    parts.push(...this.#general(text.slice(from)));
    return joined(parts);
  }

  json(value: unknown, depth: number): Part {
    if (depth > DEEPEST) throw new UsageError(`expected at most ${DEEPEST} objects in each other, got more`);
    if (typeof value === 'string') return this.#jsonText(value);
    if (Array.isArray(value))
      return listed(
        value.map((each) => this.json(each, depth + 1)),
        '[]',
      );
    if (typeof value !== 'object' || value === null) return constant(JSON.stringify(value));
    const members = Object.entries(value).map(([key, each]): Part => {
      const [name, part] = [this.text(key), this.json(each, depth + 1)];
      return (context) => `${JSON.stringify(name(context))}:${part(context)}`;
    });
    return listed(members, '{}');
  }

  #jsonText(text: string): Part {
    const part = this.text(text);
    const mayBeWord = /^\{\{[^{}]*\}\}$/.test(text) && !HEX_PLACE.test(text);
    return (context) => {
      const filled = part(context);
      return mayBeWord && JSON_WORD.test(filled) ? filled : JSON.stringify(filled);
    };
  }

  #ownPlace(name: string): Part | undefined {
    if (this.#valueNames.includes(name)) return (context) => context.value(name);
    if (name === 'n') return ({ number }) => String(number);
    if (name === 'name') return ({ deviceName }) => deviceName;
    return undefined;
  }

  #general(text: string): readonly Part[] {
    if (text === '') return [];
    const template = Template.parse(text, this.#env);
    return [(context) => template.fill(context)];
  }
}

function constant(text: string): Part {
  return () => text;
}

function joined(parts: readonly Part[]): Part {
  return (context) => {
    let filled = '';
    for (const part of parts) filled += part(context);
    return filled;
  };
}

/** @param brackets the two of them */
function listed(parts: readonly Part[], brackets: string): Part {
  return (context) => `${brackets[0]}${parts.map((part) => part(context)).join(',')}${brackets[1]}`;
}
