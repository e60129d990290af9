// From every numbered statement of the specification to the tests named by it and the source that obeys it.
//
// Facts come from docs/conformance/: `statements.json` has the statements, `untested.json` the reasons why some have
// no test. The rest is read from the names of the tests and the comments of the source (see statement-tags.mjs).

import { Visitor } from 'rolldown/utils';
import { parse } from './source-files.mjs';
import { mentionsStatement, tagsInComment, tagsInTestName } from './statement-tags.mjs';

/** @typedef {import('./source-files.mjs').SourceFile} SourceFile */
/** @typedef {import('./statement-tags.mjs').Tag} Tag */
/** @typedef {import('./statement-tags.mjs').Version} Version */

/** @typedef {{ id: string, version: Version, section: string, role: 'client' | 'server' | 'both', gist: string }} Statement */
/** @typedef {{ id: string, version: Version, reason: string }} Untested */
/** @typedef {{ path: string, title: string }} NamedTest */

/**
 * @typedef {object} Trace One statement with all that is known of it.
 * @property {Statement} statement
 * @property {NamedTest[]} tests
 * @property {string[]} sources Paths of the files that cite it.
 * @property {string | undefined} reason Why it has no test.
 */

/**
 * @typedef {object} Traceability
 * @property {Trace[]} traces In the order of the statements.
 * @property {string[]} problems Contradictions: what is named wrongly, or both tested and excused.
 * @property {string[]} untested Statements that have neither a test nor a reason.
 */

/** @param {Tag} tag */
const keyOf = (tag) => `${tag.id} (${tag.version})`;

/**
 * The strings of a test file that name statements. A hole in a template reads `…`.
 * @param {SourceFile} file
 * @returns {string[]}
 */
export function testNamesIn(file) {
  if (!mentionsStatement(file.text)) return [];
  /** @type {string[]} */
  const strings = [];
  new Visitor({
    Literal(node) {
      if (typeof node.value === 'string') strings.push(node.value);
    },
    TemplateLiteral(node) {
      strings.push(node.quasis.map((quasi) => quasi.value.cooked ?? '').join('…'));
    },
  }).visit(parse(file).program);
  return strings.filter(mentionsStatement);
}

/**
 * @param {SourceFile} file
 * @returns {Tag[]} What the comments of a source file cite.
 */
export function citationsIn(file) {
  if (!mentionsStatement(file.text)) return [];
  return parse(file).comments.flatMap((comment) => tagsInComment(comment.value));
}

/**
 * @param {object} facts
 * @param {readonly Statement[]} facts.statements
 * @param {readonly Untested[]} facts.untested
 * @param {readonly SourceFile[]} facts.testFiles
 * @param {readonly SourceFile[]} facts.sourceFiles
 * @returns {Traceability}
 */
export function trace({ statements, untested, testFiles, sourceFiles }) {
  /** @type {Map<string, Trace>} */
  const traces = new Map();
  for (const statement of statements) {
    traces.set(keyOf(statement), { statement, tests: [], sources: [], reason: undefined });
  }
  /** @type {string[]} */
  const problems = [];

  /** @param {Tag} tag @param {string} where */
  const find = (tag, where) => {
    const found = traces.get(keyOf(tag));
    if (found === undefined)
      problems.push(`${where}: there is no statement ${tag.id} in MQTT ${tag.version}`);
    return found;
  };

  for (const file of testFiles) {
    for (const name of testNamesIn(file)) {
      const { tags, title, problem } = tagsInTestName(name);
      if (problem !== undefined) problems.push(`${file.path}: ${problem}, in '${name}'`);
      for (const tag of tags) find(tag, file.path)?.tests.push({ path: file.path, title });
    }
  }
  for (const file of sourceFiles) {
    for (const tag of citationsIn(file)) {
      const sources = find(tag, file.path)?.sources;
      if (sources !== undefined && !sources.includes(file.path)) sources.push(file.path);
    }
  }
  for (const { id, version, reason } of untested) {
    const found = find({ id, version }, 'untested.json');
    if (found === undefined) continue;
    if (found.reason !== undefined)
      problems.push(`untested.json: ${id} of MQTT ${version} stands there twice`);
    const [test] = found.tests;
    if (test !== undefined) {
      problems.push(`untested.json: ${id} of MQTT ${version} has a reason, and a test in ${test.path}`);
    }
    found.reason = reason;
  }

  const all = [...traces.values()];
  const bare = all.filter((one) => one.tests.length === 0 && one.reason === undefined);
  return {
    traces: all,
    problems,
    untested: bare.map(({ statement }) => `${statement.id} of MQTT ${statement.version}: ${statement.gist}`),
  };
}
