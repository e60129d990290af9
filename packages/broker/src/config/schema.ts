/** The schema of the configuration in zod, made from the tables: it checks shapes and values, and fills in the defaults. */
import { isIP } from 'node:net';
import { checkTopicFilter, checkTopicName, isSharedFilter, isUtf8Encodable } from '@martlet/protocol';
import { z } from 'zod';
import { parseAmount } from './amount-text.ts';
import type { Configuration } from './configuration.ts';
import type { AnyRow, AnyTable, TextForm } from './row.ts';
import { MAXIMUM_ENTRIES } from './row.ts';
import { configurationRow } from './row-at.ts';

/** As many as MQTT has bytes for a text. */
const MAXIMUM_CHARACTERS = 65_535;

/** Made once, since that takes longer than checking a configuration. */
export const CONFIGURATION_SCHEMA: Readonly<z.ZodType<Configuration>> = schemaOf(
  configurationRow(),
) as z.ZodType<Configuration>;

function schemaOf(row: AnyRow): z.ZodType {
  const given = valueSchema(row);
  const nullable = row.default === null || row.nullable === true ? given.nullable() : given;
  if (row.optional === true) return nullable.optional();
  // A list with nothing below is null in YAML, too.
  if (row.kind === 'list' && row.default !== undefined && row.default !== null)
    return z.preprocess((value) => value ?? undefined, given.default(row.default));
  if (row.default !== undefined) return nullable.default(row.default);
  if (row.kind !== 'section' || nullable !== given) return nullable;
  // A section whose keys are all left out is as good as none; `limits:` with nothing below is null in YAML.
  return z.preprocess((value) => value ?? {}, given);
}

function valueSchema(row: AnyRow): z.ZodType {
  switch (row.kind) {
    case 'switch':
      return z.boolean();
    case 'number':
      return numberSchema(row);
    case 'text':
      return textSchema(row);
    case 'path':
      return row.orFalse === true ? z.union([z.literal(false), plainText()]) : plainText();
    case 'choice':
      return choiceSchema(row.choices);
    case 'mode':
      return z.preprocess(modeBits, z.number().int().min(0).max(0o777));
    case 'list':
      return listSchema(row);
    case 'section':
      return sectionSchema(row.keys);
    case 'map':
      return z.preprocess((value) => value ?? {}, z.record(plainText(), schemaOf(row.of)));
    case 'variants':
      return variantsSchema(row.variants);
  }
}

function sectionSchema(keys: AnyTable): z.ZodObject {
  return z.strictObject(shapeOf(keys));
}

function shapeOf(keys: AnyTable): Readonly<Record<string, z.ZodType>> {
  return Object.fromEntries(Object.entries(keys).map(([name, row]) => [name, schemaOf(row)]));
}

/** A word alone stands for a section that has nothing but this type. */
function variantsSchema(variants: (AnyRow & { readonly kind: 'variants' })['variants']): z.ZodType {
  const options = Object.entries(variants).map(([type, { keys }]) =>
    z.strictObject({ type: z.literal(type), ...shapeOf(keys) }),
  );
  const [first, ...others] = options;
  return z.preprocess(
    (value) => (typeof value === 'string' ? { type: value } : value),
    z.discriminatedUnion('type', [first!, ...others] as never),
  );
}

function listSchema({
  of,
  minimumEntries = 0,
  maximumEntries = MAXIMUM_ENTRIES,
}: AnyRow & { readonly kind: 'list' }): z.ZodType {
  const list = z.array(schemaOf(of)).min(minimumEntries).max(maximumEntries);
  const alone = ['text', 'path', 'choice', 'variants'].includes(of.kind);
  return z.preprocess((value) => (alone && isScalar(value) ? [value] : value), list);
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number';
}

function numberSchema({
  minimum,
  maximum,
  unit,
  fractions,
}: AnyRow & { readonly kind: 'number' }): z.ZodType {
  const number = z.number().min(minimum).max(maximum);
  return z.preprocess(
    (value) => (typeof value === 'string' ? (parseAmount(value, unit) ?? value) : value),
    fractions === true ? number : number.int(),
  );
}

function textSchema({ pattern, form, orNumberFrom }: AnyRow & { readonly kind: 'text' }): z.ZodType {
  let text: z.ZodString = z.string().max(MAXIMUM_CHARACTERS).refine(isUtf8Encodable);
  if (pattern !== undefined) text = text.regex(new RegExp(pattern, 'u'));
  if (form !== undefined) text = text.refine((value) => hasForm(value, form));
  if (orNumberFrom === undefined) return text;
  return z.union([text, z.number().int().min(orNumberFrom).max(0x7fffffff)]);
}

function plainText(): z.ZodString {
  return z
    .string()
    .max(MAXIMUM_CHARACTERS)
    .refine((value) => hasForm(value, 'plain'));
}

/** Words that look like numbers, such as versions, may be written as numbers: YAML reads 5.0 as 5. */
function choiceSchema(choices: readonly (string | number | boolean)[]): z.ZodType {
  return z.preprocess(
    (value) => choices.find((each) => each === value || isNumeralOf(each, value)) ?? value,
    z.custom((value) => choices.some((each) => each === value)),
  );
}

function isNumeralOf(choice: unknown, value: unknown): boolean {
  return (
    typeof choice === 'string' && typeof value === 'number' && /^\d/.test(choice) && Number(choice) === value
  );
}

/** Numbers are refused: 660 and 0660 are different ones to YAML. */
function modeBits(value: unknown): unknown {
  return typeof value === 'string' && /^(0o?)?[0-7]{3}$/.test(value)
    ? Number.parseInt(value.replace('o', ''), 8)
    : 'no mode';
}

/** Whether a text is what it must be. */
export function hasForm(text: string, form: TextForm): boolean {
  switch (form) {
    case 'plain':
      return text !== '' && !/\p{Cc}/u.test(text) && isUtf8Encodable(text);
    case 'topic-filter':
      return checkTopicFilter(text) === null && !isSharedFilter(text);
    case 'topic-name':
      return checkTopicName(text) === null;
    case 'address-block':
      return isAddressBlock(text);
    case 'url':
      return isServiceUrl(text);
  }
}

function isAddressBlock(text: string): boolean {
  const [address, bits, ...more] = text.split('/');
  const version = isIP(address!);
  if (version === 0 || more.length > 0 || address!.includes('%')) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** A user name or password in it would be shown where the URL is. */
function isServiceUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return ['http:', 'https:'].includes(protocol) && username === '' && password === '';
}
