/** A table as plain text: the first column to the left, the others to the right. */

/** @param rows the first of them is the heading, if there is one */
export function tableText(rows: readonly (readonly string[])[], indent = '  '): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      `${indent}${row
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[at]!)))
        .join('   ')}`.trimEnd(),
    )
    .join('\n');
}
