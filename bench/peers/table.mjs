/** Text in columns: the first to the left, the others to the right. */
export function table(header, rows) {
  const lines = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...lines.map((row) => row[column].length)));
  return lines
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  '))
    .join('\n');
}

/** Three significant digits, more before the point. */
export const digits = (number) => (Math.abs(number) >= 100 ? number.toFixed(0) : number.toPrecision(3));

export const ratio = (number) => `×${number.toFixed(2)}`;

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
