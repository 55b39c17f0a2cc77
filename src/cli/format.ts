import { formatBytes } from '../analysis/text.ts';
import type { MemoryUse } from '../runtime/memory.ts';

/** Milliseconds as people read them. */
export const formatMs = (ms: number): string => `${ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0)} ms`;

/** A model's memory by what it holds. */
export const formatMemory = ({ weights, activations, total }: MemoryUse): string =>
  `memory ${formatBytes(total)}: weights ${formatBytes(weights)}, activations ${formatBytes(activations)}`;

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
