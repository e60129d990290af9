// Writes docs/configuration.md and docs/martlet.schema.json from the tables that the broker checks a configuration by; `--check`
// compares instead.

import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { writeOrCheck } from './generated-document.mjs';
import { amount } from './limits.mjs';
import { root } from './source-files.mjs';

/**
 * @typedef {object} Row
 * @property {string} kind
 * @property {string} text
 * @property {unknown} [default]
 * @property {string} [defaultText]
 * @property {boolean} [optional]
 * @property {readonly unknown[]} [choices]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {string} [unit]
 * @property {string} [expected]
 * @property {string} [form]
 * @property {boolean} [orFalse]
 * @property {readonly string[]} [words]
 * @property {Row} [of]
 * @property {string} [names]
 * @property {Readonly<Record<string, Row>>} [keys]
 * @property {Readonly<Record<string, { text: string, keys: Readonly<Record<string, Row>> }>>} [variants]
 */

const CONFIG = 'packages/broker/src/config';

/**
 * What the sources of the tables export. They are bundled, since they import one another; reading them needs no build.
 * @returns {Promise<{ CONFIGURATION_ROWS: Readonly<Record<string, Row>>, configurationJsonSchema: () => unknown }>}
 */
export async function tables() {
  const entry = `export { CONFIGURATION_ROWS } from '${join(root, CONFIG, 'tables/configuration-rows.ts')}';
export { configurationJsonSchema } from '${join(root, CONFIG, 'json-schema.ts')}';`;
  const bundle = await rolldown({
    cwd: root,
    input: 'tables',
    platform: 'node',
    resolve: { conditionNames: ['martlet-source', 'node', 'import', 'default'] },
    checks: { bundlerTimings: false },
    plugins: [
      {
        name: 'tables',
        resolveId: (id) => (id === 'tables' ? id : null),
        load: (id) => (id === 'tables' ? entry : null),
      },
    ],
  });
  try {
    const { output } = await bundle.generate({ format: 'esm' });
    return await import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);
  } finally {
    await bundle.close();
  }
}

/** @param {string} text */
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** @param {Row} row */
function usual(row) {
  if (row.defaultText !== undefined) return row.defaultText;
  if (row.default === undefined) return row.kind === 'section' || row.optional ? '' : '**must be given**';
  if (row.default === null) return 'none';
  if (Array.isArray(row.default)) {
    return row.default.length === 0 ? 'none' : row.default.map((each) => `\`${each}\``).join(', ');
  }
  if (row.kind === 'map') return 'none';
  if (row.kind === 'number' && typeof row.default === 'number') return number(row.default, row.unit ?? '');
  return row.default === '' ? 'empty' : `\`${String(row.default)}\``;
}

/**
 * @param {number} value
 * @param {string} unit
 */
function number(value, unit) {
  if (unit === 'bytes') return amount(value, unit);
  return `${amount(value, unit)}${unit === '' || unit === 'port' ? '' : ` ${unit}`}`;
}

/** @type {Readonly<Record<string, string>>} */
const forms = {
  'topic-filter': 'topic filter',
  'topic-name': 'topic',
  'address-block': 'address, or a block of them',
  url: 'URL',
};

/**
 * @param {Row} row
 * @returns {string}
 */
function values(row) {
  switch (row.kind) {
    case 'switch':
      return '`true`, `false`';
    case 'number':
      return bounds(row);
    case 'text':
      return row.expected ?? forms[row.form ?? ''] ?? 'text';
    case 'path':
      return [
        'path',
        ...(row.words ?? []).map((word) => `\`${word}\``),
        ...(row.orFalse ? ['`false`'] : []),
      ].join(', ');
    case 'choice':
      return (row.choices ?? []).map((choice) => `\`${String(choice)}\``).join(', ');
    case 'mode':
      return 'permission bits in octal';
    case 'list':
      return `list: ${row.of?.kind === 'section' || row.of?.kind === 'variants' ? 'see below' : values(/** @type {Row} */ (row.of))}`;
    case 'map':
      return `by ${row.names}: ${row.of?.kind === 'section' ? 'see below' : values(/** @type {Row} */ (row.of))}`;
    default:
      return 'section: see below';
  }
}

/** @param {Row} row */
function bounds({ minimum = 0, maximum = 0, unit = '' }) {
  if (maximum >= Number.MAX_SAFE_INTEGER) return `from ${number(minimum, unit)} on`;
  return `${amount(minimum, unit)} to ${number(maximum, unit)}`;
}

