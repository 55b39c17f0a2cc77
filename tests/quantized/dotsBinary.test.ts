// The tests of integers by the binaries of relaxed dots, on one thread and on three: on every engine and processor, because
// the dots alone, which may saturate here, are replaced by exact ones.

import { readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import type { BinaryName } from '../../src/binaries.ts';
import { withExactDots } from './exactDots.ts';

jest.unstable_mockModule('../../src/quantized/dots.ts', () => ({ hasExactDots: () => true }));

const names = ['dots-quantized', 'dots-threads-quantized'] as const;
const binaries = names.map((name) => [name, withExactDots(readFileSync(`build/${name}.wasm`))] as const);
const { given } = await import('../../src/binaries.ts');
for (const [name, { module }] of binaries) (given as [BinaryName, WebAssembly.Module][]).push([name, module]);
const { addQuantized } = await import('../../src/quantized/index.ts');
// Before the harness asks which binary it is; otherwise it has that of strict dots.
addQuantized();
const { moduleOf } = await import('../kernels/run.ts');
await import('./qLinearConv.test.ts');
await import('./integers.test.ts');
await import('./matMul.test.ts');
await import('./contrib.test.ts');
await import('./partly.test.ts');
await import('./passes.test.ts');

test.each(binaries)('%s, with exact dots, is what the tests run', (name, { module, dots }) => {
  expect(dots).toBeGreaterThan(0);
  expect(moduleOf(name.includes('threads') ? 'strict-threads' : 'strict', 'quantized')).toBe(module);
  const memory = new WebAssembly.Memory({ initial: 1, ...(name.includes('threads') && { maximum: 65535, shared: true }) });
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as { dots(weights: number, bytes: number): number };
  for (const [w, x] of [
    [
      [127, 127, 127, 127],
      [255, 255, 255, 255],
    ],
    [
      [-128, -128, -128, -128],
      [255, 255, 255, 255],
    ],
    [
      [1, -128, 127, -77],
      [128, 253, 254, 1],
    ],
  ] as const) {
    const word = (list: readonly number[]) => new Int32Array(Int8Array.from(list).buffer)[0] as number;
    expect(kernels.dots(word(w), word(x))).toBe(w.reduce((sum, value, i) => sum + value * (x[i] as number), 0));
  }
});
