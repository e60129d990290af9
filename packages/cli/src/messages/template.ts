/**
 * Text with places that are filled in for each message: `room/{{i}}`, `{"celsius": {{rand 18.0 24.0}}}`.
 *
 * What is wrong with a template is said when it is read, once; to fill it in never fails. What may stand in a place is the
 * table in template-function.ts.
 */
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';
import type { TemplateContext, TemplateFunction } from './template-function.ts';
import { templateFunction } from './template-function.ts';

export type { TemplateContext } from './template-function.ts';

const OPEN = '{{';
const CLOSE = '}}';

export class Template {
  /** Text and places, one after the other. */
  readonly #parts: readonly (string | TemplateFunction)[];

  private constructor(parts: readonly (string | TemplateFunction)[]) {
    this.#parts = parts;
  }

  /**
   * @param env what `{{env NAME}}` is filled in from, now
   * @throws {UsageError} for a place that has no end, no function's name, or the wrong arguments
   */
  static parse(text: string, env: Readonly<Record<string, string | undefined>>): Template {
    const parts: (string | TemplateFunction)[] = [];
    let at = 0;
    while (at < text.length) {
      const open = text.indexOf(OPEN, at);
      if (open < 0) break;
      if (open > at) parts.push(text.slice(at, open));
      const close = text.indexOf(CLOSE, open);
      if (close < 0) {
        throw new UsageError(
          `template: expected }} after ${quoted(text.slice(open))}; {{open}} stands for the signs {{`,
        );
      }
      parts.push(templateFunction(text.slice(open + OPEN.length, close), env));
      at = close + CLOSE.length;
    }
    if (at < text.length) parts.push(text.slice(at));
    return new Template(parts);
  }

  /** Whether it is the same for every message. */
  get isConstant(): boolean {
    return this.#parts.every((part) => typeof part === 'string');
  }

  fill(context: TemplateContext): string {
    let filled = '';
    for (const part of this.#parts) filled += typeof part === 'string' ? part : part(context);
    return filled;
  }
}
