/** Where every value of a draft stands: with the option that it, or what it belongs to, is from. */
import type { KeyPath } from '../../config/key-path.ts';
import { keyText } from '../../config/key-path.ts';
import type { Place } from '../../config/source.ts';
import type { ConfigurationDraft } from './configuration-draft.ts';

/** By the texts of keys. What no option says (a habit of Mosquitto) is of the file as a whole. */
export function placesOf({ root, origins }: ConfigurationDraft): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  const add = (value: unknown, path: KeyPath, above: Place): void => {
    const { file, line } = origins.get(keyText(path)) ?? above;
    const place = { ...(file !== undefined && { file }), line };
    if (path.length > 0) places.set(keyText(path), place);
    if (typeof value !== 'object' || value === null) return;
    for (const [name, each] of Object.entries(value))
      add(each, [...path, Array.isArray(value) ? Number(name) : name], place);
  };
  add(root, [], { line: undefined });
  return places;
}
