import { expect, test } from '@jest/globals';
import { at } from '../../src/graph/at.ts';

test('an element that is there, also one that counts as false', () => {
  expect(at([3, 0], 1)).toBe(0);
  expect(at([Number.NaN], 0)).toBe(Number.NaN);
  expect(at(new Float32Array(2), 1)).toBe(0);
});

test.each([[-1], [2], [0.5], [Number.NaN]])('an index of %p is an error, no quiet 0', (index) => {
  expect(() => at([1, 2], index)).toThrow(`no element ${index} of 2`);
});
