import { formatBytes } from '../analysis/text.ts';
import type { MemoryUse } from '../runtime/memory.ts';

/** Milliseconds as people read them. */
export const formatMs = (ms: number): string => `${ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0)} ms`;

/** A model's memory by what it holds. */
export const formatMemory = ({ weights, activations, total }: MemoryUse): string =>
  `memory ${formatBytes(total)}: weights ${formatBytes(weights)}, activations ${formatBytes(activations)}`;

/** Columns of the longest bar, and of what stands beside it. */
const BAR = 30;
const BESIDE = 13;

/** Scores from 0 to 1 as labelled bars, a line each: where the terminal is narrow the bars are shorter and then labels cut. */
export function bars(rows: readonly { label: string; score: number }[], columns = process.stdout.columns || 80): string {
  const longest = Math.max(...rows.map(({ label }) => label.length));
  const width = Math.min(longest, Math.max(8, columns - BESIDE));
  const bar = Math.max(0, Math.min(BAR, columns - BESIDE - width));
  return rows
    .map(({ label, score }) => {
      const eighths = Math.round(score * bar * 8);
      const drawn = '█'.repeat(Math.floor(eighths / 8)) + ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8];
      const name = label.length > width ? `${label.slice(0, width - 1)}…` : label;
      return `  ${name.padEnd(width)}  ${bar > 0 ? `${drawn.padEnd(bar)}  ` : ''}${(score * 100).toFixed(1).padStart(5)} %`;
    })
    .join('\n');
}
