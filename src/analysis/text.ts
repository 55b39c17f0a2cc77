// Numbers and tables as people read them.

import { visible } from '../errors.ts';
import { at } from '../graph/at.ts';

/** Bytes in binary units. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(2)} MiB`;
}

export const formatCount = (count: number): string => count.toLocaleString('en');

/**
 * Columns padded to their widest cell, one line per row whatever it contains; those of `right` are flush right. A row of one
 * cell spans them all.
 */
export function table(header: readonly string[], cells: readonly (readonly string[])[], right: readonly number[] = []): string {
  const rows = cells.map((row) => row.map(visible));
  const full = rows.filter((row) => row.length > 1);
  const widths = header.map((title, i) => full.reduce((width, row) => Math.max(width, row[i]?.length ?? 0), title.length));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (right.includes(i) ? cell.padStart(at(widths, i)) : cell.padEnd(row.length > 1 ? at(widths, i) : 0)))
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}
