// Convolutions by Winograd's algorithm, every form wherever it fits, against plain ones in float64.
import fc from 'fast-check';
import { winogradForms } from '../../src/ops/window/winograd.ts';
import { add, array, type NdArray, random, relu } from '../reference/index.ts';
import { type ConvCase, convArrays, convNode, convReference } from './convCase.ts';
import { graphOf } from './graph.ts';
import { opsOf, withoutLayout } from './plans.ts';
import { eachVariant, expectClose, runGraph, runNode, sumTolerance } from './run.ts';

/** How much further than a plain sum's the error goes: the transforms add and multiply by numbers up to 2.5, twice. */
const FACTOR: Record<string, number> = { 'F(4, 3)': 8, 'F(2, 3)': 3, 'F(2, 5)': 8 };

const named = winogradForms.map((form) => [`F(${form.size}, ${form.taps})`, form] as const);

const shapes: Record<string, Omit<ConvCase, 'w'> & { filters: number }> = {
  'one tile': { x: [1, 4, 6, 6], filters: 8 },
  'one output pixel': { x: [1, 4, 1, 1], filters: 5, pads: [2, 2, 2, 2] },
  'one row': { x: [1, 4, 1, 19], filters: 9, pads: [2, 0, 2, 0] },
  'one column': { x: [1, 8, 17, 1], filters: 1, pads: [0, 2, 0, 2] },
  'odd sizes': { x: [1, 12, 13, 11], filters: 17, pads: [1, 1, 1, 1] },
  'batch of 3, tiles of several pictures together': { x: [3, 4, 7, 9], filters: 7, pads: [1, 1, 1, 1] },
  'padding on top': { x: [1, 4, 7, 7], filters: 3, pads: [2, 0, 0, 0] },
  'padding on the left': { x: [1, 4, 7, 7], filters: 3, pads: [0, 2, 0, 0] },
  'padding on the bottom': { x: [1, 4, 7, 7], filters: 3, pads: [0, 0, 2, 0] },
  'padding on the right': { x: [1, 4, 7, 7], filters: 3, pads: [0, 0, 0, 2] },
  'padding over the kernel': { x: [1, 4, 3, 2], filters: 5, pads: [6, 7, 5, 6] },
  'more than sixteen channels': { x: [1, 20, 9, 9], filters: 24, pads: [1, 1, 1, 1] },
  'more than sixteen tiles of many channels': { x: [1, 260, 17, 17], filters: 10, pads: [1, 1, 1, 1] },
  'several blocks of tiles': { x: [2, 4, 30, 33], filters: 8, pads: [1, 1, 1, 1] },
  'three groups': { x: [1, 12, 8, 7], filters: 15, group: 3, pads: [1, 1, 1, 1] },
  'no bias': { x: [1, 8, 8, 8], filters: 8, bias: false },
};

const caseOf = ({ filters, ...config }: (typeof shapes)[string], taps: number): ConvCase => ({
  ...config,
  w: [filters, (config.x[1] ?? 0) / (config.group ?? 1), taps, taps],
});

const toleranceOf = (name: string, { w }: ConvCase): number => (FACTOR[name] ?? 0) * sumTolerance((w[1] ?? 0) * (w[2] ?? 0) * (w[3] ?? 0));

/** @param within a network: behind a ReLU, not at its input */
const kernelsOf = (config: ConvCase, form: (typeof winogradForms)[number] | false | true, within = false): string[] => {
  const arrays = convArrays(config);
  const { inputs, attributes } = convNode(config, arrays);
  const names = arrays.b ? ['x', 'w', 'b'] : ['x', 'w'];
  const constants = Object.fromEntries(names.slice(1).map((name, i) => [name, inputs[i + 1] as NdArray]));
  const conv = (x: string) => ({ op: 'Conv', inputs: [x, ...names.slice(1)], attributes });
  const nodes = within ? [{ op: 'Relu', inputs: ['x'], outputs: ['r'] }, conv('r')] : [conv('x')];
  const kernels = withoutLayout(opsOf(graphOf({ inputs: { x: config.x }, constants, nodes }), { x: arrays.x }, { winograd: form }));
  return within ? kernels.slice(1) : kernels;
};

