// How a test and a line of source name a statement of the specification.
//
//   test name    '[MQTT-3.3.1-5] v5 …'                           one statement of MQTT 5.0
//                '[MQTT-3.1.2-26] [MQTT-3.3.2-11] v5 …'          two of them
//                '[MQTT-3.3.1-5] v5 [MQTT-3.3.1-5] v3.1.1 …'     one of each version
//                '[MQTT-3.3.1-5] v5 v3.1.1 …'                    the same, where both versions share id and rule
//   comment      // [MQTT-3.3.1-5]                               of MQTT 5.0
//                // [MQTT-3.3.1-5] [MQTT-3.3.1-5] 3.1.1          of both
//
// Ids of 3.1.1 and 5.0 overlap and mean different rules, so a test always says the version, and a comment says it
// when it is not 5.0.

/** @typedef {'5.0' | '3.1.1'} Version */

/**
 * @typedef {object} Tag
 * @property {string} id Such as `MQTT-3.3.1-5`.
 * @property {Version} version
 */

const ids = /(?:\[MQTT-\d+(?:\.\d+)*-\d+\][ ,]*)+/;
const inTestName = new RegExp(`(${ids.source})((?:v(?:5|3\\.1\\.1)(?![\\w.])[ ,]*)*)`, 'g');
const inComment = new RegExp(`(${ids.source})(v?3\\.1\\.1(?![\\w.])[ ,]*)?`, 'g');

/** @param {string} text */
const idsIn = (text) => [...text.matchAll(/MQTT-[\d.]+-\d+/g)].map((match) => match[0]);

/** Whether a string is meant to name statements, well or badly. @param {string} text */
export const mentionsStatement = (text) => text.includes('[MQTT-');

/**
 * @param {string} name The name of a test, as written.
 * @returns {{ tags: Tag[], title: string, problem?: string }} `title` is the name without its tags.
 */
export function tagsInTestName(name) {
  /** @type {Tag[]} */
  const tags = [];
  /** @type {string | undefined} */
  let problem;
  const title = name.replace(
    inTestName,
    (_all, /** @type {string} */ idPart, /** @type {string} */ versionPart) => {
      /** @type {Version[]} */
      const versions = [];
      if (/v5/.test(versionPart)) versions.push('5.0');
      if (/v3\.1\.1/.test(versionPart)) versions.push('3.1.1');
      if (versions.length === 0) problem = `${idPart.trim()} is not followed by v5 or v3.1.1`;
      for (const version of versions) for (const id of idsIn(idPart)) tags.push({ id, version });
      return '';
    },
  );
  if (problem === undefined && mentionsStatement(title)) problem = 'an id is not of the form [MQTT-x.y.z-n]';
  const result = { tags, title: title.replace(/^[\s:,–-]+/, '').trim() };
  return problem === undefined ? result : { ...result, problem };
}

/**
 * @param {string} comment
 * @returns {Tag[]} In `[MQTT-a] [MQTT-b] 3.1.1` the version belongs to the last id alone.
 */
export function tagsInComment(comment) {
  return [...comment.matchAll(inComment)].flatMap((match) => {
    const found = idsIn(match[1] ?? '');
    /** @type {Tag[]} */
    const tags = found.map((id) => ({ id, version: '5.0' }));
    const last = tags.at(-1);
    if (match[2] !== undefined && last !== undefined) last.version = '3.1.1';
    return tags;
  });
}
