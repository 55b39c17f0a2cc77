import type { MemoryUse } from '../runtime/engine.ts';

/** Milliseconds as people read them. */
export const formatMs = (ms: number): string => `${ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0)} ms`;

/** Bytes in binary units. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(2)} MiB`;
}

/** A model's memory by what it holds. */
export const formatMemory = ({ weights, activations, total }: MemoryUse): string =>
  `memory ${formatBytes(total)}: weights ${formatBytes(weights)}, activations ${formatBytes(activations)}`;

export const formatCount = (count: number): string => count.toLocaleString('en');

/** Columns padded to their widest cell; those of `right` are set flush right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (right.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

const BAR = 30;

/** Scores from 0 to 1 as labelled bars. */
export function bars(rows: readonly { label: string; score: number }[]): string {
  const width = Math.max(...rows.map(({ label }) => label.length));
  return rows
    .map(({ label, score }) => {
      const eighths = Math.round(score * BAR * 8);
      const bar = '█'.repeat(Math.floor(eighths / 8)) + ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8];
      return `  ${label.padEnd(width)}  ${bar.padEnd(BAR)}  ${(score * 100).toFixed(1).padStart(5)} %`;
    })
    .join('\n');
}
