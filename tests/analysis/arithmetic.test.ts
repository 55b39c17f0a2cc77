import fc from 'fast-check';
import {
  convMacs,
  convParameters,
  denseParameters,
  outputSize,
  receptiveField,
  summarize,
  transposedOutputSize,
} from '../../src/analysis/index.ts';
import { failure } from '../failure.ts';
import { graphOf } from '../kernels/graph.ts';
import { shaped } from './alexnet2012.ts';

const window = {
  input: fc.integer({ min: 1, max: 40 }),
  kernel: fc.integer({ min: 1, max: 7 }),
  stride: fc.integer({ min: 1, max: 4 }),
  dilation: fc.integer({ min: 1, max: 3 }),
  padding: fc.oneof(
    fc.integer({ min: 0, max: 3 }),
    fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
    fc.constantFrom('same' as const, 'valid' as const),
  ),
};

const padded = (padding: number | [number, number] | 'same' | 'valid') =>
  typeof padding === 'string'
    ? { auto_pad: padding === 'same' ? 'SAME_UPPER' : 'VALID' }
    : { pads: typeof padding === 'number' ? [padding, padding] : padding };

/** What a function gives, or why not. */
const attempt = (run: () => number | undefined): number | string | undefined => {
  try {
    return run();
  } catch {
    return 'refused';
  }
};

test('output sizes, parameters and multiply-accumulates are those of the operators', () => {
  const refused = { some: 0 };
  fc.assert(
    fc.property(fc.record(window), fc.integer({ min: 1, max: 3 }), fc.boolean(), (sizes, groups, bias) => {
      const { input, kernel, stride, dilation, padding } = sizes;
      const attributes = { strides: [stride], dilations: [dilation], ...padded(padding) };
      const dims = [2 * groups, 3, kernel];
      const constants = { w: shaped('w', dims), b: shaped('b', [2 * groups]) };
      const nodes = [{ op: 'Conv', inputs: ['x', 'w', ...(bias ? ['b'] : [])], attributes: { ...attributes, group: groups } }];
      const layer = attempt(() => {
        const [conv] = summarize(graphOf({ inputs: { x: [1, 3 * groups, input] }, constants, nodes })).layers;
        const filters = { kernel: [kernel], in: 3 * groups, out: 2 * groups, groups };
        const length = conv?.output?.[2] ?? 0;
        expect(convParameters({ ...filters, bias })).toBe(conv?.params);
        expect(convMacs({ ...filters, output: length })).toBe(conv?.macs);
        return length;
      });
      if (layer === 'refused') refused.some++;
      expect(attempt(() => outputSize(sizes))).toBe(layer);
    }),
  );
  expect(refused.some).toBeGreaterThan(0);
});

test('output sizes of pools that round up and of transposed convolutions are those of the operators', () => {
  fc.assert(
    fc.property(fc.record(window), fc.integer({ min: 0, max: 2 }), (sizes, outputPadding) => {
      const { input, kernel, stride, dilation, padding } = sizes;
      const attributes = { strides: [stride], dilations: [dilation], ...padded(padding) };
      const length = (op: string, inputs: string[], more: Record<string, number | number[]>) =>
        attempt(() => {
          const graph = graphOf({
            opset: 19,
            inputs: { x: [1, 1, input] },
            constants: { w: shaped('w', [1, 1, kernel]) },
            nodes: [{ op, inputs, attributes: { ...attributes, kernel_shape: [kernel], ...more } }],
          });
          return summarize(graph).layers[0]?.output?.[2];
        });
      expect(attempt(() => outputSize({ ...sizes, ceilMode: true }))).toBe(length('MaxPool', ['x'], { ceil_mode: 1 }));
      if (outputPadding >= Math.max(stride, dilation)) return;
      expect(attempt(() => transposedOutputSize({ ...sizes, outputPadding }))).toBe(
        length('ConvTranspose', ['x', 'w'], { output_padding: [outputPadding] }),
      );
    }),
  );
});

test('a transposed convolution undoes the size of the convolution', () => {
  const window = { kernel: 3, stride: 2, padding: 1 };
  expect(outputSize({ input: 15, ...window })).toBe(8);
  expect(transposedOutputSize({ input: 8, ...window })).toBe(15);
  expect(transposedOutputSize({ input: 8, ...window, outputPadding: 1 })).toBe(16);
});

