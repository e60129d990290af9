/**
 * Text with places of a device: `{{n}}`, `{{name}}` and its values by their names; everything else is what `martlet pub --template`
 * has.
 */

import type { TemplateContext } from '../messages/template.ts';
import { Template } from '../messages/template.ts';

/** What a device has to say. */
export interface DeviceContext extends TemplateContext {
  /** Of the device among those of its kind, from 1 on. */
  readonly number: number;
  readonly deviceName: string;
  /** The next one of a value of the device. */
  value(name: string): string;
}

type Part = (context: DeviceContext) => string;

const PLACE = /\{\{\s*([A-Za-z_][\w-]*)\s*\}\}/g;

export class DeviceTemplate {
  readonly #parts: readonly Part[];

  private constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  /**
   * @param valueNames of the device; they count more than the functions of templates
   * @throws {UsageError} for a place that is none of these
   */
  static parse(
    text: string,
    valueNames: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
  ): DeviceTemplate {
    const parts: Part[] = [];
    let from = 0;
    for (const match of text.matchAll(PLACE)) {
      const part = ownPlace(match[1]!, valueNames);
      if (part === undefined) continue;
      parts.push(...general(text.slice(from, match.index), env), part);
      from = match.index + match[0].length;
    }
    parts.push(...general(text.slice(from), env));
    return new DeviceTemplate(parts);
  }

  fill(context: DeviceContext): string {
    let filled = '';
    for (const part of this.#parts) filled += part(context);
    return filled;
  }
}

function ownPlace(name: string, valueNames: readonly string[]): Part | undefined {
  if (valueNames.includes(name)) return (context) => context.value(name);
  if (name === 'n') return ({ number }) => String(number);
  if (name === 'name') return ({ deviceName }) => deviceName;
  return undefined;
}

function general(text: string, env: Readonly<Record<string, string | undefined>>): readonly Part[] {
  if (text === '') return [];
  const template = Template.parse(text, env);
  return [(context) => template.fill(context)];
}