eachVariant((variant) => {
  describe.each(named)('%s', (name, form) => {
    test.each(Object.entries(shapes))('%s', (_, shape) => {
      const config = caseOf(shape, form.taps);
      const arrays = convArrays(config);
      expect(kernelsOf(config, form)).toEqual(['f32_winograd']);
      const actual = runNode({ ...convNode(config, arrays), variant, winograd: form });
      expectClose(actual, convReference(config, arrays), toleranceOf(name, config));
    });

    test.each([1, 3, 4, 5, 7, 8, 17])('%i filters', (filters) => {
      const config = caseOf({ x: [1, 4, 7, 6], filters, pads: [1, 1, 1, 1] }, form.taps);
      const arrays = convArrays(config);
      expectClose(
        runNode({ ...convNode(config, arrays), variant, winograd: form }),
        convReference(config, arrays),
        toleranceOf(name, config),
      );
    });

    test('residual and Relu fused', () => {
      const config = caseOf({ x: [2, 8, 9, 7], filters: 11, pads: [1, 1, 1, 1] }, form.taps);
      const arrays = convArrays(config);
      const product = convReference(config, arrays);
      const r = random(product.dims, 4);
      const { inputs, attributes } = convNode(config, arrays);
      const graph = graphOf({
        inputs: { x: config.x, r: r.dims },
        constants: { w: inputs[1] as NdArray, b: inputs[2] as NdArray },
        nodes: [
          { op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['c'], attributes },
          { op: 'Add', inputs: ['c', 'r'], outputs: ['a'] },
          { op: 'Relu', inputs: ['a'] },
        ],
      });
      const feeds = { x: arrays.x, r };
      expect(withoutLayout(opsOf(graph, feeds, { winograd: form }))).toEqual(['f32_winograd']);
      const actual = runGraph(graph, feeds, { variant, winograd: form })[0] as NdArray;
      expectClose(actual, relu(add(product, r)), toleranceOf(name, config));
    });

    test('a residual that lies in a concatenation', () => {
      const config = caseOf({ x: [2, 8, 9, 7], filters: 11, pads: [1, 1, 1, 1] }, form.taps);
      const arrays = convArrays(config);
      const product = convReference(config, arrays);
      const [r, other] = [random(product.dims, 4), random(product.dims, 5)];
      const { inputs, attributes } = convNode(config, arrays);
      const same = (from: string, to: string) => ({ op: 'MaxPool', inputs: [from], outputs: [to], attributes: { kernel_shape: [1, 1] } });
      const graph = graphOf({
        inputs: { x: config.x, r: r.dims, other: other.dims },
        constants: { w: inputs[1] as NdArray, b: inputs[2] as NdArray },
        nodes: [
          same('r', 'p'),
          same('other', 'q'),
          { op: 'Concat', inputs: ['q', 'p'], outputs: ['both'], attributes: { axis: 1 } },
          { op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['c'], attributes },
          { op: 'Add', inputs: ['c', 'p'], outputs: ['a'] },
        ],
        outputs: ['a', 'both'],
      });
      const feeds = { x: arrays.x, r, other };
      expect(opsOf(graph, feeds, { winograd: form })).not.toContain('copy');
      const actual = runGraph(graph, feeds, { variant, winograd: form })[0] as NdArray;
      expectClose(actual, add(product, r), toleranceOf(name, config));
    });

    test('every picture of a batch gives the bits it gives alone', () => {
      const config = caseOf({ x: [3, 4, 7, 6], filters: 9, pads: [1, 1, 1, 1] }, form.taps);
      const arrays = convArrays(config);
      const together = runNode({ ...convNode(config, arrays), variant, winograd: form });
      for (let n = 0; n < 3; n++) {
        const x = array([1, 4, 7, 6], arrays.x.data.subarray(n * 168, (n + 1) * 168));
        const alone = runNode({ ...convNode(config, { ...arrays, x }), variant, winograd: form });
        expect(alone.data).toEqual(together.data.subarray((n * together.data.length) / 3, ((n + 1) * together.data.length) / 3));
      }
    });

    test('random configurations', () => {
      const small = (max: number, min = 1) => fc.integer({ min, max });
      const pair = (max: number, min = 1) => fc.tuple(small(max, min), small(max, min));
      const configs = fc.record({
        batch: small(3),
        group: small(3),
        quads: small(5),
        filters: small(20),
        size: pair(14),
        begin: pair(3, 0),
        end: pair(3, 0),
      });
      fc.assert(
        fc.property(configs, ({ batch, group, quads, filters, size, begin, end }) => {
          fc.pre(size.every((n, i) => n + (begin[i] ?? 0) + (end[i] ?? 0) >= form.taps));
          const config = caseOf(
            { x: [batch, group * quads * 4, ...size], filters: group * filters, group, pads: [...begin, ...end] },
            form.taps,
          );
          const arrays = convArrays(config);
          const actual = runNode({ ...convNode(config, arrays), variant, winograd: form });
          expectClose(actual, convReference(config, arrays), toleranceOf(name, config));
        }),
        { seed: 2, numRuns: 60 },
      );
    });
  });
});

const square = (channels: number, size: number, filters: number, taps: number, more = {}): ConvCase => ({
  x: [1, channels, size, size],
  w: [filters, channels, taps, taps],
  ...more,
});

