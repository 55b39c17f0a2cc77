import { type QuantizedName, type Text, texts } from '../binaries.ts';

const own: Readonly<Record<QuantizedName, Text>> = {
  'strict-quantized': () => import('../../build/strict-quantized.js'),
  'strict-threads-quantized': () => import('../../build/strict-threads-quantized.js'),
  'dots-quantized': () => import('../../build/dots-quantized.js'),
  'dots-threads-quantized': () => import('../../build/dots-threads-quantized.js'),
};

/** Adds the binaries of the pack *quantized* to the others, where binaries are compiled. */
export const addBinaries = (): void => void (texts && Object.assign(texts, own));
