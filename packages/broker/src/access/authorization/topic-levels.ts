/**
 * Topic filters as sets of topic names, level by level: whether one matches a name, covers another filter, or has names in
 * common with it. Authorisation asks this about rules and subscriptions; both are valid filters, split at `/`.
 *
 * Everywhere a wildcard in the first level stands for no name that begins with `$`. [MQTT-4.7.2-1]
 */

export type Levels = readonly string[];

const DOLLAR = 0x24;

/** Whether a name is one of the filter's. */
export function levelsMatch(filter: Levels, name: Levels): boolean {
  if (excludesDollar(filter, name)) return false;
  for (let at = 0; at < filter.length; at++) {
    const level = filter[at];
    if (level === '#') return true; // also the level above it: sport/# matches sport
    if (at >= name.length) return false;
    if (level !== '+' && level !== name[at]) return false;
  }
  return filter.length === name.length;
}

/** Whether every name of `other` is one of `filter`. */
export function levelsCover(filter: Levels, other: Levels): boolean {
  if (excludesDollar(filter, other)) return false;
  for (let at = 0; at < filter.length; at++) {
    const level = filter[at];
    if (level === '#') return true;
    if (at >= other.length || other[at] === '#') return false;
    if (level !== '+' && level !== other[at]) return false;
  }
  return filter.length === other.length;
}

/** The filter of the names that both have, or null if there is none. There is always one: `a/+` and `+/b` have `a/b`. */
export function levelsInCommon(one: Levels, other: Levels): Levels | null {
  if (excludesDollar(one, other) || excludesDollar(other, one)) return null;
  const common: string[] = [];
  for (let at = 0; at < one.length || at < other.length; at++) {
    const [a, b] = [one[at], other[at]];
    if (a === '#') return [...common, ...other.slice(at)];
    if (b === '#') return [...common, ...one.slice(at)];
    if (a === undefined || b === undefined) return null;
    if (a !== '+' && b !== '+' && a !== b) return null;
    common.push(a === '+' ? b : a);
  }
  return common;
}

/** Whether `filter` begins with a wildcard, which no topic that begins with `$` meets. */
function excludesDollar(filter: Levels, other: Levels): boolean {
  return (filter[0] === '+' || filter[0] === '#') && other[0]?.charCodeAt(0) === DOLLAR;
}
