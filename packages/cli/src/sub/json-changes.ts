/** What has changed from one JSON value to the next. */
import { jsonTextOf } from '../messages/json-text.ts';

/** Values that are compared; a message with more of them is not for people. */
const MOST_VALUES = 500;

/**
 * One line for each value that is another one now, came or went: `lux: 230 → 231`, `+ door: "open"`, `- motion: true`. Empty if
 * either is no JSON, or a single value.
 */
export function jsonChanges(before: Uint8Array, after: Uint8Array): readonly string[] {
  const old = valuesIn(before);
  const now = valuesIn(after);
  if (old === undefined || now === undefined) return [];
  const lines: string[] = [];
  for (const [path, text] of now) {
    const was = old.get(path);
    if (was === undefined) lines.push(`+ ${path}: ${text}`);
    else if (was !== text) lines.push(`${path}: ${was} → ${text}`);
  }
  for (const [path, was] of old) if (!now.has(path)) lines.push(`- ${path}: ${was}`);
  return lines;
}

/** Values that have no others in them, as JSON, by the way to them: `room.lamps.0.on`. */
function valuesIn(bytes: Uint8Array): ReadonlyMap<string, string> | undefined {
  const text = jsonTextOf(bytes);
  if (text === undefined) return undefined;
  const values = new Map<string, string>();
  const waiting: { readonly path: string; readonly value: unknown }[] = [
    { path: '', value: JSON.parse(text) },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, value } = next;
    const parts = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    if (parts.length === 0) values.set(path, JSON.stringify(value));
    if (values.size + waiting.length + parts.length > MOST_VALUES) return undefined;
    for (const [name, part] of parts.reverse())
      waiting.push({ path: path === '' ? name : `${path}.${name}`, value: part });
  }
  return values.has('') && values.size === 1 ? undefined : values;
}