/**
 * @param {Readonly<Record<string, Row>>} keys
 * @returns {string[]}
 */
function table(keys) {
  const rows = Object.entries(keys).map(
    ([name, row]) => `| \`${name}\` | ${cell(usual(row))} | ${cell(values(row))} | ${cell(row.text)} |`,
  );
  return ['| key | default | values | says |', '|---|---|---|---|', ...rows];
}

/** @param {string} path */
const headingOf = (path) => `${path.replace(/\[\]$/, '').match(/[.[]/) ? '###' : '##'} ${path}`;

/** What is documented once and used twice. */
const elsewhere = new Map([
  ['listeners[].authentication', 'As [`authentication`](#authentication).'],
  ['listeners[].authorization', 'As [`authorization`](#authorization).'],
  ['listeners[].rates', 'As [`rates.perListener`](#ratesperlistener).'],
  ['rates.users', 'As [`rates.perUser`](#ratesperuser).'],
]);

/**
 * The sections below a row, each under its path.
 * @param {string} path
 * @param {Row} row
 * @returns {string[]}
 */
function sections(path, row) {
  switch (row.kind) {
    case 'section':
      return section(path, row.text, row.keys ?? {});
    case 'list':
      return sections(`${path}[]`, /** @type {Row} */ (row.of));
    case 'map':
      return sections(`${path}.NAME`, /** @type {Row} */ (row.of));
    case 'variants':
      return variants(path, row);
    default:
      return [];
  }
}

/**
 * @param {string} path
 * @param {string} text
 * @param {Readonly<Record<string, Row>>} keys
 * @returns {string[]}
 */
function section(path, text, keys) {
  const below = Object.entries(keys).flatMap(([name, row]) => sections(`${path}.${name}`, row));
  const heading = headingOf(path);
  const known = elsewhere.get(path.replace(/\.NAME$/, ''));
  if (known !== undefined) return [heading, '', known, ''];
  return [heading, '', `${text[0]?.toUpperCase()}${text.slice(1)}.`, '', ...table(keys), '', ...below];
}

/**
 * @param {string} path
 * @param {Row} row
 * @returns {string[]}
 */
function variants(path, { variants: all = {} }) {
  const lines = [
    headingOf(path),
    '',
    'What else may be given depends on `type`. A `type` that needs nothing else may stand as a word alone.',
    '',
  ];
  for (const [type, { text, keys }] of Object.entries(all)) {
    lines.push(`**\`type: ${type}\`**: ${text}`, '');
    if (Object.keys(keys).length > 0) lines.push(...table(keys), '');
  }
  const below = Object.values(all).flatMap(({ keys }) =>
    Object.entries(keys).flatMap(([name, each]) => sections(`${path}.${name}`, each)),
  );
  return [...lines, ...below];
}

/**
 * @param {Readonly<Record<string, Row>>} rows
 * @returns {string}
 */
export function render(rows) {
  const top = Object.entries(rows).filter(([, { kind }]) => !['section', 'list', 'map'].includes(kind));
  return `${[
    '# martlet.yaml',
    '',
    'Generated by `npm run docs` from the tables that the broker itself checks a configuration by; do not edit. How a',
    'configuration is written, checked and changed, with examples: [the guide](guides/configuring.md).',
    '',
    'Everything may be left out but what says that it must be given. Times may be written as `30s`, `5m` or `1h30m`, sizes as',
    '`64KiB` or `16MiB`; a number alone is in the unit that stands with it. Paths are relative to the file. Each key can be given',
    'by a variable of the environment, too: `limits.queuedMessages` as `MARTLET_LIMITS__QUEUED_MESSAGES`,',
    '`listeners[0].port` as `MARTLET_LISTENERS__0__PORT`. Flags of the command come before the environment, that before the file,',
    'the file before the defaults.',
    '',
    '## General',
    '',
    ...table(Object.fromEntries(top)),
    '',
    ...Object.entries(rows).flatMap(([name, row]) => sections(name, row)),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

if (process.argv[1] === import.meta.filename) {
  const { CONFIGURATION_ROWS, configurationJsonSchema } = await tables();
  const args = process.argv.slice(2);
  writeOrCheck('docs/configuration.md', render(CONFIGURATION_ROWS), args);
  writeOrCheck('docs/martlet.schema.json', `${JSON.stringify(configurationJsonSchema(), null, 2)}\n`, args);
}
