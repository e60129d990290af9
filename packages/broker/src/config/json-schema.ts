/** The tables as JSON Schema (draft 7), for editors that complete and check `martlet.yaml` while it is written. */
import { amountPattern } from './amount-text.ts';
import type { AnyRow, AnyTable } from './row.ts';
import { MAXIMUM_ENTRIES } from './row.ts';
import { configurationRow } from './row-at.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * What `martlet config schema` prints. It accepts every configuration that the broker accepts; what editors cannot see, such as keys that
 * contradict each other, `martlet config check` tells.
 */
export function configurationJsonSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'martlet.yaml',
    description: 'The configuration of a Martlet broker.',
    ...sectionSchema(configurationRow().keys),
  };
}

function rowSchema(row: AnyRow): JsonSchema {
  const schema = withNull(
    valueSchema(row),
    row.default === null || row.nullable === true || isEmptiable(row),
  );
  const usual = row.kind === 'section' || row.default === undefined ? {} : { default: row.default };
  const text = row.defaultText === undefined ? row.text : `${row.text} (default: ${row.defaultText})`;
  // Said in words, a default depends on other keys.
  return { description: text, ...(row.defaultText === undefined ? usual : {}), ...schema };
}

/** `limits:` with nothing below is null in YAML. */
function isEmptiable(row: AnyRow): boolean {
  return row.kind === 'section' || row.kind === 'map' || (row.kind === 'list' && row.default !== undefined);
}

function withNull(schema: JsonSchema, isNullable: boolean): JsonSchema {
  if (!isNullable) return schema;
  const {
    type,
    enum: values,
    anyOf,
  } = schema as {
    readonly type?: string | readonly string[];
    readonly enum?: readonly unknown[];
    readonly anyOf?: readonly JsonSchema[];
  };
  if (anyOf !== undefined) return { ...schema, anyOf: [...anyOf, { type: 'null' }] };
  return {
    ...schema,
    ...(type === undefined ? {} : { type: [...(typeof type === 'string' ? [type] : type), 'null'] }),
    ...(values === undefined ? {} : { enum: [...values, null] }),
  };
}

function valueSchema(row: AnyRow): JsonSchema {
  switch (row.kind) {
    case 'switch':
      return { type: 'boolean' };
    case 'number':
      return numberSchema(row);
    case 'text':
      return textSchema(row);
    case 'path':
      return row.orFalse === true ? { anyOf: [{ type: 'string' }, { const: false }] } : { type: 'string' };
    case 'choice':
      return { enum: [...row.choices, ...numerals(row.choices)] };
    case 'mode':
      // Without quotes 0660 is a number to editors.
      return { type: ['string', 'integer'], pattern: '^(0o?)?[0-7]{3}$' };
    case 'list':
      return listSchema(row);
    case 'section':
      return sectionSchema(row.keys);
    case 'map':
      return { type: 'object', additionalProperties: rowSchema(row.of) };
    case 'variants':
      return variantsSchema(row);
  }
}

function numberSchema({
  minimum,
  maximum,
  unit,
  fractions,
}: AnyRow & { readonly kind: 'number' }): JsonSchema {
  const pattern = amountPattern(unit);
  const type = fractions === true ? 'number' : 'integer';
  const bounds = maximum >= Number.MAX_SAFE_INTEGER ? { minimum } : { minimum, maximum };
  return pattern === undefined ? { type, ...bounds } : { type: [type, 'string'], ...bounds, pattern };
}

function textSchema({ pattern, form, orNumberFrom }: AnyRow & { readonly kind: 'text' }): JsonSchema {
  const plain = form === undefined || pattern !== undefined ? {} : { minLength: 1 };
  const text = { type: 'string', ...plain, ...(pattern === undefined ? {} : { pattern }) };
  if (orNumberFrom === undefined) return text;
  return { ...text, type: ['string', 'integer'], minimum: orNumberFrom };
}

/** Versions may be written as numbers. */
function numerals(choices: readonly unknown[]): readonly number[] {
  return choices.filter((each) => typeof each === 'string' && /^\d+(\.\d+)?$/.test(each)).map(Number);
}

function listSchema({
  of,
  minimumEntries,
  maximumEntries = MAXIMUM_ENTRIES,
  default: usual,
}: AnyRow & { readonly kind: 'list' }): JsonSchema {
  const least = minimumEntries === undefined ? {} : { minItems: minimumEntries };
  const list = { type: 'array', items: rowSchema(of), ...least, maxItems: maximumEntries };
  const alone = ['text', 'path', 'choice'].includes(of.kind) ? [valueSchema(of)] : wordsOf(of);
  if (alone.length === 0 && usual === undefined) return list;
  return alone.length === 0 ? list : { anyOf: [list, ...alone] };
}

function sectionSchema(keys: AnyTable): JsonSchema {
  const required = Object.entries(keys)
    .filter(([, row]) => isRequired(row))
    .map(([name]) => name);
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(keys).map(([name, row]) => [name, rowSchema(row)])),
    ...(required.length === 0 ? {} : { required }),
  };
}

function isRequired(row: AnyRow): boolean {
  return row.default === undefined && row.optional !== true && row.kind !== 'section';
}

function variantsSchema(row: AnyRow & { readonly kind: 'variants' }): JsonSchema {
  const sections = Object.entries(row.variants).map(([type, { text, keys }]) => {
    const {
      properties,
      required = [],
      ...rest
    } = sectionSchema(keys) as {
      readonly properties: JsonSchema;
      readonly required?: readonly string[];
    };
    const all = { type: { const: type, description: text }, ...properties };
    return { description: text, ...rest, properties: all, required: ['type', ...required] };
  });
  return { anyOf: [...sections, ...wordsOf(row)] };
}

/** Types that need no key may stand as a word alone. */
function wordsOf(row: AnyRow): readonly JsonSchema[] {
  if (row.kind !== 'variants') return [];
  const words = Object.entries(row.variants).filter(([, { keys }]) => !Object.values(keys).some(isRequired));
  return words.length === 0 ? [] : [{ enum: words.map(([type]) => type) }];
}
