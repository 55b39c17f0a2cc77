// The binary of relaxed dots, on bytes up to 127, for which the dots of all engines are exact: qLinearConv.test.ts has all bytes where it is chosen.

import { jest } from '@jest/globals';
import { skip } from '../skip.ts';
import { cases, nodeOf } from './cases.ts';

jest.unstable_mockModule('../../src/quantized/dots.ts', () => ({ hasExactDots: () => true }));

// The first compiler of V8 before 12 dots wrongly.
if (Number.parseFloat(process.versions.v8) >= 12) {
  const { addQuantized } = await import('../../src/quantized/index.ts');
  const { expectTensor, runTyped } = await import('../kernels/run.ts');
  addQuantized();

  test.each(cases)('%j', (given) => {
    const { node, expected } = nodeOf(given, 127);
    expectTensor(runTyped(node)[0], expected);
  });
} else {
  skip('the binary of relaxed dots', 'it needs Node 22');
}
