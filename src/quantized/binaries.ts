import { type QuantizedName, type Text, texts } from '../binaries.ts';
import { packNames } from '../runtime/wasm.ts';
import { hasExactDots } from './dots.ts';

const own: Readonly<Record<QuantizedName, Text>> = {
  'strict-quantized': () => import('../../build/strict-quantized.js'),
  'strict-threads-quantized': () => import('../../build/strict-threads-quantized.js'),
  'dots-quantized': () => import('../../build/dots-quantized.js'),
  'dots-threads-quantized': () => import('../../build/dots-threads-quantized.js'),
};

/**
 * Adds the binaries of the pack *quantized* to the others, where binaries are compiled. Which one depends on the engine's dots of
 * integers, not on the option relaxed: their float32 is strict.
 */
export function addBinaries(): void {
  if (texts) Object.assign(texts, own);
  packNames.quantized = (variant) => `${hasExactDots() ? 'dots' : 'strict'}${variant.endsWith('-threads') ? '-threads' : ''}-quantized`;
}