test('which algorithm runs: large pictures and many filters by Winograd, the rest as it is', () => {
  const chosen = (config: ConvCase, form: true | false = true) => kernelsOf(config, form, true);
  expect(chosen(square(64, 20, 64, 3))).toEqual(['f32_winograd']);
  expect(chosen(square(64, 20, 64, 3), false)).toEqual(['f32_conv_igemm_4x8']);
  expect(chosen(square(32, 20, 32, 5))).toEqual(['f32_winograd']);
  // Channels that are no whole vectors, strides, dilation and other kernels have no form; one tile does not pay.
  expect(chosen(square(63, 20, 64, 3))).toEqual(['f32_conv_igemm_4x8']);
  expect(chosen(square(64, 20, 64, 3, { strides: [2, 2] }))).toEqual(['f32_conv_igemm_4x8']);
  expect(chosen(square(64, 20, 64, 3, { dilations: [2, 2] }))).toEqual(['f32_conv_igemm_4x8']);
  expect(chosen(square(64, 20, 64, 1))).toEqual(['f32_conv_igemm_4x8']);
  expect(chosen(square(64, 4, 64, 3))).toEqual(['f32_conv_igemm_4x8']);
});

test('what the caller gives may hold a number that dwarfs the others: tiles of six points, which would blur them, are left out', () => {
  const config = square(16, 32, 16, 3, { pads: [1, 1, 1, 1] });
  expect(kernelsOf(square(32, 20, 32, 5), true)).toEqual(['f32_conv_igemm_4x8']);
  const arrays = convArrays(config);
  arrays.x.data[5 * 1024 + 15 * 32 + 15] = 1e5;
  const [reference, direct] = [convReference(config, arrays), runNode({ ...convNode(config, arrays), winograd: false })];
  const farError = ({ data }: { data: ArrayLike<number> }) => {
    const seen = (at: number) => Math.abs(((at >> 5) % 32) - 15) <= 1 && Math.abs((at % 32) - 15) <= 1;
    return Array.from(data, (value, at) => (seen(at) ? 0 : Math.abs(value - (reference.data[at] ?? 0)))).reduce((a, b) => Math.max(a, b));
  };
  const [f43, f23] = winogradForms;
  const errors = [true, f43, f23].map((winograd) => farError(runNode({ ...convNode(config, arrays), winograd })));
  expect(farError(direct)).toBeLessThan(1e-5);
  expect(errors[0]).toBe(errors[2]);
  // With four points a number reaches only outputs that see it.
  expect(errors[2]).toBeLessThan(1e-5);
  expect(errors[1]).toBeGreaterThan(2e-3);
});

/** Convolutions behind a ReLU, of one picture and of several. */
function batched(size: number, batch: number, taps: number) {
  const config = { ...square(64, size, 64, taps, { pads: new Array(4).fill(taps >> 1) }), x: [batch, 64, size, size] };
  const { w, b } = convArrays(config);
  const nodes = [
    { op: 'Relu', inputs: ['x'], outputs: ['r'] },
    { op: 'Conv', inputs: ['r', 'w', 'b'], outputs: ['y'], attributes: convNode(config, { x: w, w, b: b as NdArray }).attributes },
  ];
  return graphOf({ inputs: { x: config.x }, constants: { w, b: b as NdArray }, nodes });
}

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])('%i×%i: a picture has the same bits in any batch', (size) => {
  for (const taps of [1, 3, 5]) {
    const x = random([1, 64, size, size], 5);
    const alone = runGraph(batched(size, 1, taps), { x });
    for (const batch of [2, 3, 4, 7, 8, 32]) {
      const dims = [batch, 64, size, size];
      // A single pixel is a vector, which the kernel for vectors sums in the same order.
      const kernels = (feed: { dims: readonly number[] }) =>
        opsOf(batched(size, feed.dims[0] as number, taps), { x: feed }).map((kernel) =>
          kernel.replace('f32_gemv_1x16', 'f32_conv_igemm_4x8'),
        );
      expect(kernels({ dims })).toEqual(kernels(x));
      if (batch * size > 60) continue;
      const many = array(
        dims,
        Float64Array.from({ length: batch * x.data.length }, (_, i) => x.data[i % x.data.length] as number),
      );
      const together = runGraph(batched(size, batch, taps), { x: many });
      const length = alone[0]?.data.length ?? 0;
      for (let n = 0; n < batch; n++) expect(together[0]?.data.subarray(n * length, (n + 1) * length)).toEqual(alone[0]?.data);
    }
  }
});

test('weights that are fed are not transformed', () => {
  const config: ConvCase = { x: [1, 4, 9, 9], w: [8, 4, 3, 3] };
  const arrays = convArrays(config);
  const [form] = winogradForms;
  const fed = runNode({ ...convNode(config, arrays), constants: [], winograd: form });
  expect(fed.data).toEqual(runNode({ ...convNode(config, arrays), winograd: false }).data);
});
