/** Makes messages from the flags of `pub` and `rr`: always the same one, or one from templates. */
import type { PublishOptions } from '@martlet/client';
import type { UserProperty } from '@martlet/protocol';
import { CommandFailure } from '../command-failure.ts';
import { cborFromJson } from '../messages/input-cbor.ts';
import type { InputMessage } from '../messages/input-message.ts';
import { InputError } from '../messages/input-message.ts';
import type { TemplateContext } from '../messages/template.ts';
import { Template } from '../messages/template.ts';

/** What templates are filled in from, beside the number of the message. */
export interface TemplateWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  wallMs(): number;
  random(): number;
}

export interface MakerOptions {
  readonly topicName: string;
  readonly options: PublishOptions;
  /** Topic name, payload and properties are templates. */
  readonly isTemplate: boolean;
  /** Payloads are JSON, and are sent as CBOR. */
  readonly isCbor: boolean;
}

export class MessageMaker {
  readonly #given: MakerOptions;
  readonly #world: TemplateWorld;
  /** Undefined where all that it fills in is the same for every message. */
  readonly #topic: Template | undefined;
  readonly #properties: PropertyTemplates | undefined;

  private constructor(given: MakerOptions, world: TemplateWorld) {
    this.#given = given;
    this.#world = world;
    if (!given.isTemplate) return;
    this.#topic = Template.parse(given.topicName, world.env);
    this.#properties = PropertyTemplates.parse(given.options, world.env);
  }

  /**
   * @throws {UsageError} for a template that cannot be meant
   * @throws {CommandFailure} for Correlation Data that is no text, and so no template
   */
  static of(given: MakerOptions, world: TemplateWorld): MessageMaker {
    return failingAtInput(() => new MessageMaker(given, world));
  }

  /**
   * A function that makes the payload of each message; it throws an `InputError` where that cannot be CBOR.
   * @throws {UsageError} for a template that cannot be meant
   * @throws {CommandFailure} for what can be no template, and no CBOR
   */
  payloadMaker(payload: Uint8Array | string): (index: number) => Uint8Array | string {
    return failingAtInput(() => this.#payloadMaker(payload));
  }

  #payloadMaker(payload: Uint8Array | string): (index: number) => Uint8Array | string {
    const { isTemplate, isCbor } = this.#given;
    if (!isTemplate) {
      const constant = isCbor ? asCbor(payload) : payload;
      return () => constant;
    }
    const template = Template.parse(textOf(payload), this.#world.env);
    return (index) => {
      const text = template.fill(this.#contextOf(index));
      return isCbor ? asCbor(text) : text;
    };
  }

  /** @param payload as it is to be sent */
  message(index: number, payload: Uint8Array | string): InputMessage {
    const { topicName, options } = this.#given;
    if (this.#topic === undefined) return { topicName, payload, options };
    const context = this.#contextOf(index);
    return {
      topicName: this.#topic.fill(context),
      payload,
      options: this.#properties === undefined ? options : this.#properties.fill(options, context),
    };
  }

  #contextOf(index: number): TemplateContext {
    const { wallMs, random } = this.#world;
    return { index, wallMs, random };
  }
}

/** Those properties of a message that are text. */
class PropertyTemplates {
  readonly #texts: readonly (readonly [name: 'contentType' | 'responseTopic', template: Template])[];
  readonly #correlationData: Template | undefined;
  readonly #userProperties: readonly (readonly [Template, Template])[] | undefined;

  private constructor(options: PublishOptions, env: TemplateWorld['env']) {
    const { contentType, responseTopic, correlationData, userProperties } = options;
    const texts = [
      ['contentType', contentType],
      ['responseTopic', responseTopic],
    ] as const;
    this.#texts = texts.flatMap(([name, text]) =>
      text === undefined ? [] : [[name, Template.parse(text, env)] as const],
    );
    this.#correlationData =
      correlationData === undefined ? undefined : Template.parse(textOf(correlationData), env);
    this.#userProperties = userProperties?.map(([name, value]) => [
      Template.parse(name, env),
      Template.parse(value, env),
    ]);
  }

  /** @returns undefined if there are none */
  static parse(options: PublishOptions, env: TemplateWorld['env']): PropertyTemplates | undefined {
    const { contentType, responseTopic, correlationData, userProperties } = options;
    const isAny = [contentType, responseTopic, correlationData, userProperties].some(
      (each) => each !== undefined,
    );
    return isAny ? new PropertyTemplates(options, env) : undefined;
  }

  fill(options: PublishOptions, context: TemplateContext): PublishOptions {
    const filled: Record<string, unknown> = { ...options };
    for (const [name, template] of this.#texts) filled[name] = template.fill(context);
    if (this.#correlationData !== undefined)
      filled['correlationData'] = Buffer.from(this.#correlationData.fill(context));
    if (this.#userProperties !== undefined)
      filled['userProperties'] = this.#userProperties.map(
        ([name, value]): UserProperty => [name.fill(context), value.fill(context)],
      );
    return filled;
  }
}

/** Of the one message there is, no line has to be named. */
function failingAtInput<Result>(make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    if (error instanceof InputError) throw new CommandFailure(error.message, { cause: error });
    throw error;
  }
}

/** @throws {InputError} */
function textOf(bytes: Uint8Array | string): string {
  if (typeof bytes === 'string') return bytes;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new InputError('expected text in UTF-8, got other bytes', { cause: error });
  }
}

/** @throws {InputError} for what is no JSON */
export function asCbor(payload: Uint8Array | string): Uint8Array {
  return cborFromJson(textOf(payload));
}