test('parameters by hand', () => {
  expect(convParameters({ kernel: [1, 7], in: 16, out: 32 })).toBe(7 * 16 * 32 + 32);
  // Depthwise and pointwise against the whole.
  const separable =
    convParameters({ kernel: 3, in: 64, out: 64, groups: 64, bias: false }) + convParameters({ kernel: 1, in: 64, out: 128, bias: false });
  expect([separable, convParameters({ kernel: 3, in: 64, out: 128, bias: false })]).toEqual([8768, 73_728]);
  expect(denseParameters({ in: 9216, out: 4096 })).toBe(37_752_832);
  expect(convMacs({ kernel: 3, in: 64, out: 64, output: [56, 28] })).toBe(9 * 64 * 64 * 56 * 28);
});

test('receptive fields', () => {
  expect(receptiveField([])).toEqual({ size: 1, stride: 1, offset: 0 });
  expect(
    receptiveField([
      { kernel: 7, stride: 2, padding: 3 },
      { kernel: 3, stride: 2, padding: [0, 1] },
    ]),
  ).toEqual({ size: 11, stride: 4, offset: -3 });
  expect(
    receptiveField([
      { kernel: 5, padding: 'same' },
      { kernel: 4, padding: 'same' },
    ]),
  ).toEqual({ size: 8, stride: 1, offset: -3 });
  expect(receptiveField([{ kernel: 3, dilation: 4, padding: 'valid' }]).size).toBe(9);
});

test('what makes no sense is said', () => {
  const bad = (run: () => unknown) => expect(failure(run)).toMatchObject({ name: 'LanewiseError' });
  const numbers = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 28, 2 ** 60, '3', null, {}, [], 3n, true] as never[];
  for (const value of numbers) {
    bad(() => outputSize({ input: value, kernel: 3 }));
    bad(() => outputSize({ input: 9, kernel: value }));
    bad(() => outputSize({ input: 9, kernel: 3, stride: value }));
    bad(() => outputSize({ input: 9, kernel: 3, dilation: value }));
    bad(() => convParameters({ kernel: value, in: 1, out: 1 }));
    bad(() => convParameters({ kernel: 1, in: value, out: 1 }));
    bad(() => convParameters({ kernel: 1, in: 1, out: 1, groups: value }));
    bad(() => convMacs({ kernel: 1, in: 1, out: 1, output: value }));
    bad(() => denseParameters({ in: 1, out: value }));
    bad(() => receptiveField([{ kernel: value }]));
    bad(() => receptiveField([{ kernel: 1, stride: value }]));
    if ((value as unknown) !== 0 && !Array.isArray(value)) bad(() => outputSize({ input: 9, kernel: 3, padding: value }));
  }
  for (const padding of [[1], new Array(2), [1, 2, 3], [1, -1], 'SAME', [1, 'same']] as never[]) {
    bad(() => outputSize({ input: 9, kernel: 3, padding }));
    bad(() => receptiveField([{ kernel: 3, padding }]));
  }
  for (const value of [undefined, null, 7, 'x'] as never[]) {
    for (const run of [outputSize, transposedOutputSize, convParameters, denseParameters, convMacs, receptiveField]) bad(() => run(value));
    bad(() => receptiveField([value]));
  }
  for (const run of [
    () => convParameters({ kernel: new Array(2), in: 1, out: 1 }),
    () => convMacs({ kernel: 1, in: 1, out: 1, output: new Array(2) }),
  ])
    expect(failure(run).code).toBe('INVALID_INPUT');
  bad(() => outputSize({ input: 3, kernel: 5 }));
  bad(() => outputSize({ input: 9, kernel: 3, ceilMode: 1 as never }));
  bad(() => transposedOutputSize({ input: 4, kernel: 3, stride: 2, outputPadding: 2 }));
  bad(() => transposedOutputSize({ input: 1, kernel: 1, padding: 3 }));
  bad(() => convParameters({ kernel: 3, in: 6, out: 4, groups: 4 }));
  bad(() => convParameters({ kernel: 3, in: 6, out: 4, bias: 1 as never }));
  bad(() => convParameters({ kernel: [2 ** 20, 2 ** 20], in: 2 ** 20, out: 1 }));
  bad(() => convMacs({ kernel: 3, in: 1, out: 1, output: [1, 2, 3] }));
  bad(() => receptiveField([{ kernel: 3, stride: 2, padding: 'same' }]));
  bad(() => receptiveField(Array.from({ length: 9 }, () => ({ kernel: 1, stride: 2 ** 20 }))));
  expect(failure(() => outputSize({ input: 9, kernel: 3, stride: 0 }))).toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringMatching(/^stride takes a whole number from 1 to \d+, got 0$/),
  });
});
